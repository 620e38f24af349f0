/** The real process: what would end a worker thread's process ends only this one. */
import { expect, onTestFinished, test } from 'vitest'
import { createCalculator } from '../../../../agents/calc/calculator.ts'
import { toExpression } from '../../../../agents/calc/expression.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { systemClock } from '../../../../core/clock.ts'

function setup() {
  const calculator = createCalculator({ clock: systemClock })
  onTestFinished(() => calculator.stop())
  return (text: string): Promise<string> =>
    calculator.evaluate(toExpression(text), new AbortController().signal)
}

test('calculates what people write, and cuts off what nobody would read', async () => {
  const evaluate = setup()
  const examples: Readonly<Record<string, string>> = {
    'what is 0.1 + 0.2?': '0.3',
    '20% of 150': '30',
    '3 × 4²': '48',
    'square root of 16': '4',
    '√(9) =': '3',
    'convert 25 °C to °F': '77 degF',
    '100 GB / (50 Mb/s) to hours': '4.4444444444444 hours',
    'a = 3\nb = 4\nsqrt(a^2 + b^2)': '3\n4\n5',
    'inv([1, 2; 3, 4])': '[[-2, 1], [1.5, -0.5]]'
  }
  for (const [text, result] of Object.entries(examples)) expect(await evaluate(text)).toBe(result)
  expect((await evaluate('1:10000')).length).toBe(LIMITS.calcResult.value + 1)
})

// This ended the whole node when the calculator was a worker thread.
test('survives a matrix that no memory holds', async () => {
  const evaluate = setup()
  await expect(evaluate('1:1e9')).rejects.toThrow(/more memory|longer than/)
  expect(await evaluate('1 + 1')).toBe('2')
})

test('a calculation reaches nothing but arithmetic, and leaves nothing for the next', async () => {
  const evaluate = setup()
  await evaluate('secret = 42')
  await expect(evaluate('secret')).rejects.toThrow('Undefined symbol secret')
  for (const attempt of [
    'sin(x) = 7',
    'pi = 3',
    'config({number: "BigNumber"})',
    'typed("f", {})'
  ]) {
    await evaluate(attempt).catch(() => undefined)
  }
  expect(await evaluate('[sin(0), round(pi, 2)]')).toBe('[0, 3.14]')

  const attempts: Readonly<Record<string, string>> = {
    'cos.constructor("return process")': 'No access to',
    '"a".constructor': 'No access to',
    '{}.__proto__': 'No access to',
    'f(x) = x; f.constructor("return 1")': 'No access to',
    '2 * evaluate("1")': 'not available',
    'parse("x").compile': 'not available',
    'help(sin)': 'not available'
  }
  for (const [attempt, reason] of Object.entries(attempts)) {
    await expect(evaluate(attempt)).rejects.toThrow(reason)
  }
})
