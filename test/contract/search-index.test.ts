/** Holds the indexes of text and of vectors to the contract. */
import * as fc from 'fast-check'
import { describe } from 'vitest'
import { createTextIndex, openTextIndex } from '../../memory/search/text-index.ts'
import { createVectorIndex, openVectorIndex } from '../../memory/search/vector-index.ts'
import type { VectorIndexInit } from '../../memory/search/vector-index.ts'
import { unitVector } from '../../memory/search/vector-table.ts'
import type { UnitVector } from '../../memory/search/vector-table.ts'
import { searchIndexContract } from './search-index.contract.ts'

const WORDS = ['apple', 'pear', 'plum', 'apples', 'pie']

describe('full text', () => {
  searchIndexContract({
    create: createTextIndex,
    open: openTextIndex,
    content: fc
      .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 4 })
      .map((words) => words.join(' ')),
    scan(all, wanted) {
      const terms = wanted.split(' ')
      const has = (text: string) =>
        text.split(' ').some((word) => terms.some((term) => word.startsWith(term)))
      const found = [...all].filter(([, text]) => has(text)).map(([key]) => key)
      return found.length > 0 ? found : misspelt(all, terms)
    }
  })
})

/** Of these words only one is a letter away from another: `apple` from `apples`. */
function misspelt(all: ReadonlyMap<string, string>, terms: readonly string[]): string[] {
  if (!terms.includes('apples')) return []
  return [...all].filter(([, text]) => text.split(' ').includes('apple')).map(([key]) => key)
}

/** Whole numbers, so that many cosines are equal. */
const someVector: fc.Arbitrary<UnitVector> = fc
  .tuple(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -2, max: 2 }), fc.constantFrom(1, 2))
  .map((numbers) => unitVector(numbers) ?? new Float32Array(3))

function vectorContract(init: VectorIndexInit): void {
  searchIndexContract({
    create: () => createVectorIndex(init),
    open: (bytes) => openVectorIndex(init, bytes),
    content: someVector,
    scan: (all) => [...all.keys()]
  })
}

describe('vectors, one by one', () => {
  vectorContract({ dimensions: 3, flatVectors: 20_000 })
})
