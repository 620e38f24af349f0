/** How many terminal columns a text takes: node names may be Chinese, and agents send emoji. */

/** Made when it is needed: with it come 6 MB of Node's Unicode tables, and the daemon shows nothing. */
let segmenter: Intl.Segmenter | undefined
/** East Asian Wide and Fullwidth of Unicode 17 (annex 11), in as few ranges as tell them apart, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2630-\u2637\u268a-\u268f\u2e80-\u303e\u3041-\u3247\u3250-\ua4c6\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{191f2}\u{1aff0}-\u{1b2fb}\u{1d300}-\u{1d376}\u{1f200}-\u{1f265}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
/** What takes no column of its own: it is drawn over the character before, or not at all. */
const NO_WIDTH =
  /[\p{Nonspacing_Mark}\p{Enclosing_Mark}\p{Format}\p{Default_Ignorable_Code_Point}\u1160-\u11ff\ud7b0-\ud7fb]/u
/** What is one picture, of however many characters: a flag, a keycap, a family. */
const PICTURE =
  /^\p{Regional_Indicator}|^\p{Emoji}\ufe0f|^\p{Emoji_Presentation}|\p{Extended_Pictographic}.*\u200d/u
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
  for (const { segment } of segments(plain)) width += clusterWidth(segment)
  return width
}

/** Of what a reader takes for one character. */
function clusterWidth(cluster: string): number {
  if (PICTURE.test(cluster)) return 2
  let width = 0
  for (const character of cluster) {
    if (!NO_WIDTH.test(character)) width += WIDE.test(character) ? 2 : 1
  }
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
