/** The few meanings that colours have here; without colours every text must still say all. */
import { styleText } from 'node:util'
import type { Environment } from '../core/paths.ts'

export interface Style {
  readonly strong: (text: string) => string
  readonly faint: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly doubtful: (text: string) => string
  /** Names, and what the user may type. */
  readonly accent: (text: string) => string
  /** What a cursor is on. */
  readonly chosen: (text: string) => string
}

type Format = Parameters<typeof styleText>[0]

export function createStyle(colours: boolean): Style {
  const paint = (format: Format) => (text: string) =>
    colours && text !== '' ? styleText(format, text, { validateStream: false }) : text
  return {
    strong: paint('bold'),
    faint: paint('dim'),
    good: paint('green'),
    bad: paint('red'),
    doubtful: paint('yellow'),
    accent: paint('cyan'),
    chosen: paint('inverse')
  }
}

/** NO_COLOR (no-color.org) and FORCE_COLOR (force-color.org) before what the terminal can do. */
export function wantsColours(env: Environment, isTerminal: boolean): boolean {
  if (env['NO_COLOR']) return false
  const forced = env['FORCE_COLOR'] ?? env['CLICOLOR_FORCE']
  if (forced !== undefined) return !['0', 'false'].includes(forced)
  return isTerminal && env['TERM'] !== 'dumb'
}
