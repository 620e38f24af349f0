import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { Assembler, Budget } from '../../../../protocols/session/assembler.ts'

test('chunks of any size become the message they were cut from', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 70_000 }), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(sizes, fc.integer(), (lengths, seed) => {
      const assembler = new Assembler()
      const chunks = lengths.map((length, index) => new Uint8Array(length).fill(seed + index))
      const messages = [1, 2].map(() => {
        const results = chunks.map((chunk, index) =>
          assembler.add(chunk, index === chunks.length - 1)
        )
        expect(results.slice(0, -1).every((result) => result === undefined)).toBe(true)
        return results.at(-1)
      })
      const whole = Buffer.concat(chunks)
      for (const message of messages) expect(whole.equals(message ?? Buffer.alloc(1))).toBe(true)
      expect(assembler.open).toBe(false)
    }),
    { numRuns: 50 }
  )
})

test('a message above the limit is refused while it arrives', () => {
  const assembler = new Assembler()
  const chunk = new Uint8Array(LIMITS.chunkBytes.value)
  for (let bytes = 0; bytes < LIMITS.messageBytes.value; bytes += chunk.length) {
    expect(assembler.add(chunk, false)).toBeUndefined()
  }
  expect(() => assembler.add(Uint8Array.of(1), true)).toThrow(
    expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' })
  )
})

test('a budget refuses what exceeds it, and takes it once something was released', () => {
  const budget = new Budget(100)
  budget.take(100)
  expect(() => budget.take(1)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
  budget.release(1)
  budget.take(1)
  expect(budget.used).toBe(100)
})

test('budgets that share one have no more together, and a refusal costs neither', () => {
  const shared = new Budget(100)
  const [one, two] = [new Budget(80, shared), new Budget(80, shared)]
  one.take(80)
  expect(() => two.take(21)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
  two.take(20)
  one.release(80)
  expect([one.used, two.used, shared.used]).toEqual([0, 20, 20])
})
