/** The rows of a pane as its user wants them: filtered, sorted, and drawn in whatever room there is. */
import type { Style } from '../style.ts'
import { padEnd } from '../width.ts'
import { headLine, placeColumns, rowLine, sortRows, type Sort, type TableColumn } from './table.ts'

export interface Table<Row> {
  readonly columns: readonly TableColumn<Row>[]
  /** Tells rows apart from one moment to the next. */
  readonly key: (row: Row) => string
  /** What a filter looks at. */
  readonly words: (row: Row) => string
  readonly sort: Sort
}

export interface ListingView {
  readonly columns: number
  /** Index of the first row, and how many at most. */
  readonly from: number
  readonly count: number
  /** Index of the row that the cursor is on. */
  readonly chosen: number
  readonly now: number
  readonly style: Style
}

/** A table without the type of its rows, so that all panes are handled alike. */
export interface Listing {
  readonly keys: readonly string[]
  /** Before the filter. */
  readonly total: number
  /** The head, then rows; only what is seen is made. */
  readonly draw: (view: ListingView) => string[]
}

export interface Wish {
  readonly sort: Sort
  readonly filter: string
}

/** Less is no table. */
const LEAST_COLUMNS = 4

export function createListing<Row>(
  table: Table<Row>,
  rows: readonly Row[],
  { sort, filter }: Wish
): Listing {
  const kept = sortRows(filterRows(rows, table, filter), table.columns, sort)
  return {
    keys: kept.map((row) => table.key(row)),
    total: rows.length,
    draw({ columns, from, count, chosen, now, style }) {
      if (columns < LEAST_COLUMNS) return []
      const placed = placeColumns(table.columns, columns)
      const lines = kept.slice(from, from + count).map((row, index) => {
        const isChosen = from + index === chosen
        const line = rowLine(placed, row, { now, chosen: isChosen, style })
        return isChosen ? style.chosen(padEnd(line, columns)) : line
      })
      return [headLine(placed, sort, style), ...lines]
    }
  }
}

/** All words must be there; one that begins with `!` must not. */
function filterRows<Row>(rows: readonly Row[], table: Table<Row>, filter: string): readonly Row[] {
  const words = filter.toLowerCase().split(' ').filter(Boolean)
  if (words.length === 0) return rows
  const wanted = words.filter((word) => !word.startsWith('!'))
  // A lone `!` is the beginning of one.
  const unwanted = words.flatMap((word) => (/^!./.test(word) ? word.slice(1) : []))
  return rows.filter((row) => {
    const text = table.words(row).toLowerCase()
    return (
      wanted.every((word) => text.includes(word)) && !unwanted.some((word) => text.includes(word))
    )
  })
}
