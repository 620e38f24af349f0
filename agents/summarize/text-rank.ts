/**
 * Ranks sentences by how much the others have in common with them: TextRank (R. Mihalcea and
 * P. Tarau, "TextRank: Bringing Order into Texts", EMNLP 2004), with BM25 in place of the paper's
 * word overlap (F. Barrios et al., "Variations of the Similarity Function of TextRank for Automated
 * Summarization", 2016), which needs no list of stop words and so works in every language.
 */

/** Lets other work of the node have its turn when this has taken long enough. */
export type Breathe = () => Promise<void> | undefined

/** BM25's usual constants (Robertson and Zaragoza 2009). */
const K1 = 1.2
const B = 0.75
/** The paper's damping factor and threshold; 50 rounds reach it in practice. */
const DAMPING = 0.85
const THRESHOLD = 1e-4
const MAX_ROUNDS = 50

export interface Ranking {
  /** 0 to 1, the best sentence has 1. */
  readonly scores: readonly number[]
  /** How much two sentences say the same, 0 to 1. */
  similarity(a: number, b: number): number
}

export async function rankSentences(
  sentences: readonly (readonly string[])[],
  breathe: Breathe
): Promise<Ranking> {
  const weights = await similarities(sentences, breathe)
  const scores = await pageRank(weights, sentences.length, breathe)
  const best = Math.max(...scores, Number.MIN_VALUE)
  const sets = sentences.map((words) => new Set(words))
  return {
    scores: Array.from(scores, (score) => score / best),
    similarity: (a, b) => overlap(sets[a] ?? new Set(), sets[b] ?? new Set())
  }
}

/** Of the shorter sentence's words, the share that the other has too. */
function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shorter = Math.min(a.size, b.size)
  if (shorter === 0) return 0
  let shared = 0
  for (const word of a) if (b.has(word)) shared++
  return shared / shorter
}

/** The graph: row by row, the weight of the edge between two sentences. */
async function similarities(
  sentences: readonly (readonly string[])[],
  breathe: Breathe
): Promise<Float64Array> {
  const count = sentences.length
  const postings = indexWords(sentences)
  const meanLength =
    sentences.reduce((total, words) => total + words.length, 0) / Math.max(count, 1)
  const graph = new Float64Array(count * count)
  for (const [row, words] of sentences.entries()) {
    for (const word of new Set(words)) {
      const found = postings.get(word) ?? new Map<number, number>()
      const rarity = Math.log(1 + (count - found.size + 0.5) / (found.size + 0.5))
      for (const [column, times] of found) {
        if (column === row) continue
        const length = (sentences[column]?.length ?? 0) / meanLength
        const weight = (rarity * times * (K1 + 1)) / (times + K1 * (1 - B + B * length))
        // The graph is undirected, as the paper's: either sentence recommends the other.
        add(graph, row * count + column, weight)
        add(graph, column * count + row, weight)
      }
    }
    await breathe()
  }
  return graph
}

/** For each word, how often each sentence has it. */
function indexWords(
  sentences: readonly (readonly string[])[]
): ReadonlyMap<string, ReadonlyMap<number, number>> {
  const postings = new Map<string, Map<number, number>>()
  for (const [index, words] of sentences.entries()) {
    for (const word of words) {
      const found = postings.get(word) ?? new Map<number, number>()
      found.set(index, (found.get(index) ?? 0) + 1)
      postings.set(word, found)
    }
  }
  return postings
}

async function pageRank(
  graph: Float64Array,
  count: number,
  breathe: Breathe
): Promise<Float64Array> {
  const sums = Float64Array.from({ length: count }, (_, row) => sumOf(graph, row * count, count))
  let scores = new Float64Array(count).fill(1 / count)
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = new Float64Array(count).fill((1 - DAMPING) / count)
    for (let row = 0; row < count; row++) {
      const given = (DAMPING * (scores[row] ?? 0)) / (sums[row] || 1)
      if (given === 0) continue
      for (let column = 0; column < count; column++) {
        add(next, column, given * (graph[row * count + column] ?? 0))
      }
    }
    const change = scores.reduce(
      (most, score, i) => Math.max(most, Math.abs(score - (next[i] ?? 0))),
      0
    )
    scores = next
    if (change < THRESHOLD / count) break
    await breathe()
  }
  return scores
}

function add(numbers: Float64Array, index: number, value: number): void {
  numbers[index] = (numbers[index] ?? 0) + value
}

function sumOf(numbers: Float64Array, from: number, count: number): number {
  let total = 0
  for (let index = from; index < from + count; index++) total += numbers[index] ?? 0
  return total
}
