/** Cuts prose into sentences and sentences into the words that say what they are about. */
import type { Block } from './blocks.ts'

export interface Sentence {
  readonly text: string
  /** Lower-case words that carry meaning, each once. */
  readonly words: ReadonlySet<string>
  /** Place of its paragraph among the paragraphs, from 0. */
  readonly paragraph: number
}

/** A "sentence" with fewer words is a label, with more it is not prose. */
const MIN_WORDS = 4
const MAX_WORDS = 80

/** Function words of English and German; of other languages only short words are left out. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    'a an and any are as at be been but by can do does each for from has have how if in into is it its ' +
    'may more most no not of on one or other our out so some such than that the their them then there ' +
    'these they this those to was we were what when where which while who will with would you your ' +
    'aber als am an auch auf aus bei bin bis das dass dem den der des die durch ein eine einem einen einer ' +
    'er es für hat ich ihr im in ist ja kann man mit nach nicht noch nur ob oder sich sie sind so und uns ' +
    'vom von vor war was wenn wie wir zu zum zur'
  ).split(' ')
)

const CJK = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}]/u
/** Abbreviations after which the segmenter would end a sentence. */
const OPEN_END = /(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|bzw|z\.B|d\.h)\.|\b\p{Lu}\.)$/u

/** Sentences of the running text; headings and list items are too short to stand alone. */
export function* sentencesOf(blocks: Iterable<Block>): Generator<Sentence> {
  let paragraph = 0
  for (const { kind, text } of blocks) {
    if (kind === 'heading') continue
    for (const sentence of split(text)) {
      const words = contentWords(sentence)
      const length = CJK.test(sentence) ? sentence.length / 2 : sentence.split(' ').length
      // A list item is a fragment unless it ends as a sentence does.
      const isWhole = kind === 'paragraph' || /[.!?。！？]["'”’)]?$/.test(sentence)
      if (isWhole && length >= MIN_WORDS && length <= MAX_WORDS && words.size > 1) {
        yield { text: sentence, words, paragraph }
      }
    }
    paragraph += 1
  }
}

function* split(text: string): Generator<string> {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'sentence' })
  let open = ''
  for (const { segment } of segmenter.segment(text)) {
    open += segment
    if (OPEN_END.test(open.trimEnd())) continue
    // A colon announces what follows, mostly code or a list that is not here.
    if (!open.trimEnd().endsWith(':')) yield open.trim()
    open = ''
  }
  if (open.trim() !== '' && !open.trimEnd().endsWith(':')) yield open.trim()
}

function contentWords(sentence: string): ReadonlySet<string> {
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' })
  const words = new Set<string>()
  for (const { segment, isWordLike } of segmenter.segment(sentence)) {
    if (isWordLike !== true) continue
    const word = stem(segment.toLowerCase())
    const isShort = word.length < 3 && !CJK.test(word)
    if (!isShort && !STOP_WORDS.has(word)) words.add(word)
  }
  return words
}

/** Only the commonest endings: two forms of a word should meet, two words should not. */
function stem(word: string): string {
  return word.length > 4 ? word.replace(/(?:'s|ies|es|s)$/, '') : word
}
