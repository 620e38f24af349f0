import { expect, test } from 'vitest'
import { createTokenBucket } from '../../../core/token-bucket.ts'
import { ManualClock } from '../../support/manual-clock.ts'

test('gives a burst, then as many as come back, and never saves up more', () => {
  const clock = new ManualClock()
  const bucket = createTokenBucket({ clock }, { rate: 10, burst: 5 })
  expect([bucket.take(3), bucket.take(3), bucket.take(2)]).toEqual([true, false, true])
  clock.jump(100)
  expect([bucket.take(1), bucket.take(1)]).toEqual([true, false])
  clock.jump(3_600_000)
  expect([bucket.take(6), bucket.take(5), bucket.take(1)]).toEqual([false, true, false])
})

test('what is taken on credit is paid back before anything else is given', () => {
  const clock = new ManualClock()
  const bucket = createTokenBucket({ clock }, { rate: 10, burst: 5 })
  bucket.charge(8)
  expect([bucket.take(1), bucket.waitMs(1)]).toEqual([false, 400])
  clock.jump(400)
  expect([bucket.waitMs(1), bucket.take(1), bucket.take(1)]).toEqual([0, true, false])
})
