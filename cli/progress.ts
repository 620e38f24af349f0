/** One live line on stderr while something takes its time; nothing at all where nobody looks. */
import type { Cli } from './cli.ts'
import { cut } from './width.ts'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 80
const CLEAR_LINE = '\r\u001b[2K'

export interface Progress {
  /** Shows `text`, with the time since the first call. */
  show(text: string): void
  /** Leaves an empty line, so that something else can be printed. */
  clear(): void
}

export function createProgress(cli: Cli): Progress {
  const { clock, flags, terminal } = cli
  const sink = terminal.err
  const visible = sink.isTerminal && !flags.quiet && !flags.json && cli.host.env['TERM'] !== 'dumb'
  if (!visible) return { show() {}, clear() {} }
  const style = cli.err()
  const begun = clock.monotonic()
  let text: string | undefined
  let frame = 0
  let drawn = false
  let cancel: (() => void) | undefined

  function draw(): void {
    if (text === undefined) return
    const seconds = `${((clock.monotonic() - begun) / 1000).toFixed(1)} s`
    const room = sink.columns() - seconds.length - 6
    const spinner = style.accent(FRAMES[frame % FRAMES.length] ?? '')
    sink.write(`${CLEAR_LINE}${spinner} ${cut(text, room)}  ${style.faint(seconds)}`)
    frame += 1
    drawn = true
    cancel = clock.after(FRAME_MS, draw)
  }

  return {
    show(next) {
      // What is over within a frame is not worth a flicker.
      if (text === undefined) cancel = clock.after(FRAME_MS, draw)
      text = next
    },
    clear() {
      cancel?.()
      if (drawn) sink.write(CLEAR_LINE)
      drawn = false
      text = undefined
    }
  }
}
