/** Documentation that repeats a table must repeat it truly. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  errorTable,
  limitTable,
  metricTable,
  operationTable,
  settingTable,
  withTable
} from '../../tools/reference-docs.ts'

test.for([
  ['docs/errors.md', errorTable],
  ['docs/limits.md', limitTable],
  ['docs/configuration.md', settingTable],
  ['docs/metrics.md', metricTable],
  ['docs/security.md', operationTable]
] as const)(
  '%s equals the table in the code (run: node tools/reference-docs.ts)',
  ([path, table]) => {
    const document = readFileSync(path, 'utf8')
    expect(document).toBe(withTable(document, table()))
  }
)
