/** The calculator: turns, deadlines and the life of its process, with a process made of promises. */
import { expect, test, vi } from 'vitest'
import { createCalculator } from '../../../../agents/calc/calculator.ts'
import type { CalculationDone } from '../../../../agents/calc/calculation.ts'
import type { CalculatorProcess } from '../../../../agents/calc/calculator-process.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const never = new AbortController().signal

/** Starts processes that answer only when the test says so. */
function setup() {
  const clock = new ManualClock()
  const asked: { expression: string; done: PromiseWithResolvers<CalculationDone> }[] = []
  const kill = vi.fn<() => void>()
  const holds: boolean[] = []
  const start = vi.fn<() => CalculatorProcess>(() => {
    const gone = Promise.withResolvers<void>()
    return {
      ready: Promise.resolve(),
      calculate(expression) {
        const done = Promise.withResolvers<CalculationDone>()
        asked.push({ expression, done })
        void gone.promise.then(() => done.reject(new Error('died')))
        return done.promise
      },
      hold: (held) => void holds.push(held),
      kill() {
        kill()
        gone.resolve()
      },
      gone: gone.promise
    }
  })
  const calculator = createCalculator({ clock, start })
  async function answer(text: string, failed = false): Promise<void> {
    await clock.advance(0)
    asked.at(-1)?.done.resolve({ id: asked.length, text, failed })
  }
  return { clock, calculator, start, kill, asked, holds, answer }
}

test('starts nothing before the first calculation, and keeps the process for the next', async () => {
  const { calculator, start, answer, holds } = setup()
  expect(start).not.toHaveBeenCalled()
  for (const text of ['4', '6']) {
    const result = calculator.evaluate('x', never)
    await answer(text)
    expect(await result).toBe(text)
  }
  expect(start).toHaveBeenCalledOnce()
  expect(holds).toEqual([true, false, true, false])
})

test('one calculation at a time, in the order they came', async () => {
  const { calculator, asked, answer } = setup()
  const results = ['a', 'b', 'c'].map((expression) => calculator.evaluate(expression, never))
  for (const text of ['A', 'B', 'C']) await answer(text)
  expect(await Promise.all(results)).toEqual(['A', 'B', 'C'])
  expect(asked.map(({ expression }) => expression)).toEqual(['a', 'b', 'c'])
})

test('a wrong expression fails, and the process lives', async () => {
  const { calculator, answer, kill } = setup()
  const result = calculator.evaluate('1 +', never).catch((error: Error) => error.message)
  await answer('unexpected end', true)
  expect(await result).toBe('unexpected end')
  expect(kill).not.toHaveBeenCalled()
})

test('a calculation without end is killed at its deadline, and the next gets a new process', async () => {
  const { calculator, clock, start, kill, answer } = setup()
  const endless = calculator.evaluate('∞', never).catch((error: Error) => error.message)
  const next = calculator.evaluate('2', never)
  await clock.advance(LIMITS.calcTime.value)
  expect(await endless).toBe('it takes longer than 3 s')
  expect(kill).toHaveBeenCalledOnce()
  await answer('2')
  expect(await next).toBe('2')
  expect(start).toHaveBeenCalledTimes(2)
})

test('a cancelled calculation ends with the reason, and its process with it', async () => {
  const { calculator, clock, kill } = setup()
  const controller = new AbortController()
  const result = calculator.evaluate('x', controller.signal).catch((error: unknown) => error)
  await clock.advance(0)
  const reason = new Error('enough')
  controller.abort(reason)
  expect(await result).toBe(reason)
  expect(kill).toHaveBeenCalledOnce()
})

test('one that is cancelled while it waits costs the others nothing', async () => {
  const { calculator, asked, answer, kill } = setup()
  const controller = new AbortController()
  const first = calculator.evaluate('a', never)
  const second = calculator.evaluate('b', controller.signal).catch(() => 'cancelled')
  const third = calculator.evaluate('c', never)
  controller.abort()
  expect(await second).toBe('cancelled')
  await answer('A')
  expect(await first).toBe('A')
  await answer('C')
  expect(await third).toBe('C')
  expect(asked.map(({ expression }) => expression)).toEqual(['a', 'c'])
  expect(kill).not.toHaveBeenCalled()
})

test('more than can wait are refused at once', async () => {
  const { calculator, kill } = setup()
  const controller = new AbortController()
  const waiting = Array.from({ length: LIMITS.calcQueue.value }, () =>
    calculator.evaluate('x', controller.signal).catch(() => undefined)
  )
  await expect(calculator.evaluate('x', never)).rejects.toMatchObject({ code: 'OVERLOADED' })
  controller.abort()
  await Promise.all(waiting)
  expect(kill.mock.calls.length).toBeLessThanOrEqual(1)
})

test('the process goes when it has been idle, and when the node stops', async () => {
  const { calculator, clock, kill, answer } = setup()
  const result = calculator.evaluate('x', never)
  await answer('X')
  await result
  await clock.advance(LIMITS.calcIdle.value)
  expect(kill).toHaveBeenCalledOnce()
  const again = calculator.evaluate('x', never)
  await answer('X')
  await again
  await calculator.stop()
  expect(kill).toHaveBeenCalledTimes(2)
})
