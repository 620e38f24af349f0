import { expect, test } from 'vitest'
import { createPeerRateLimit } from '../../../core/peer-rate-limit.ts'
import { ManualClock } from '../../support/manual-clock.ts'

test('each peer has its own rate, and what was too much counts nothing', () => {
  const clock = new ManualClock()
  const limit = createPeerRateLimit({ clock }, { rate: 2, burst: 3 })
  limit.take('a', 3)
  limit.take('b', 3)
  const tooMuch = () => limit.take('a', 1)
  expect(tooMuch).toThrow(
    expect.objectContaining({ code: 'OVERLOADED', details: { retryAfterMs: 500 } })
  )
  expect(tooMuch).toThrow(expect.objectContaining({ details: { retryAfterMs: 500 } }))
  clock.jump(500)
  limit.take('a', 1)
})

test('what cannot be refused is done on credit, and has to be worked off', () => {
  const clock = new ManualClock()
  const limit = createPeerRateLimit({ clock }, { rate: 2, burst: 3 })
  expect(limit.charge('a', 3)).toBe(0)
  expect(limit.charge('a', 4)).toBe(2000)
  clock.jump(1500)
  expect(limit.charge('a', 0)).toBe(500)
  expect(() => limit.take('a', 1)).toThrow(
    expect.objectContaining({ details: { retryAfterMs: 1000 } })
  )
})
