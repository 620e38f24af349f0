/** Questions to a table: which rows, which columns, grouped and summed up, in which order. */
import { numberOf } from './csv-table.ts'
import type { Table } from './csv-table.ts'

type Comparison = (cell: string, wanted: string) => boolean

const HOLDS = {
  '=': (cell, wanted) => compare(cell, wanted) === 0,
  '!=': (cell, wanted) => compare(cell, wanted) !== 0,
  '<': (cell, wanted) => cell !== '' && compare(cell, wanted) < 0,
  '<=': (cell, wanted) => cell !== '' && compare(cell, wanted) <= 0,
  '>': (cell, wanted) => cell !== '' && compare(cell, wanted) > 0,
  '>=': (cell, wanted) => cell !== '' && compare(cell, wanted) >= 0,
  contains: (cell, wanted) => cell.toLowerCase().includes(wanted.toLowerCase()),
  starts: (cell, wanted) => cell.startsWith(wanted),
  ends: (cell, wanted) => cell.endsWith(wanted),
  empty: (cell) => cell.trim() === '',
  filled: (cell) => cell.trim() !== ''
} as const satisfies Record<string, Comparison>

export const COMPARISONS = [
  '=',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'contains',
  'starts',
  'ends',
  'empty',
  'filled'
] as const satisfies readonly (keyof typeof HOLDS)[]

export const AGGREGATES = ['count', 'sum', 'average', 'median', 'min', 'max'] as const

/** A `type`, as are the others here: they travel as JSON. */
export type Condition = {
  readonly column: string
  readonly is: (typeof COMPARISONS)[number]
  /** Not for `empty` and `filled`. */
  readonly value?: string | number | boolean | undefined
}

export type Aggregate = {
  readonly fn: (typeof AGGREGATES)[number]
  /** Only `count` may do without: it then counts rows, else cells that are filled. */
  readonly column?: string | undefined
  /** Default: `sum_price`. */
  readonly as?: string | undefined
}

export type TableQuery = {
  /** All of them have to hold. */
  readonly where?: readonly Condition[] | undefined
  readonly groupBy?: readonly string[] | undefined
  readonly aggregate?: readonly Aggregate[] | undefined
  readonly sort?:
    | readonly { readonly column: string; readonly descending?: boolean | undefined }[]
    | undefined
  readonly select?: readonly string[] | undefined
  readonly distinct?: boolean | undefined
  readonly offset?: number | undefined
  readonly limit?: number | undefined
}

export interface Answer {
  readonly table: Table
  /** Rows before `offset` and `limit` cut them. */
  readonly total: number
}

/** In the order of SQL: where, group by, order by, select, distinct, offset and limit. Throws what is wrong, in words. */
export function queryTable(table: Table, query: TableQuery): Answer {
  const { where = [], groupBy = [], aggregate = [], sort = [], select, distinct = false } = query
  let result: Table = { ...table, rows: table.rows.filter(satisfies(table, where)) }
  if (groupBy.length > 0 || aggregate.length > 0) {
    result = grouped(result, { by: groupBy, wanted: aggregate })
  }
  result = { ...result, rows: sorted(result, sort) }
  if (select !== undefined) result = selected(result, select)
  if (distinct) result = { ...result, rows: withoutTwins(result.rows) }
  const { offset = 0, limit } = query
  const end = limit === undefined ? undefined : offset + limit
  return { table: { ...result, rows: result.rows.slice(offset, end) }, total: result.rows.length }
}

type Row = readonly string[]

function indexOf({ columns }: Table, column: string): number {
  const index = columns.indexOf(column)
  if (index >= 0) return index
  throw new Error(`there is no column "${column}", only: ${columns.slice(0, 50).join(', ')}`)
}

function satisfies(table: Table, where: readonly Condition[]): (row: Row) => boolean {
  const tests = where.map(({ column, is, value = '' }) => {
    const index = indexOf(table, column)
    const wanted = String(value)
    const holds: Comparison = HOLDS[is]
    return (row: Row) => holds(row[index] ?? '', wanted)
  })
  return (row) => tests.every((test) => test(row))
}

/** Numbers by their value and before texts, texts by their characters. */
function compare(a: string, b: string): number {
  const [left, right] = [numberOf(a), numberOf(b)]
  if (left !== undefined && right !== undefined) return left - right
  if (left !== undefined) return -1
  if (right !== undefined) return 1
  if (a === b) return 0
  return a < b ? -1 : 1
}

function sorted(table: Table, sort: NonNullable<TableQuery['sort']>): readonly Row[] {
  if (sort.length === 0) return table.rows
  const orders = sort.map(({ column, descending = false }) => ({
    index: indexOf(table, column),
    sign: descending ? -1 : 1
  }))
  return table.rows.toSorted((a, b) => {
    for (const { index, sign } of orders) {
      const [left = '', right = ''] = [a[index], b[index]]
      // What is not there comes last, whatever the direction.
      if ((left === '') !== (right === '')) return left === '' ? 1 : -1
      const order = compare(left, right)
      if (order !== 0) return order * sign
    }
    return 0
  })
}

function selected(table: Table, select: readonly string[]): Table {
  const indices = select.map((column) => indexOf(table, column))
  return {
    columns: [...select],
    rows: table.rows.map((row) => indices.map((index) => row[index] ?? ''))
  }
}

function withoutTwins(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()]
}

interface Grouping {
  readonly by: readonly string[]
  readonly wanted: readonly Aggregate[]
}

function grouped(table: Table, { by, wanted }: Grouping): Table {
  const indices = by.map((column) => indexOf(table, column))
  const groups = new Map<string, { readonly key: Row; readonly rows: Row[] }>()
  // Without groups all rows are one, even when there are none: their number is 0.
  if (by.length === 0) groups.set('[]', { key: [], rows: [] })
  for (const row of table.rows) {
    const key = indices.map((index) => row[index] ?? '')
    const name = JSON.stringify(key)
    const group = groups.get(name) ?? { key, rows: [] }
    group.rows.push(row)
    groups.set(name, group)
  }
  const sums = wanted.map((each) => summing(table, each))
  return {
    columns: [...by, ...wanted.map(nameOf)],
    rows: Array.from(groups.values(), ({ key, rows }) => [...key, ...sums.map((sum) => sum(rows))])
  }
}

function nameOf({ fn, column, as }: Aggregate): string {
  return as ?? (column === undefined ? fn : `${fn}_${column}`)
}

function summing(table: Table, { fn, column }: Aggregate): (rows: readonly Row[]) => string {
  if (column === undefined) {
    if (fn !== 'count') throw new Error(`${fn} needs a column`)
    return (rows) => String(rows.length)
  }
  const index = indexOf(table, column)
  return (rows) =>
    summedUp(
      fn,
      rows.map((row) => row[index] ?? '').filter((cell) => cell !== '')
    )
}

function summedUp(fn: Aggregate['fn'], cells: readonly string[]): string {
  if (fn === 'count') return String(cells.length)
  if (fn === 'min') return cells.toSorted(compare)[0] ?? ''
  if (fn === 'max') return cells.toSorted(compare).at(-1) ?? ''
  const values = cells.map(numberOf).filter((value) => value !== undefined)
  const sum = values.reduce((total, value) => total + value, 0)
  if (fn === 'sum') return written(sum)
  if (values.length === 0) return ''
  return written(fn === 'average' ? sum / values.length : median(values))
}

function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b)
  const middle = ordered.length / 2
  const [upper = 0, lower = 0] = [ordered[Math.floor(middle)], ordered[Math.ceil(middle) - 1]]
  return (upper + lower) / 2
}

/** 15 figures are what a double holds; the last is noise (0.1 + 0.2). */
function written(value: number): string {
  return String(Number(value.toPrecision(15)))
}
