/** Columns of a live table: fixed widths, so that nothing jumps, and what matters least goes first when it is narrow. */
import type { Style } from '../style.ts'
import { padEnd, padStart } from '../width.ts'
import { tame } from './tame.ts'

export interface CellPlace {
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly width: number
}

export interface TableColumn<Row> {
  readonly title: string
  /** Terminal columns; of an elastic one the least. */
  readonly width: number
  /** Who goes first when there is no room: the highest. 0 stays. */
  readonly rank: number
  readonly align?: 'right'
  /** Takes what is left, up to so many columns. */
  readonly most?: number
  /** Stands close to the one before. */
  readonly tight?: boolean
  /** May hold what a peer made up: it is made harmless here. */
  readonly cell: (row: Row, place: CellPlace) => string
  readonly paint?: (text: string, row: Row, style: Style) => string
  /** What rows are sorted by, the unknown last; without it nobody would want to. */
  readonly order?: (row: Row) => number | string | undefined
  /** The most interesting are the largest. */
  readonly descends?: boolean
}

/** A column and its place in a terminal. */
export interface PlacedColumn<Row> {
  readonly column: TableColumn<Row>
  readonly width: number
}

export interface Sort {
  /** Title of a column; of none: as the node gave them. */
  readonly title: string
  readonly descending: boolean
}

const GAP = 2
/** For the mark of the row that the cursor is on. */
const GUTTER = 2

/** What of `columns` fits `room`, and how wide each is; the sum never exceeds it. */
export function placeColumns<Row>(
  columns: readonly TableColumn<Row>[],
  room: number
): PlacedColumn<Row>[] {
  const kept = [...columns]
  while (kept.length > 1 && needed(kept) > room) {
    const worst = kept.reduce((last, each) => (each.rank > last.rank ? each : last))
    kept.splice(kept.lastIndexOf(worst), 1)
  }
  const widths = kept.map(({ width }) => width)
  for (let left = room - needed(kept), at = 0, full = 0; left > 0 && full < kept.length; at += 1) {
    const index = at % kept.length
    const { width = 0, most = width } = kept[index] ?? {}
    if ((widths[index] ?? 0) >= most) full += 1
    else {
      widths[index] = (widths[index] ?? 0) + 1
      left -= 1
      full = 0
    }
  }
  // One column alone gives up what it has.
  return kept.map((column, index) => ({
    column,
    width: Math.max(0, Math.min(widths[index] ?? 0, room - GUTTER))
  }))
}

function gapBefore<Row>(column: TableColumn<Row>, columns: readonly TableColumn<Row>[]): number {
  if (column === columns[0]) return 0
  return column.tight === true ? 1 : GAP
}

function joinCells<Row>(placed: readonly PlacedColumn<Row>[], cells: readonly string[]): string {
  const columns = placed.map(({ column }) => column)
  return columns
    .map((column, index) => ' '.repeat(gapBefore(column, columns)) + (cells[index] ?? ''))
    .join('')
}

function needed<Row>(columns: readonly TableColumn<Row>[]): number {
  return columns.reduce((sum, column) => sum + column.width + gapBefore(column, columns), GUTTER)
}

export function headLine<Row>(
  placed: readonly PlacedColumn<Row>[],
  { title, descending }: Sort,
  style: Style
): string {
  const cells = placed.map(({ column, width }) => {
    const sorted = column.title === title
    const text = tame(sorted ? `${column.title}${descending ? '▾' : '▴'}` : column.title, width)
    return align(sorted ? style.strong(text) : style.faint(text), column, width)
  })
  return `${' '.repeat(GUTTER)}${joinCells(placed, cells)}`
}

/** One row; the chosen one is plain below its highlight, so that it is one bar of one colour. */
export function rowLine<Row>(
  placed: readonly PlacedColumn<Row>[],
  row: Row,
  { now, chosen, style }: { readonly now: number; readonly chosen: boolean; readonly style: Style }
): string {
  const cells = placed.map(({ column, width }) => {
    const text = tame(column.cell(row, { now, width }), width)
    const painted = chosen || column.paint === undefined ? text : column.paint(text, row, style)
    return align(painted, column, width)
  })
  const line = joinCells(placed, cells)
  return chosen ? `▸ ${line}` : `${' '.repeat(GUTTER)}${line}`
}

function align<Row>(text: string, { align: side }: TableColumn<Row>, width: number): string {
  return side === 'right' ? padStart(text, width) : padEnd(text, width)
}

/** A new list, sorted; equal ones stay as they came. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly TableColumn<Row>[],
  { title, descending }: Sort
): readonly Row[] {
  const order = columns.find((column) => column.title === title)?.order
  if (order === undefined) return rows
  const sign = descending ? -1 : 1
  return rows
    .map((row) => ({ row, key: order(row) }))
    .toSorted((a, b) => compare(a.key, b.key, sign))
    .map(({ row }) => row)
}

type SortKey = number | string | undefined

function compare(a: SortKey, b: SortKey, sign: number): number {
  if (a === b) return 0
  if (a === undefined) return 1
  if (b === undefined) return -1
  return a < b ? -sign : sign
}
