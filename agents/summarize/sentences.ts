/** Cuts prose into sentences and words, in whatever language it is written. */
import type { Block } from './blocks.ts'

export interface Sentence {
  readonly text: string
  readonly kind: 'paragraph' | 'item'
  /** Number of the block that it stands in; neighbours in one block read on. */
  readonly block: number
  readonly opensBlock: boolean
}

/** More words than any sentence worth quoting has. */
const MAX_WORDS = 100

/** Dots that end no sentence although Unicode's rules (UAX 29) take them for its end. */
const ABBREVIATION =
  /(?:^|[\s("“])(?:e\.g|i\.e|z\.\s?B|d\.\s?h|p\.\s?ex|vs|cf|approx|ca|bzw|Dr|Mr|Mrs|Ms|Prof|Sr|Jr|St|Fig|Eq|Sec|No|Nr|Vol|pp?|\p{Lu})\.\s*$/u

/** Scripts decide, as languages cannot be known from a few sentences. */
const LOCALES: readonly (readonly [string, RegExp])[] = [
  ['ja', /[\p{sc=Hira}\p{sc=Kana}]/u],
  ['zh', /\p{sc=Han}/u],
  ['ko', /\p{sc=Hangul}/u],
  ['th', /\p{sc=Thai}/u],
  ['el', /\p{sc=Greek}/u]
]

export interface SentenceReader {
  /** The sentences of one block; empty for headings. */
  sentences(block: Block, number: number): Sentence[]
  /** The words of `text` in lower case, at most {@link MAX_WORDS}. */
  words(text: string): readonly string[]
}

/** @param sample some of the text, from which the writing system is told */
export function createSentenceReader(sample: string): SentenceReader {
  const locale = LOCALES.find(([, script]) => script.test(sample))?.[0] ?? 'en'
  const sentenceSegmenter = new Intl.Segmenter(locale, { granularity: 'sentence' })
  const wordSegmenter = new Intl.Segmenter(locale, { granularity: 'word' })

  function words(text: string): readonly string[] {
    const found: string[] = []
    for (const { segment, isWordLike } of wordSegmenter.segment(text)) {
      if (isWordLike === true) found.push(segment.normalize('NFKC').toLowerCase())
      if (found.length === MAX_WORDS) break
    }
    return found
  }

  return {
    words,
    sentences({ kind, text }, block) {
      if (kind === 'heading') return []
      const segments = Array.from(sentenceSegmenter.segment(text), ({ segment }) => segment)
      return joinAbbreviations(segments).map((sentence, index) => ({
        text: sentence,
        kind,
        block,
        opensBlock: index === 0
      }))
    }
  }
}

function joinAbbreviations(segments: readonly string[]): readonly string[] {
  const joined: string[] = []
  let pending = ''
  for (const segment of segments) {
    pending += segment
    if (ABBREVIATION.test(pending.slice(-16))) continue
    joined.push(pending.trim())
    pending = ''
  }
  if (pending.trim() !== '') joined.push(pending.trim())
  return joined.filter((sentence) => sentence !== '')
}
