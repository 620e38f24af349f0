/** A crowd begins turn by turn, everybody else at once. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createPace } from '../../../../agents/llm/pace.ts'

test('few begin at once', () => {
  const pace = createPace()
  expect(Array.from({ length: 16 }, () => pace()).every((wait) => wait === undefined)).toBe(true)
})

test('of a crowd no more than a few begin in one turn of the loop, in order', async () => {
  const pace = createPace()
  const begun: number[] = []
  const crowd = Array.from({ length: 100 }, async (_, at) => {
    await pace()
    begun.push(at)
  })
  const perTurn: number[] = []
  while (begun.length < crowd.length) {
    const before = begun.length
    await nextTurn()
    perTurn.push(begun.length - before)
  }
  await Promise.all(crowd)
  expect(begun).toEqual(begun.toSorted((a, b) => a - b))
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(32)
  expect(perTurn.length).toBeGreaterThan(3)
})

test('who comes after the crowd begins at once again', async () => {
  const pace = createPace()
  await Promise.all(Array.from({ length: 40 }, async () => pace()))
  for (let turn = 0; turn < 3; turn += 1) await nextTurn()
  expect(pace()).toBeUndefined()
})
