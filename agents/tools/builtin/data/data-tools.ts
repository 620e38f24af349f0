/** Tools that pick out of JSON and CSV what is wanted, so that no model has to read the rest. */
import { z } from 'zod'
import { inputFlaw, tool } from '../../define-tool.ts'
import type { Tool } from '../../tool.ts'
import { AGGREGATES, COMPARISONS } from './csv-query.ts'
import type { Transformer } from './transformer.ts'

const jsonInput = z.strictObject({
  query: z
    .string()
    .min(1)
    .describe('JMESPath, such as: people[?age > `30`].{name: name, city: address.city} | [:10]'),
  data: z.unknown().optional().describe('The data itself; or else text.'),
  text: z.string().optional().describe('JSON text.')
})

const column = z.string()

const csvInput = z.strictObject({
  csv: z.string().optional().describe('CSV text; or else rows.'),
  rows: z.array(z.record(z.string(), z.unknown())).optional().describe('Rows as JSON objects.'),
  header: z
    .boolean()
    .default(true)
    .describe('Whether the first line of the CSV names the columns.'),
  delimiter: z.string().max(4).default('').describe('Guessed when it is not given.'),
  where: z
    .array(
      z.strictObject({
        column,
        is: z.enum(COMPARISONS),
        value: z.union([z.string(), z.number(), z.boolean()]).optional()
      })
    )
    .optional()
    .describe('Conditions on rows, all of which have to hold.'),
  groupBy: z.array(column).optional(),
  aggregate: z
    .array(
      z.strictObject({
        fn: z.enum(AGGREGATES),
        column: column.optional(),
        as: z.string().optional().describe('Its name in the result; default: sum_price.')
      })
    )
    .optional(),
  sort: z.array(z.strictObject({ column, descending: z.boolean().optional() })).optional(),
  select: z.array(column).optional().describe('Columns, in the order wanted; default: all.'),
  distinct: z.boolean().optional(),
  offset: z.int().min(0).optional(),
  limit: z.int().min(1).optional(),
  to: z.enum(['json', 'csv']).default('json').describe('The form of the result.')
})

export function createDataTools({ transform }: Pick<Transformer, 'transform'>): Tool[] {
  return [
    tool({
      id: 'json_query',
      description: 'Picks, filters and reshapes JSON with a JMESPath expression.',
      inputSchema: jsonInput,
      execute: ({ query, data, text }, { signal }) =>
        transform({ type: 'json', text: textOf({ data, text }, 'data or text'), query }, signal)
    }),
    tool({
      id: 'csv_query',
      description:
        'Filters, groups, sums up, sorts and selects the rows of a table (CSV text or JSON rows), ' +
        'and returns them as JSON or CSV.',
      inputSchema: csvInput,
      execute: ({ csv, rows, header, delimiter, to, ...query }, { signal }) =>
        transform(
          {
            type: 'csv',
            text: textOf({ data: rows, text: csv }, 'csv or rows'),
            from: csv === undefined ? 'json' : 'csv',
            to,
            header,
            delimiter,
            query
          },
          signal
        )
    })
  ]
}

interface Given {
  readonly data: unknown
  readonly text: string | undefined
}

function textOf({ data, text }: Given, names: string): string {
  if ((data === undefined) === (text === undefined)) {
    throw inputFlaw(`one of ${names} is needed, and only one`)
  }
  return text ?? JSON.stringify(data)
}
