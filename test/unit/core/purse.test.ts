import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_USAGE } from '../../../core/budget.ts'
import type { Budget } from '../../../core/budget.ts'
import { createPurse } from '../../../core/purse.ts'
import type { Purse } from '../../../core/purse.ts'

const { signal } = new AbortController()

function reserve(purse: Purse, wish?: Budget) {
  return purse.reserve({ wish, signal })
}

test('one that is asked may spend all that is left, and the question is a call', async () => {
  const purse = createPurse({ calls: 20, tokens: 1000, money: 0.1 })
  purse.spend({ tokens: 100 })
  const share = await reserve(purse)
  expect(share.budget).toEqual({ calls: 19, tokens: 900, money: 0.1 })
  expect(purse.left()).toEqual({ calls: 0, tokens: 0, money: 0 })
  share.settle({ calls: 3, tokens: 200, money: 0.01 })
  expect(purse.used).toEqual({ calls: 4, tokens: 300, money: 0.01 })
  expect(purse.left()).toEqual({ calls: 16, tokens: 700, money: 0.1 - 0.01 })
})

test('those that are asked in the same moment share alike', async () => {
  const purse = createPurse({ calls: 9, tokens: 900 })
  const shares = await Promise.all([reserve(purse), reserve(purse), reserve(purse)])
  expect(shares.map(({ budget }) => budget)).toEqual(
    Array.from({ length: 3 }, () => ({ calls: 2, tokens: 300 }))
  )
})

test('who says how much it wants gets that, and leaves the rest', async () => {
  const purse = createPurse({ tokens: 900 })
  const share = await reserve(purse, { tokens: 100, calls: 2 })
  expect(share.budget).toEqual({ tokens: 100, calls: 2 })
  expect(purse.left()).toEqual({ tokens: 800 })
})

test('who comes when all is given out waits until something comes back', async () => {
  const purse = createPurse({ tokens: 900 })
  const first = await reserve(purse)
  const second = reserve(purse)
  first.settle({ ...NO_USAGE, tokens: 400 })
  expect((await second).budget).toEqual({ tokens: 500 })
})

test('who waits for what does not come back is refused', async () => {
  const purse = createPurse({ tokens: 900 })
  const first = await reserve(purse)
  const second = reserve(purse)
  first.settle(undefined)
  await expect(second).rejects.toMatchObject({
    code: 'BUDGET_SPENT',
    details: { what: 'tokens', limit: 900 }
  })
  await expect(reserve(purse)).rejects.toMatchObject({ code: 'BUDGET_SPENT' })
})

test('one that lies about what it spent ruins nobody, and one that took nothing costs nothing', async () => {
  const purse = createPurse({ tokens: 900 })
  const liar = await reserve(purse, { tokens: 100 })
  liar.settle({ calls: 0, tokens: 1e12, money: 0 })
  expect(purse.left()).toEqual({ tokens: 800 })
  const refusing = await reserve(purse)
  refusing.giveBack()
  refusing.settle(undefined)
  expect(purse.left()).toEqual({ tokens: 800 })
})

test('a run that is over waits no more', async () => {
  const purse = createPurse({ tokens: 900 })
  await reserve(purse)
  const run = new AbortController()
  const waiting = purse.reserve({ signal: run.signal })
  run.abort(new Error('over'))
  await expect(waiting).rejects.toThrow('over')
})

test('however many ask, wish, spend and lie: what is given and spent never exceeds the budget', async () => {
  const amount = fc.nat(50)
  const step = fc.record({
    wish: fc.option(fc.record({ calls: amount, tokens: amount }), { nil: undefined }),
    spends: fc.option(fc.record({ calls: amount, tokens: amount, money: fc.constant(0) }), {
      nil: undefined
    })
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.nat(40), async (steps, calls) => {
      const purse = createPurse({ calls, tokens: 100 })
      const asked = steps.map(async ({ wish, spends }) => {
        const share = await reserve(purse, wish)
        expect(purse.used.calls).toBeLessThanOrEqual(calls)
        expect(purse.used.tokens).toBeLessThanOrEqual(100)
        share.settle(spends)
      })
      await Promise.allSettled(asked)
      expect(purse.used.calls).toBeLessThanOrEqual(calls)
      expect(purse.used.tokens).toBeLessThanOrEqual(100)
    })
  )
})
