import { expect, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { createBlame } from '../../../trust/blame.ts'
import { ManualClock } from '../../support/manual-clock.ts'

test('offences add up, and fade', () => {
  const clock = new ManualClock()
  const blame = createBlame({ clock })
  blame.add('a', 1)
  blame.add('a', 0.5)
  expect([blame.points('a'), blame.points('b')]).toEqual([1.5, 0])
  clock.jump(10_000)
  expect(blame.points('a')).toBe(0.5)
  clock.jump(10_000)
  expect(blame.points('a')).toBe(0)
})

test('the last offence is told, until all have faded', () => {
  const clock = new ManualClock()
  const blame = createBlame({ clock })
  blame.add('a', 1, 'gossip')
  blame.add('a', 1, 'PROTOCOL_VIOLATION')
  clock.jump(5000)
  expect(blame.of('a')).toEqual({ points: 1.5, reason: 'PROTOCOL_VIOLATION', agoMs: 5000 })
  clock.jump(15_000)
  expect([blame.of('a'), blame.of('b')]).toEqual([undefined, undefined])
})

test('the worst is forgotten within five minutes', () => {
  const clock = new ManualClock()
  const blame = createBlame({ clock })
  for (let offence = 0; offence < 1000; offence += 1) blame.add('a', 1)
  clock.jump(299_000)
  expect(blame.points('a')).toBeGreaterThan(0)
  clock.jump(2000)
  expect(blame.points('a')).toBe(0)
})

test('so many peers are remembered, those who offended last', () => {
  const blame = createBlame({ clock: new ManualClock() })
  for (let peer = 0; peer <= LIMITS.blamedPeers.value; peer += 1) blame.add(`peer ${peer}`, 1)
  expect(blame.points('peer 0')).toBe(0)
  expect(blame.points('peer 1')).toBe(1)
})
