import { expect, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { silentLogger } from '../../../core/logger.ts'
import { createBlame } from '../../../trust/blame.ts'
import { ManualClock } from '../../support/manual-clock.ts'

test('offences add up, and fade', () => {
  const clock = new ManualClock()
  const blame = createBlame({ clock, logger: silentLogger })
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
  const blame = createBlame({ clock, logger: silentLogger })
  blame.add('a', 1, 'gossip')
  blame.add('a', 1, 'PROTOCOL_VIOLATION')
  clock.jump(5000)
  expect(blame.of('a')).toEqual({ points: 1.5, reason: 'PROTOCOL_VIOLATION', agoMs: 5000 })
  clock.jump(15_000)
  expect([blame.of('a'), blame.of('b')]).toEqual([undefined, undefined])
})

test('the worst is forgotten within five minutes', () => {
  const clock = new ManualClock()
  const blame = createBlame({ clock, logger: silentLogger })
  for (let offence = 0; offence < 1000; offence += 1) blame.add('a', 1)
  clock.jump(299_000)
  expect(blame.points('a')).toBeGreaterThan(0)
  clock.jump(2000)
  expect(blame.points('a')).toBe(0)
})

test('so many peers are remembered, those who offended last', () => {
  const blame = createBlame({ clock: new ManualClock(), logger: silentLogger })
  for (let peer = 0; peer <= LIMITS.blamedPeers.value; peer += 1) blame.add(`peer ${peer}`, 1)
  expect(blame.points('peer 0')).toBe(0)
  expect(blame.points('peer 1')).toBe(1)
})

test('the log names who did what nobody honest does: once a minute, whatever it goes on doing', () => {
  const clock = new ManualClock()
  const lines: unknown[] = []
  const logger = { warn: (_: string, fields?: object) => void lines.push(fields) }
  const blame = createBlame({ clock, logger })
  blame.add('clumsy', 0.2)
  for (let times = 0; times < 50; times += 1) blame.add('evil', 1, 'PROTOCOL_VIOLATION')
  expect(lines).toEqual([{ peer: 'evil', reason: 'PROTOCOL_VIOLATION' }])
  clock.jump(60_000)
  blame.add('evil', 1)
  expect(lines).toEqual([{ peer: 'evil', reason: 'PROTOCOL_VIOLATION' }, { peer: 'evil' }])
})
