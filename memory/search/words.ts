/** Cuts text into the words by which it is found. */

/** What is longer is a digest or an encoding, which nobody types and which would fill the index. */
const LONGEST_WORD = 64

/** Scripts that put no space between words. */
const UNSPACED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}]/u
const BETWEEN = /[^\p{L}\p{M}\p{N}]+/u
/** Of European scripts; in others marks tell words apart. */
const ACCENTS = /[\u0300-\u036f]/g

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'word' })

/** In the order of the text, with repetitions. */
export function wordsOf(text: string): string[] {
  return text.split(BETWEEN).flatMap((part) => (UNSPACED.test(part) ? segmentsOf(part) : [part]))
}

/** As it is compared: `Café` and `CAFE` are one word. `undefined`: not worth remembering. */
export function normalWord(word: string): string | undefined {
  if (word === '' || word.length > LONGEST_WORD) return undefined
  const normal = word.normalize('NFKD').replace(ACCENTS, '').normalize('NFKC').toLowerCase()
  return normal === '' ? undefined : normal
}

function segmentsOf(text: string): string[] {
  return Array.from(SEGMENTER.segment(text), ({ segment }) => segment)
}
