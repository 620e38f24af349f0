import { expect, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { createRetryBudget } from '../../../routing/retry-budget.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function setup() {
  const clock = new ManualClock()
  const budget = createRetryBudget(clock)
  function drain(kind = 'echo'): number {
    let count = 0
    while (budget.withdraw(kind)) count += 1
    return count
  }
  return { clock, budget, drain }
}

test('a tenth of the calls may be repeated', () => {
  const { budget, drain } = setup()
  drain()
  for (let call = 0; call < 500; call += 1) budget.deposit('echo')
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
  for (let call = 0; call < 10_000; call += 1) budget.deposit('echo')
  expect(drain()).toBe(100)
})

test('a flood of one kind of tasks leaves the retries of the others alone', () => {
  const { budget, drain } = setup()
  const before = drain('flood')
  for (let call = 0; call < 15; call += 1) budget.deposit('calm')
  expect(drain('flood')).toBe(0)
  expect(drain('calm')).toBe(before + 1)
})

test('kinds without number cost no memory without end: those asked for longest ago begin anew', () => {
  const { budget, drain } = setup()
  const before = drain('old')
  for (let kind = 0; kind < LIMITS.retryKinds.value; kind += 1) budget.deposit(String(kind))
  expect(drain('old')).toBe(before)
})
