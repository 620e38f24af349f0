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
  const refused = expect(late).rejects.toMatchObject({ name: 'TimeoutError' })
  await clock.advance(100)
  await refused
  expect(heard?.aborted).toBe(true)
  expect(clock.pending).toBe(0)
})

test('a signal ends it sooner, with its own reason', async () => {
  const clock = new ManualClock()
  const controller = new AbortController()
  const work = within(clock, { ms: 100, signal: controller.signal }, hang)
  const refused = expect(work).rejects.toBe('enough')
  controller.abort('enough')
  await refused
  expect(clock.pending).toBe(0)
})
