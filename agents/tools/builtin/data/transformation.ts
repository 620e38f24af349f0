/** What is asked of the process that transforms data; it answers with JSON text. */
import type { TableQuery } from './csv-query.ts'

/** These are types and no interfaces, as they travel as JSON. */
export type JsonTransformation = {
  readonly type: 'json'
  /** JSON text. */
  readonly text: string
  /** JMESPath. */
  readonly query: string
}

export type CsvTransformation = {
  readonly type: 'csv'
  /** CSV, or JSON text: a list of objects. */
  readonly text: string
  readonly from: 'csv' | 'json'
  readonly to: 'csv' | 'json'
  readonly header: boolean
  /** Guessed when it is empty. */
  readonly delimiter: string
  readonly query: TableQuery
}

export type PageTransformation = {
  readonly type: 'page'
  readonly html: string
  readonly url: string
}

export type Transformation = JsonTransformation | CsvTransformation | PageTransformation
