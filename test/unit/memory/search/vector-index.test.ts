import { expect, test } from 'vitest'
import type { SearchIndex } from '../../../../memory/search/search-index.ts'
import { createVectorIndex, openVectorIndex } from '../../../../memory/search/vector-index.ts'
import type { UnitVector } from '../../../../memory/search/vector-table.ts'
import { unitVector } from '../../../../memory/search/vector-table.ts'
import { seededRandom } from '../../../support/random.ts'

const DIMENSIONS = 32
const TOPICS = 60

/** Vectors around a few directions, as texts about a few topics have them. */
function createVectors(seed: number): () => UnitVector {
  const random = seededRandom(seed)
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
  const topics = Array.from({ length: TOPICS }, () => Array.from({ length: DIMENSIONS }, normal))
  return () => {
    const topic = topics[Math.floor(random.next() * TOPICS)] ?? []
    const vector = unitVector(topic.map((value) => value + 0.9 * normal()))
    return vector ?? new Float32Array(DIMENSIONS)
  }
}

function setup(count: number) {
  const vectors = createVectors(1)
  const flat = createVectorIndex({ dimensions: DIMENSIONS, flatVectors: Infinity })
  const lists = createVectorIndex({ dimensions: DIMENSIONS, flatVectors: 2000 })
  for (let at = 0; at < count; at += 1) {
    const vector = vectors()
    flat.put(`k/${at}`, vector)
    lists.put(`k/${at}`, vector)
  }
  return { flat, lists, vectors }
}

function recall(
  { flat, lists }: { flat: SearchIndex<UnitVector>; lists: SearchIndex<UnitVector> },
  questions: readonly UnitVector[]
): number {
  let found = 0
  for (const question of questions) {
    const right = flat.find(question, { limit: 10 }).map(({ key }) => key)
    const given = new Set(lists.find(question, { limit: 10 }).map(({ key }) => key))
    found += right.filter((key) => given.has(key)).length / right.length
  }
  return found / questions.length
}

test('beyond the limit of exact search, 95 of 100 true neighbours are found', () => {
  const { flat, lists, vectors } = setup(20_000)
  expect(recall({ flat, lists }, Array.from({ length: 100 }, vectors))).toBeGreaterThan(0.95)
})

test('it holds after half of the vectors have gone, and in an index that was saved and opened', () => {
  const { flat, lists, vectors } = setup(8000)
  for (let at = 0; at < 8000; at += 2) {
    flat.delete(`k/${at}`)
    lists.delete(`k/${at}`)
  }
  const opened = openVectorIndex({ dimensions: DIMENSIONS, flatVectors: 2000 }, lists.save())
  expect(opened.count).toBe(4000)
  const questions = Array.from({ length: 50 }, vectors)
  expect(recall({ flat, lists: opened }, questions)).toBeGreaterThan(0.95)
})

test('a prefix that few keys have is answered in full', () => {
  const { lists, vectors } = setup(6000)
  for (let at = 0; at < 20; at += 1) lists.put(`rare/${at}`, vectors())
  expect(lists.find(vectors(), { prefix: 'rare/', limit: 100 })).toHaveLength(20)
})

test('equal vectors can be split, too', () => {
  const { lists, vectors } = setup(2000)
  const same = vectors()
  for (let at = 0; at < 2000; at += 1) lists.put(`same/${at}`, same)
  const hits = lists.find(same, { limit: 20 })
  expect(hits).toHaveLength(20)
  expect(hits.every(({ score }) => score > 0.9999)).toBe(true)
})

test('numbers without a direction are no vector', () => {
  expect(unitVector([0, 0])).toBeUndefined()
  expect(unitVector([Number.NaN, 1])).toBeUndefined()
  expect(unitVector([1e300, 1])).toBeUndefined()
  expect(unitVector([3, 4])).toEqual(Float32Array.from([0.6, 0.8]))
})
