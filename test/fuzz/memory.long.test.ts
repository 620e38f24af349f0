/** What peers send to shared memory, changed at random, fifty times as often. */
import { expect, test } from 'vitest'
import { fuzzBatches, fuzzDocuments, fuzzRecords } from '../support/memory-fuzz.ts'

test.for([
  ['records', fuzzRecords],
  ['genesis and statements', fuzzDocuments],
  ['batches', fuzzBatches]
] as const)('%s survive what a peer may send', async ([, fuzz]) => {
  await expect(fuzz(50_000)).resolves.toBeUndefined()
})
