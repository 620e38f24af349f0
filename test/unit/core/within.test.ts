/** Work that is given up in time, also when it heeds no signal. */
import { expect, test } from 'vitest'
import { within } from '../../../core/within.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const hang = (): Promise<never> => new Promise(() => undefined)

test('what heeds no signal is given up after its time, and what is done in time is not', async () => {
  const clock = new ManualClock()
  let heard: AbortSignal | undefined
  const late = within(clock, { ms: 100 }, (signal) => {
    heard = signal
    return hang()
  })
  const done = within(clock, { ms: 100 }, async () => 'done')
  await expect(done).resolves.toBe('done')
  const outcome = late.catch((error: unknown) => error)
  await clock.advance(100)
  expect(await outcome).toMatchObject({ name: 'TimeoutError' })
  expect(heard?.aborted).toBe(true)
  expect(clock.pending).toBe(0)
})

test('a signal ends it sooner, with its own reason', async () => {
  const clock = new ManualClock()
  const controller = new AbortController()
  const work = within(clock, { ms: 100, signal: controller.signal }, hang)
  const outcome = work.catch((error: unknown) => error)
  controller.abort('enough')
  expect(await outcome).toBe('enough')
  expect(clock.pending).toBe(0)
})
