/** How many terminal columns a text takes: node names may be Chinese, and agents send emoji. */

/** Made when it is needed: with it come 6 MB of Node's Unicode tables, and the daemon shows nothing. */
let segmenter: Intl.Segmenter | undefined
/** East Asian Wide and Fullwidth (Unicode annex 11) as far as scripts tell, and emoji. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\ufe0f/u
/** What SGR colours add to a text without taking room. */
// oxlint-disable-next-line no-control-regex -- escape sequences are what it looks for
const COLOURS = /\u001b\[[0-9;]*m/g
// oxlint-disable-next-line no-control-regex -- tells plain ASCII, whose width is its length
const ASCII = /^[\x20-\x7e]*$/
/** Controls, and the marks that turn the direction of text: either could forge what a user reads. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g

export function displayWidth(text: string): number {
  const plain = text.replaceAll(COLOURS, '')
  if (ASCII.test(plain)) return plain.length
  let width = 0
  for (const { segment } of segments(plain)) width += WIDE.test(segment) ? 2 : 1
  return width
}

/** `text` in at most `width` columns, with `…` where it was cut. Only for texts without colours. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const { segment } of segments(text)) {
    used += displayWidth(segment)
    if (used > width - 1) break
    kept += segment
  }
  return `${kept}…`
}

function segments(text: string): Intl.Segments {
  return (segmenter ??= new Intl.Segmenter()).segment(text)
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text
}

/**
 * Text of a peer, made harmless for a terminal: escape sequences could retitle the window, write
 * the clipboard or hide lines. Newlines and tabs stay.
 */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(UNSAFE, '�')
}

/** The same for text that must stay on one line. */
export function oneLine(text: string): string {
  return printable(text).replaceAll(/\s+/g, ' ').trim()
}
