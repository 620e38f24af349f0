import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { createMoveTimer } from '../../../../tasks/caller/move-timer.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const GRACE = LIMITS.failoverGrace.value

test('another worker is asked when the grace is over, which is known before, and then half as often each time', () => {
  const clock = new ManualClock()
  const moves = createMoveTimer(clock)
  expect(moves.dueInMs()).toBe(Infinity)
  expect(moves.isDue(false)).toBe(false)
  expect(moves.dueInMs()).toBe(GRACE)
  clock.jump(GRACE)
  expect([moves.dueInMs(), moves.isDue(false), moves.dueInMs()]).toEqual([0, true, 2 * GRACE])
})

test('a worker that was waited for already has no grace, unless it is there after all', () => {
  const moves = createMoveTimer(new ManualClock())
  moves.hurry()
  expect(moves.isDue(false)).toBe(true)
  expect(moves.isDue(true)).toBe(false)
  expect(moves.dueInMs()).toBe(Infinity)
})
