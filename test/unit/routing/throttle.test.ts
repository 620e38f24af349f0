import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { createThrottle } from '../../../routing/throttle.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/random.ts'

const WORKER = { peer: 'p', agentId: 'a' }
const FULL = new LumosError('OVERLOADED', { details: { retryAfterMs: 700 } })

function setup() {
  const clock = new ManualClock()
  const throttle = createThrottle({ clock, random: seededRandom(7) })
  let accepts = 0
  /** Of so many tasks, 10 ms apart, those that were sent; the worker takes those that `takes` says. */
  function ask(count: number, takes: (sent: number) => boolean): number {
    let sent = 0
    accepts = 0
    for (let each = 0; each < count; each += 1) {
      clock.jump(10)
      if (throttle.refusal(WORKER) !== undefined) continue
      sent += 1
      if (takes(sent)) {
        accepts += 1
        throttle.accepted(WORKER)
      } else throttle.refused(WORKER, FULL)
    }
    return sent
  }
  return { clock, throttle, ask, accepts: () => accepts }
}

test('a worker that takes everything, or now and then refuses, is asked for everything', () => {
  const { ask } = setup()
  expect(ask(500, () => true)).toBe(500)
  expect(ask(500, (sent) => sent % 3 !== 0)).toBe(500)
})

test('a worker that takes ten tasks a second of a hundred is sent twice of what it takes', () => {
  const { clock, ask, accepts } = setup()
  let next = 0
  const tenth = (): boolean => {
    if (clock.monotonic() < next) return false
    next = clock.monotonic() + 100
    return true
  }
  ask(6000, tenth)
  const sent = ask(6000, tenth)
  expect(accepts()).toBeGreaterThan(200)
  expect(sent / accepts()).toBeGreaterThan(1.7)
  expect(sent / accepts()).toBeLessThan(2.4)
})

test('a worker that takes nothing is still asked once a second', () => {
  const { ask } = setup()
  ask(1000, () => false)
  expect(ask(3000, () => false)).toBeGreaterThanOrEqual(29)
})

test('it is soon asked for everything again when it has recovered', () => {
  const { ask } = setup()
  ask(3000, () => false)
  ask(6000, () => true)
  expect(ask(1000, () => true)).toBeGreaterThan(950)
})

test('what is refused here says when to come back, as the worker did, within reason', () => {
  const { clock, throttle } = setup()
  for (const [told, expected] of [
    [700, 700],
    [1e300, 30_000],
    [-5, 50]
  ] as const) {
    const error = new LumosError('OVERLOADED', { details: { retryAfterMs: told } })
    for (let each = 0; each < 100; each += 1) throttle.refused(WORKER, error)
    const refusals = Array.from({ length: 20 }, () => throttle.refusal(WORKER))
    expect(refusals.find((one) => one !== undefined)).toMatchObject({
      code: 'OVERLOADED',
      details: { retryAfterMs: expected }
    })
    clock.jump(1)
  }
})

test('one worker’s refusals say nothing of another one, or of another agent there', () => {
  const { throttle } = setup()
  for (let each = 0; each < 100; each += 1) throttle.refused(WORKER, FULL)
  expect(throttle.refusal({ peer: 'q', agentId: 'a' })).toBeUndefined()
  expect(throttle.refusal({ peer: 'p', agentId: 'b' })).toBeUndefined()
})
