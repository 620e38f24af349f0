/** Lines at the foot of a terminal that change in place: no flicker, and what was above them stays. */
import type { Sink } from './terminal.ts'

/** The terminal shows a frame when it is whole (DEC mode 2026; others ignore it), and cuts long lines. */
const BEGIN = '\u001b[?2026h\u001b[?7l'
const END = '\u001b[?7h\u001b[?2026l'
const CLEAR_REST_OF_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'

export interface LiveBlock {
  /** In place of what was shown before; what does not fit the screen is left out at the end, and counted. */
  show(lines: readonly string[]): void
}

export function createLiveBlock(sink: Pick<Sink, 'rows' | 'write'>): LiveBlock {
  let shown = 0
  return {
    show(lines) {
      const frame = fitting(lines, sink.rows() - 1)
      const back = shown === 0 ? '' : `\u001b[${shown}A`
      const text = frame.map((line) => `${line}${CLEAR_REST_OF_LINE}\n`).join('')
      sink.write(`${BEGIN}${back}\r${text}${CLEAR_BELOW}${END}`)
      shown = frame.length
    }
  }
}

/** The last line stays: it says how things are. */
function fitting(lines: readonly string[], room: number): readonly string[] {
  const last = lines.at(-1)
  if (lines.length <= room || last === undefined) return lines
  const kept = Math.max(0, room - 2)
  return [...lines.slice(0, kept), `… ${lines.length - 1 - kept} more`, last]
}
