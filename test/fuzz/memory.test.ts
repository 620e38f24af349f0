/** What peers send to shared memory, changed at random: a taste of the long run, in every run. */
import { expect, test } from 'vitest'
import { fuzzBatches, fuzzDocuments, fuzzRecords } from '../support/memory-fuzz.ts'

test.for([
  ['records', fuzzRecords],
  ['genesis and statements', fuzzDocuments],
  ['batches', fuzzBatches]
] as const)(
  '%s: decoders refuse with an error of ours, or take the one encoding there is',
  async ([, fuzz]) => {
    await expect(fuzz(1000)).resolves.toBeUndefined()
  }
)
