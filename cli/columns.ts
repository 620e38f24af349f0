/** Prints lists the way docker and kubectl do: a head, aligned columns, no boxes, easy to grep. */
import type { Style } from './style.ts'
import type { Sink } from './terminal.ts'
import { cut, displayWidth, oneLine, padEnd, padStart } from './width.ts'

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string
  readonly align?: 'right'
  /** Gives way first when a terminal is narrow. At most one column. */
  readonly elastic?: boolean
  readonly paint?: (text: string, row: Row) => string
}

const GAP = '  '
const LEAST_ELASTIC = 12

/** On a terminal the lines fit its width; anywhere else nothing is ever cut. */
export function renderColumns<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  {
    sink,
    style
  }: {
    readonly sink: Pick<Sink, 'isTerminal' | 'columns'>
    readonly style: Style
  }
): string {
  const texts = rows.map((row) => columns.map(({ cell }) => oneLine(cell(row)) || '-'))
  const widths = columns.map(({ title }, index) =>
    Math.max(displayWidth(title), ...texts.map((cells) => displayWidth(cells[index] ?? '')))
  )
  if (sink.isTerminal) shrink(widths, columns, sink.columns())
  const place = (text: string, index: number): string => {
    const width = widths[index] ?? 0
    const fitting = cut(text, width)
    if (columns[index]?.align === 'right') return padStart(fitting, width)
    return index === columns.length - 1 ? fitting : padEnd(fitting, width)
  }
  const head = columns.map(({ title }, index) => place(title, index)).join(GAP)
  const lines = texts.map((cells, at) =>
    cells
      .map((text, index) => {
        const row = rows[at]
        const paint = columns[index]?.paint
        const placed = place(text, index)
        return paint && row !== undefined ? paint(placed, row) : placed
      })
      .join(GAP)
  )
  return [style.faint(head), ...lines].map((line) => `${line.trimEnd()}\n`).join('')
}

function shrink<Row>(widths: number[], columns: readonly Column<Row>[], room: number): void {
  const index = columns.findIndex(({ elastic }) => elastic)
  const width = widths[index]
  if (width === undefined) return
  const total = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (widths.length - 1)
  if (total > room) widths[index] = Math.max(LEAST_ELASTIC, width - (total - room))
}
