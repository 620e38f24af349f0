/** What others call themselves, in a form that every terminal draws in the same width, and that tells no lies. */
import { cut, oneLine } from '../width.ts'

// oxlint-disable-next-line no-control-regex -- tells plain ASCII, the common and quick case
const ASCII = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/
/** What is not seen but changes what is drawn beside it, or how wide: joiners, variants, marks of direction, tags. */
const UNSEEN =
  /[\p{Default_Ignorable_Code_Point}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}]/gu
/** Terminals know these as one picture, as two, or not at all: the first character of each is one everywhere. */
const JOINED = /\p{Emoji_Modifier}|\u200d\p{Extended_Pictographic}/gu
const LONE_FLAG_LETTER = /\p{Regional_Indicator}(\p{Regional_Indicator})?/gu
/** Two are an accented letter of any language; dozens are drawn over the lines above and below. */
const PILED_MARKS =
  /([\p{Nonspacing_Mark}\p{Enclosing_Mark}]{2})[\p{Nonspacing_Mark}\p{Enclosing_Mark}]+/gu
const LEADING_MARKS = /^[\p{Mark}]+/u
/** A cell shows less; what is behind it need not be looked at. */
const LONGEST = 2000

/** `text` of a stranger on one line of at most `width` columns. */
export function tame(text: string, width: number): string {
  if (width <= 0) return ''
  if (text.length <= width && ASCII.test(text)) return text
  const line = oneLine(text.slice(0, Math.min(LONGEST, width * 8 + 64)).toWellFormed())
  return cut(ASCII.test(line) ? line : steady(line), width)
}

function steady(line: string): string {
  return line
    .normalize('NFC')
    .replaceAll(JOINED, '')
    .replaceAll(UNSEEN, '')
    .replaceAll(LONE_FLAG_LETTER, (flag, second?: string) => (second === undefined ? '�' : flag))
    .replace(LEADING_MARKS, '')
    .replaceAll(PILED_MARKS, '$1')
}
