import { expect, test } from 'vitest'
import { putLoad } from '../../../../cli/bench/load.ts'
import type { Load, Second } from '../../../../cli/bench/load.ts'
import { LumosError } from '../../../../core/errors.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setup(load: Partial<Load> = {}, clock = new ManualClock()) {
  const stop = new AbortController()
  const turns: string[] = []
  const running = putLoad(
    clock,
    {
      callers: 1,
      durationMs: 1000,
      act: async (caller, turn) => {
        turns.push(`${caller}.${turn}`)
        await clock.sleep(100)
        return {}
      },
      ...load
    },
    stop.signal
  )
  running.catch(() => undefined)
  return { clock, stop, turns, running }
}

test('each caller has one thing in the air, until the time is over', async () => {
  const { clock, turns, running } = setup({ callers: 2, durationMs: 250 })
  await clock.advance(300)
  const { done, tookMs, latencies } = await running
  expect(turns).toEqual(['0.0', '1.0', '0.1', '1.1', '0.2', '1.2'])
  expect({ done, tookMs }).toEqual({ done: 6, tookMs: 300 })
  expect(latencies.quantile(0.5)).toBeCloseTo(100, -1)
})

test('counts by node, and takes the time that the node has measured', async () => {
  const clock = new ManualClock()
  const act: Load['act'] = async (caller) => {
    await clock.sleep(100)
    return { node: caller === 0 ? 'oak' : 'elm', bytes: 10, ms: 2, firstMs: 1 }
  }
  const { running } = setup({ callers: 3, durationMs: 100, act }, clock)
  await clock.advance(100)
  const { byNode, bytes, latencies, first } = await running
  expect([...byNode]).toEqual([
    ['oak', 1],
    ['elm', 2]
  ])
  expect(bytes).toBe(30)
  expect(latencies.maxMs).toBe(2)
  expect(first.count).toBe(3)
})

test('who is turned away waits as long as it was told, and has not failed', async () => {
  let asked = 0
  const { clock, running } = setup({
    act: async () => {
      asked += 1
      throw new LumosError('OVERLOADED', { details: { retryAfterMs: 400 } })
    }
  })
  await clock.advance(399)
  expect(asked).toBe(1)
  await clock.advance(801)
  const { refused, errors, done } = await running
  expect({ refused, failed: errors.size, done }).toEqual({ refused: 3, failed: 0, done: 0 })
})

test('what fails is counted by its code, and tried no faster than ten times a second', async () => {
  const { clock, running } = setup({
    act: async () => {
      throw new LumosError('TIMED_OUT')
    }
  })
  await clock.advance(1000)
  const { errors } = await running
  expect([...errors]).toEqual([['TIMED_OUT', 10]])
})

test('tells each second what happened in it', async () => {
  const seconds: Second[] = []
  const { clock, running } = setup({
    durationMs: 2500,
    onSecond: (second) => seconds.push(second)
  })
  await clock.advance(2500)
  await running
  expect(seconds.map(({ number }) => number)).toEqual([1, 2])
  const told = seconds.reduce((sum, { done }) => sum + done, 0)
  expect(told).toBeGreaterThanOrEqual(18)
})

test('ends at once with the reason of its signal', async () => {
  const { clock, stop, running } = setup({ durationMs: 60_000 })
  await clock.advance(150)
  stop.abort(new Error('Ctrl-C'))
  await clock.advance(100)
  await expect(running).rejects.toThrow('Ctrl-C')
})
