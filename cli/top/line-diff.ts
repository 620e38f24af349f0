/** What to send to a terminal that shows one frame, so that it shows the next: only lines that differ. */

/** The terminal shows a frame when it is whole (DEC mode 2026; others ignore it). */
const BEGIN = '\u001b[?2026h'
const END = '\u001b[?2026l'
const PLAIN = '\u001b[0m'
const CLEAR_SCREEN = '\u001b[2J'
const CLEAR_LINE = '\u001b[2K'

/** For a screen of unknown content, leave out `before`. Nothing to change is an empty text. */
export function frameUpdate(
  after: readonly string[],
  before: readonly string[] | undefined
): string {
  const changes = Array.from(
    { length: Math.max(after.length, before?.length ?? 0) },
    (_, index) => {
      const line = after[index] ?? ''
      if (before !== undefined && before[index] === line) return ''
      // Cleared first: behind a line of full width the cursor stands on its last character.
      const clear = before === undefined ? '' : CLEAR_LINE
      if (before === undefined && line === '') return ''
      return `\u001b[${index + 1};1H${clear}${line}${PLAIN}`
    }
  ).join('')
  if (before === undefined) return `${BEGIN}${PLAIN}${CLEAR_SCREEN}${changes}${END}`
  return changes === '' ? '' : `${BEGIN}${changes}${END}`
}
