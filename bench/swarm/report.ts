/** Figures and promises of a run, for people. */
import type { Book, Promised } from './stage.ts'

export interface Facts {
  readonly nodes: number
  readonly processes: number
  readonly seed: number
  readonly load: number
}

function rowOf({ what, value, unit, limit, kept }: Promised): string[] {
  const sign = unit === '%' ? '' : '≤ '
  return [what, `${value} ${unit}`, `${sign}${limit} ${unit}`, kept ? 'kept' : 'BROKEN']
}

const HEAD = ['what', 'measured', 'promised', '']

export function markdownOf(facts: Facts, book: Book): string[] {
  const rows = [HEAD, HEAD.map(() => '---'), ...book.promises.map(rowOf)]
  const lines = rows.map((cells) => `| ${cells.join(' | ')} |`)
  return [headOf(facts), '', ...lines, '', ...figureLines(book)]
}

export function tableOf(facts: Facts, book: Book): string[] {
  const rows = [HEAD, ...book.promises.map(rowOf)]
  const widths = HEAD.map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0)))
  const lines = rows.map((cells) =>
    cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')
  )
  return [headOf(facts), '', ...lines, '', ...figureLines(book)]
}

function headOf({ nodes, processes, seed, load }: Facts): string {
  return `${nodes} nodes in ${processes} processes, seed ${seed}, load ${load.toFixed(1)}`
}

/** All else that was measured, a line a figure. */
function figureLines({ figures }: Book): string[] {
  return Object.entries(figures).flatMap(([phase, of]) =>
    Object.entries(of).map(([name, value]) => `- ${phase}, ${name}: ${brief(value)}`)
  )
}

function brief(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[{}"]/g, '').replaceAll(':', ' ').replaceAll(',', ', ')
}
