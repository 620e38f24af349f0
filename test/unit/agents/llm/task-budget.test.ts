import { expect, test } from 'vitest'
import { createBudget } from '../../../../agents/llm/budget.ts'
import { createPurse } from '../../../../core/purse.ts'

const PRICE = { input: 10, output: 20 }
const SPENT = expect.objectContaining({ code: 'BUDGET_SPENT' })

test('what a model read and wrote is spent of the task’s budget, and so is what others have', async () => {
  const purse = createPurse({ tokens: 1000, money: 1 })
  const budget = createBudget('a', {}, { task: purse })
  budget.beginStep()
  budget.spend({ input: 300, output: 100 }, PRICE)
  expect(purse.left()).toEqual({ tokens: 600, money: expect.closeTo(1 - 0.005) })
  const share = await purse.reserve({ signal: new AbortController().signal })
  expect(() => budget.beginStep()).toThrow(SPENT)
  share.settle({ calls: 0, tokens: 100, money: 0 })
  expect(budget.beginStep()).toBe(2)
})

test.for([{ tokens: 400 }, { money: 0.005 }])(
  'no step begins with nothing left of %o',
  (limits) => {
    const budget = createBudget('a', {}, { task: createPurse(limits) })
    budget.beginStep()
    budget.spend({ input: 300, output: 100 }, PRICE)
    expect(() => budget.beginStep()).toThrow(SPENT)
  }
)

test('an answer that goes on beyond what is left is broken off', () => {
  const budget = createBudget('a', {}, { task: createPurse({ tokens: 100 }) })
  expect(() => budget.checkText(800)).not.toThrow()
  expect(() => budget.checkText(801)).toThrow(SPENT)
})
