/** Tables between their two forms: CSV as the world writes it, and rows of JSON. */
import type { Json, JsonObject } from '../../../../core/json.ts'
import { isJsonObject } from '../../../../core/json.ts'

/** Cells are text until they leave as JSON: then columns that hold nothing but numbers become numbers. */
export interface Table {
  readonly columns: readonly string[]
  /** Each as long as `columns`. */
  readonly rows: readonly (readonly string[])[]
}

const DELIMITERS = [',', ';', '\t', '|'] as const

/** The delimiter that the first line has most of, outside of quotes; a comma where it has none. */
export function guessDelimiter(csv: string): string {
  const end = csv.search(/[\r\n]/)
  const line = (end < 0 ? csv : csv.slice(0, end)).replace(/"[^"]*"/g, '')
  const counts = DELIMITERS.map((delimiter) => line.split(delimiter).length)
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ','
}

/** A table of records as they were read; short ones are filled up, and columns without a name get one. */
export function tableOf(records: readonly (readonly string[])[], header: boolean): Table {
  const [first = [], ...rest] = records
  const rows = header ? rest : records
  const width = rows.reduce((most, row) => Math.max(most, row.length), first.length)
  const names = Array.from({ length: width }, (_, index) => {
    const given = header ? (first[index] ?? '').trim() : ''
    return given === '' ? `column_${index + 1}` : given
  })
  return { columns: distinct(names), rows: rows.map((row) => filledUp(row, width)) }
}

function filledUp(row: readonly string[], width: number): readonly string[] {
  if (row.length === width) return row
  return Array.from({ length: width }, (_, index) => row[index] ?? '')
}

function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>()
  for (const name of names) {
    let unique = name
    for (let count = 2; taken.has(unique); count++) unique = `${name}_${count}`
    taken.add(unique)
  }
  return [...taken]
}

/** A table of JSON objects: their members are its columns, in the order in which they come first. */
export function tableOfRows(rows: readonly Json[]): Table {
  const columns = new Set<string>()
  for (const row of rows) {
    if (!isJsonObject(row)) throw new Error('every row must be an object')
    for (const name of Object.keys(row)) columns.add(name)
  }
  const names = [...columns]
  return {
    columns: names,
    rows: rows.filter(isJsonObject).map((row) => names.map((name) => cellOf(row, name)))
  }
}

function cellOf(row: JsonObject, name: string): string {
  // Not by its name alone: a column may be called like something that every object has.
  const value = Object.hasOwn(row, name) ? row[name] : undefined
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Without a zero in front, which is how numbers are told from codes of figures. */
const NUMBER = /^[+-]?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/

/** More figures than a double holds: they are an id, or would not be the same any more. */
const MAX_FIGURES = 15

/** The number that a cell is; `undefined` for what only looks a bit like one. */
export function numberOf(cell: string): number | undefined {
  const text = cell.trim()
  if (!NUMBER.test(text) || text.replace(/[eE].*|\D/g, '').length > MAX_FIGURES) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

/** Rows of JSON. Empty cells of a column of numbers are null, as there is no number. */
export function rowsOf({ columns, rows }: Table): JsonObject[] {
  const numeric = columns.map(
    (_, index) =>
      rows.some((row) => row[index] !== '') &&
      rows.every((row) => row[index] === '' || numberOf(row[index] ?? '') !== undefined)
  )
  return rows.map((row) =>
    Object.fromEntries(
      columns.map((name, index) => {
        const cell = row[index] ?? ''
        return [name, numeric[index] === true ? (numberOf(cell) ?? null) : cell]
      })
    )
  )
}

/** CSV as RFC 4180 has it, with line feeds alone. */
export function csvOf({ columns, rows }: Table): string {
  return [columns, ...rows].map((row) => `${row.map(quoted).join(',')}\n`).join('')
}

function quoted(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
