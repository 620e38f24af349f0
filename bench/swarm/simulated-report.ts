/** What a simulated run prints: its promises as rows, its other figures as lines. */
import type { Book, Promised } from './stage.ts'

const HEAD = ['what', 'simulated', 'promised', '']

function rowOf({ what, value, unit, limit, kept }: Promised): string[] {
  const sign = unit === '%' ? '' : '≤ '
  return [what, `${value} ${unit}`, `${sign}${limit} ${unit}`, kept ? 'kept' : 'BROKEN']
}

export function promiseRows({ promises }: Book, markdown: boolean): string[] {
  return tableOf([HEAD, ...promises.map(rowOf)], markdown)
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

/** All else that was measured, a line a figure. */
export function figureLines({ figures }: Book): string[] {
  return Object.entries(figures).flatMap(([phase, of]) =>
    Object.entries(of).map(([name, value]) => {
      const text = JSON.stringify(value).replaceAll(/[{}"]/g, '')
      return `- ${phase}, ${name}: ${text.replaceAll(':', ' ').replaceAll(',', ', ')}`
    })
  )
}
