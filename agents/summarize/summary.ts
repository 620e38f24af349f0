/** Picks the sentences that together tell best what a document says, in the document's order. */
import { LIMITS } from '../../core/limits.ts'
import { type Block, createBlockReader, linesOf } from './blocks.ts'
import { createSentenceReader, type Sentence, type SentenceReader } from './sentences.ts'
import { type Breathe, rankSentences, type Ranking } from './text-rank.ts'

const MIN_WORDS = 4
const MAX_QUOTED = 500
/** Enough of a document to tell its writing system. */
const SAMPLE_LENGTH = 4096
/** Above this share of common words, the second sentence adds nothing. */
const SAME = 0.6
/** A third of what is ranked comes from the beginning, where authors say what they are about. */
const HEAD_SHARE = 1 / 3

/** Words that point back at a sentence which may not have been picked (English only). */
const DANGLING =
  /^(?:this|that|these|those|it|its|they|he|she|but|and|so|then|also|however|therefore|hence|thus|otherwise|instead|both|each|such|here|there)\b/i
/** Directions to the reader: about the document, not what it says (English only). */
const DIRECTION =
  /^(?:see|read|note|click|run|for example|for more|for details|please|then|add|copy|next|now|finally|from then on|after that)\b|https?:\/\//i
const FINISHED = /[.!?。！？…．｡।۔؟][\p{Pe}\p{Pf}"'”’]*$/u

/** How far the first sentences are lifted above what the graph says, and how fast that fades. */
const LEAD_BONUS = 1
const LEAD_FADE = 3

export interface Summary {
  /** With `block`, so that neighbours can be shown as one paragraph. */
  readonly sentences: readonly Sentence[]
  /** Sentences in the document, mere labels left out. */
  readonly total: number
}

/** @param wanted number of sentences; by default a quarter of the document's, from 2 to 5 */
export async function summarizeText(
  document: string,
  wanted: number | undefined,
  breathe: Breathe
): Promise<Summary> {
  const reader = createSentenceReader(document.slice(0, SAMPLE_LENGTH))
  const { title, quotable, others } = await readDocument(document, reader, breathe)
  const candidates = sample(quotable.length > 0 ? quotable : others).map((sentence) => ({
    ...sentence,
    words: reader.words(sentence.text)
  }))
  const count = wanted ?? Math.min(Math.max(Math.ceil(candidates.length / 4), 2), 5)
  const ranking = await rankSentences(
    candidates.map(({ words }) => words),
    breathe
  )
  const scores = candidates.map((sentence, index) => {
    const lead = 1 + LEAD_BONUS * Math.exp(-index / LEAD_FADE)
    return (ranking.scores[index] ?? 0) * lead * styleOf(sentence) * titleBonus(sentence, title)
  })
  const picked = pick(scores, ranking, count)
  return {
    sentences: candidates.filter((_, index) => picked.has(index)),
    total: quotable.length + others.length
  }
}

interface Candidate extends Sentence {
  readonly words: readonly string[]
}

interface Document {
  /** Words of its first heading. */
  readonly title: ReadonlySet<string>
  readonly quotable: readonly Sentence[]
  /** Those that are quoted only where nothing better is. */
  readonly others: readonly Sentence[]
}

async function readDocument(
  document: string,
  reader: SentenceReader,
  breathe: Breathe
): Promise<Document> {
  const blockReader = createBlockReader(document)
  const quotable: Sentence[] = []
  const others: Sentence[] = []
  let title: ReadonlySet<string> | undefined
  let number = 0

  function take(block: Block): void {
    if (block.kind === 'heading') title ??= new Set(reader.words(block.text))
    for (const sentence of reader.sentences(block, number++)) {
      if (reader.words(sentence.text).length < MIN_WORDS) continue
      if (isQuotable(sentence)) quotable.push(sentence)
      else others.push(clip(sentence))
    }
  }

  for (const line of linesOf(document)) {
    for (const block of blockReader.add(line)) take(block)
    await breathe()
  }
  for (const block of blockReader.end()) take(block)
  return { title: title ?? new Set(), quotable, others }
}

/** A sentence that stands for itself: not the lead-in of a list, not a row of names or signs. */
function isQuotable({ text, kind }: Sentence): boolean {
  if (text.length > MAX_QUOTED || /[:：]$/.test(text)) return false
  if (kind === 'item' && !FINISHED.test(text)) return false
  const letters = text.match(/[\p{L}\p{M}\s]/gu)?.length ?? 0
  return letters / text.length > 0.7
}

function clip(sentence: Sentence): Sentence {
  if (sentence.text.length <= MAX_QUOTED) return sentence
  return { ...sentence, text: `${sentence.text.slice(0, MAX_QUOTED).toWellFormed()}…` }
}

/** All sentences of a short document; of a long one its beginning and an even sample of the rest. */
function sample(sentences: readonly Sentence[]): readonly Sentence[] {
  const limit = LIMITS.summarySentences.value
  if (sentences.length <= limit) return sentences
  const head = Math.floor(limit * HEAD_SHARE)
  const step = (sentences.length - head) / (limit - head)
  const rest = Array.from({ length: limit - head }, (_, index) => head + Math.floor(index * step))
  return [...sentences.slice(0, head), ...rest.flatMap((index) => sentences[index] ?? [])]
}

function styleOf({ text, words, kind, opensBlock }: Candidate): number {
  let style = kind === 'item' ? 0.6 : 1
  if (!opensBlock && DANGLING.test(text)) style *= 0.6
  if (DIRECTION.test(text)) style *= 0.4
  if (!FINISHED.test(text)) style *= 0.5
  if (words.length > 40) style *= 40 / words.length
  return words.length < 8 ? style * 0.8 : style
}

function titleBonus({ words }: Candidate, title: ReadonlySet<string>): number {
  return words.some((word) => title.has(word)) ? 1.2 : 1
}

/** The best first; what says the same as a better one is passed over while there is anything else. */
function pick(scores: readonly number[], ranking: Ranking, count: number): ReadonlySet<number> {
  const order = [...scores.keys()].toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b)
  const picked = new Set<number>()
  for (const index of order) {
    if (picked.size === count) break
    const repeats = [...picked].some((other) => ranking.similarity(index, other) > SAME)
    if (!repeats) picked.add(index)
  }
  return picked
}
