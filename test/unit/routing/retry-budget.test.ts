import { expect, test } from 'vitest'
import { createRetryBudget } from '../../../routing/retry-budget.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function setup() {
  const clock = new ManualClock()
  const budget = createRetryBudget(clock)
  function drain(): number {
    let count = 0
    while (budget.withdraw()) count += 1
    return count
  }
  return { clock, budget, drain }
}

test('a tenth of the calls may be repeated', () => {
  const { budget, drain } = setup()
  drain()
  for (let call = 0; call < 500; call += 1) budget.deposit()
  expect(drain()).toBe(50)
})

test('who asks seldom may repeat once a second', async () => {
  const { clock, drain } = setup()
  drain()
  await clock.advance(5000)
  expect(drain()).toBe(5)
})

test('what was saved up is bounded', async () => {
  const { clock, budget, drain } = setup()
  await clock.advance(3_600_000)
  for (let call = 0; call < 10_000; call += 1) budget.deposit()
  expect(drain()).toBe(100)
})
