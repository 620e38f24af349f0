/**
 * Finds the sentences that say most of a text: TextRank (R. Mihalcea, P. Tarau: "TextRank: Bringing
 * Order into Texts", EMNLP 2004), the PageRank of the graph in which sentences vote for those like them.
 */
import type { Sentence } from './sentences.ts'

/** Damping factor of PageRank, as in the paper. */
const DAMPING = 0.85
/** The ranks of a few hundred sentences settle to three digits well before that. */
const ROUNDS = 30
/** Texts say early what they are about: their first sentence counts so much more than the last. */
const LEAD_BONUS = 2
/** Sentences after which that bonus has fallen to a third. */
const LEAD_LENGTH = 4
/** Two sentences this alike say the same (Jaccard); the second is left out. */
const REDUNDANT = 0.45
/** Sentences compared before others get a turn: well below a millisecond's work each. */
const ROWS_PER_TURN = 20

/**
 * Indexes of the `count` best of `sentences`, in the order of the text. `pause` is awaited every few
 * milliseconds of work, so that ranking never holds up a node.
 */
export async function bestSentences(
  sentences: readonly Sentence[],
  count: number,
  pause: () => Promise<void>
): Promise<number[]> {
  const weights = await similarities(sentences, pause)
  const ranks = await pageRank(weights, pause)
  const scores = ranks.map((rank, index) => rank * lead(index))
  const order = scores.map((_, index) => index).toSorted((a, b) => at(scores, b) - at(scores, a))
  const chosen: number[] = []
  for (const index of order) {
    if (chosen.length >= count) break
    if (chosen.every((other) => !alike(sentences[index], sentences[other]))) chosen.push(index)
  }
  return chosen.toSorted((a, b) => a - b)
}

/** Shared words over the logarithms of the lengths: formula of section 4.1 of the paper. */
async function similarities(
  sentences: readonly Sentence[],
  pause: () => Promise<void>
): Promise<Float64Array[]> {
  const rows = sentences.map(() => new Float64Array(sentences.length))
  for (const [index, { words }] of sentences.entries()) {
    if (index % ROWS_PER_TURN === 0) await pause()
    for (let other = 0; other < index; other += 1) {
      const others = sentences[other]?.words ?? new Set<string>()
      const shared = overlap(words, others)
      const weight =
        shared === 0 ? 0 : shared / (Math.log(words.size + 1) + Math.log(others.size + 1))
      rows[index]?.fill(weight, other, other + 1)
      rows[other]?.fill(weight, index, index + 1)
    }
  }
  return rows
}

async function pageRank(
  weights: readonly Float64Array[],
  pause: () => Promise<void>
): Promise<number[]> {
  const size = weights.length
  const outgoing = weights.map((row) => row.reduce((sum, weight) => sum + weight, 0))
  let ranks: number[] = Array.from({ length: size }, () => 1)
  for (let round = 0; round < ROUNDS; round += 1) {
    await pause()
    const shares = ranks.map((rank, index) =>
      at(outgoing, index) > 0 ? rank / at(outgoing, index) : 0
    )
    ranks = weights.map((row) => {
      let votes = 0
      for (let other = 0; other < size; other += 1) votes += at(row, other) * at(shares, other)
      return 1 - DAMPING + DAMPING * votes
    })
  }
  return ranks
}

/** Falls from 1 + {@link LEAD_BONUS} at the first sentence towards 1. */
function lead(index: number): number {
  return 1 + LEAD_BONUS * Math.exp(-index / LEAD_LENGTH)
}

function alike(a: Sentence | undefined, b: Sentence | undefined): boolean {
  if (a === undefined || b === undefined) return false
  const shared = overlap(a.words, b.words)
  return shared / (a.words.size + b.words.size - shared) > REDUNDANT
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a]
  let shared = 0
  for (const word of small) if (large.has(word)) shared += 1
  return shared
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? 0
}
