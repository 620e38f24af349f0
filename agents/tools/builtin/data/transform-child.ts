/** The process that queries JSON, CSV and pages: what was made to take for ever takes only this one. */
import type { search } from '@jmespath-community/jmespath'
import { LIMITS } from '../../../../core/limits.ts'
import { serveJobs } from '../../../confined/serve-jobs.ts'
import { queryTable } from './csv-query.ts'
import { csvOf, guessDelimiter, rowsOf, tableOf, tableOfRows } from './csv-table.ts'
import type { Table } from './csv-table.ts'
import type {
  CsvTransformation,
  JsonTransformation,
  PageTransformation,
  Transformation
} from './transformation.ts'

async function prepare(work: Transformation): Promise<() => string> {
  const run = await workOf(work)
  return () => measured(JSON.stringify(run()) ?? 'null')
}

/** Libraries are loaded by those who need them: each takes as long as all of ours. */
async function workOf(work: Transformation): Promise<() => unknown> {
  if (work.type === 'json') return queryJson(work)
  return work.type === 'csv' ? queryCsv(work) : readPage(work)
}

async function queryJson({ text, query }: JsonTransformation): Promise<() => unknown> {
  const jmespath = await import('@jmespath-community/jmespath')
  return () => jmespath.search(parsed(text), query)
}

async function queryCsv(work: CsvTransformation): Promise<() => unknown> {
  const read = work.from === 'csv' ? await csvReader(work) : () => readRows(work)
  return () => {
    const { table, total } = queryTable(read(), work.query)
    const { columns } = table
    return work.to === 'csv'
      ? { columns, total, csv: csvOf(table) }
      : { columns, total, rows: rowsOf(table) }
  }
}

async function csvReader({ text, header, delimiter }: CsvTransformation): Promise<() => Table> {
  const { parse } = await import('csv-parse/sync')
  return () => {
    const records = parse(text, {
      bom: true,
      delimiter: delimiter === '' ? guessDelimiter(text) : delimiter,
      relax_column_count: true,
      skip_empty_lines: true
    })
    return tableOf(records, header)
  }
}

function readRows({ text }: CsvTransformation): Table {
  const rows = parsed(text)
  if (!Array.isArray(rows)) throw new Error('rows must be a list of objects')
  return tableOfRows(rows)
}

async function readPage({ html, url }: PageTransformation): Promise<() => unknown> {
  const { pageText } = await import('./page-text.ts')
  return () => pageText(html, url)
}

/** In the words of JMESPath's types: JSON that may be changed. */
function parsed(text: string): Parameters<typeof search>[0] {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`this is no JSON: ${error instanceof Error ? error.message : ''}`, {
      cause: error
    })
  }
}

function measured(text: string): string {
  const limit = LIMITS.transformResult.value
  if (text.length <= limit) return text
  throw new Error(`the result has ${text.length} characters, ${limit} are allowed: select less`)
}

serveJobs<Transformation>({ timeMs: LIMITS.transformTime.value, prepare })
