/** What a run prints, of real nodes or simulated ones: its promises as rows, its other figures as lines. */
import { measuredText } from './figures.ts'
import type { Book, Promised } from './stage.ts'

export interface Facts {
  readonly nodes: number
  readonly processes: number
  readonly seed: number
  readonly load: number
}

function rowOf({ what, value, unit, limit, kept }: Promised): string[] {
  const sign = unit === '%' ? '' : '≤ '
  const verdict = kept ? 'kept' : 'BROKEN'
  return [what, measuredText(value, unit), `${sign}${limit} ${unit}`, verdict]
}

export interface RowsInit {
  readonly markdown: boolean
  /** How the figures came about: the head of their column. */
  readonly how: 'measured' | 'simulated'
}

export function promiseRows({ promises }: Book, { markdown, how }: RowsInit): string[] {
  return tableOf([['what', how, 'promised', ''], ...promises.map(rowOf)], markdown)
}

/** The first row is the head. */
export function tableOf(rows: readonly (readonly string[])[], markdown: boolean): string[] {
  const [head = [], ...others] = rows
  if (markdown) {
    return [head, head.map(() => '---'), ...others].map((cells) => `| ${cells.join(' | ')} |`)
  }
  const widths = head.map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0)))
  return rows.map((cells) => cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '))
}

export function headOf({ nodes, processes, seed, load }: Facts): string {
  return `${nodes} nodes in ${processes} processes, seed ${seed}, load ${load.toFixed(1)}`
}

/** All else that was measured, a line a figure. */
export function figureLines({ figures }: Book): string[] {
  return Object.entries(figures).flatMap(([phase, of]) =>
    Object.entries(of).map(([name, value]) => `- ${phase}, ${name}: ${brief(value)}`)
  )
}

function brief(value: unknown): string {
  return JSON.stringify(value).replaceAll(/[{}"]/g, '').replaceAll(':', ' ').replaceAll(',', ', ')
}
