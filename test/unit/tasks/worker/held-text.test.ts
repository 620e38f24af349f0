/** When text of an agent becomes an event: at once for who waits, and not word by word. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { createHeldText } from '../../../../tasks/worker/held-text.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setup({ awaited = true } = {}) {
  const clock = new ManualClock()
  const reader = { awaited }
  const given: string[] = []
  const text = createHeldText({
    clock,
    isAwaited: () => reader.awaited,
    give: () => given.push(text.take())
  })
  return { clock, reader, given, text }
}

test('the first words come at once, and those of the same turn together behind them', async () => {
  const { given, text } = setup()
  text.add('first')
  expect(given).toEqual(['first'])
  for (const word of [' second', ' third', ' fourth']) {
    text.add(word)
    text.wanted()
  }
  expect(given).toEqual(['first'])
  await turn()
  expect(given).toEqual(['first', ' second third fourth'])
  await turn()
  text.add(' fifth')
  expect(given).toEqual(['first', ' second third fourth', ' fifth'])
})

test('nobody waits: text gathers, until its time or until somebody does', async () => {
  const { clock, given, text } = setup({ awaited: false })
  text.add('a')
  text.add('b')
  await turn()
  expect(given).toEqual([])
  await clock.advance(LIMITS.deltaDelay.value)
  expect(given).toEqual(['ab'])
  text.add('c')
  text.wanted()
  expect(given).toEqual(['ab', 'c'])
})

test('a reader that goes away between two pieces leaves the rest to the clock', async () => {
  const { clock, reader, given, text } = setup()
  text.add('a')
  text.add('b')
  reader.awaited = false
  await turn()
  expect(given).toEqual(['a'])
  await clock.advance(LIMITS.deltaDelay.value)
  expect(given).toEqual(['a', 'b'])
})

test('much text waits for nobody', () => {
  const { given, text } = setup({ awaited: false })
  text.add('x'.repeat(LIMITS.deltaBytes.value))
  expect(given).toHaveLength(1)
})

test('what was stopped gives nothing by itself, and loses nothing', async () => {
  const { clock, reader, given, text } = setup({ awaited: false })
  text.add('a')
  text.stop()
  reader.awaited = true
  text.wanted()
  await clock.advance(LIMITS.deltaDelay.value)
  await turn()
  expect(given).toEqual([])
  expect(text.take()).toBe('a')
})
