import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import {
  createStatementGate,
  encodeStatement
} from '../../../../discovery/presence/presence-statement.ts'
import type { Statement } from '../../../../discovery/presence/presence-statement.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const BASE: Statement = {
  v: 2,
  seq: 1,
  sentAt: 0,
  ttlMs: 15_000,
  leaving: false,
  name: 'amber-otter',
  load: 0.25,
  slots: 4,
  cards: ['0123456789abcdef'],
  addresses: ['/ip4/192.0.2.7/tcp/4001']
}

function setup() {
  const clock = new ManualClock()
  const gate = createStatementGate(clock)
  const say = (extra: object, author = 'alice') =>
    gate.judge(author, encodeStatement({ ...BASE, ...extra }))
  return { clock, gate, say }
}

test('a new statement is believed and relayed', () => {
  const { say } = setup()
  expect(say({})).toEqual({ verdict: 'accept', statement: BASE })
})

test('what was said before, or earlier, is ignored: by each author for itself', () => {
  const { say } = setup()
  say({ seq: 5 })
  expect(say({ seq: 5 })).toEqual({ verdict: 'ignore', why: 'replayed' })
  expect(say({ seq: 4 })).toEqual({ verdict: 'ignore', why: 'replayed' })
  expect(say({ seq: 4 }, 'bob')).toMatchObject({ verdict: 'accept' })
  expect(say({ seq: 6 })).toMatchObject({ verdict: 'accept' })
})

test('a statement from another time is ignored, since either clock may be wrong', async () => {
  const { clock, say } = setup()
  await clock.advance(100_000)
  expect(say({ sentAt: 39_999 })).toEqual({ verdict: 'ignore', why: 'skewed' })
  expect(say({ sentAt: 160_001 })).toEqual({ verdict: 'ignore', why: 'skewed' })
  expect(say({ seq: 2, sentAt: 40_000 })).toMatchObject({ verdict: 'accept' })
  expect(say({ seq: 3, sentAt: 160_000 })).toMatchObject({ verdict: 'accept' })
})

test.for([
  ['a load above one', { load: 1.5 }],
  ['a negative load', { load: -0.1 }],
  ['a digest that is none', { cards: ['nope'] }],
  ['too many cards', { cards: Array.from({ length: 65 }, () => BASE.cards[0]) }],
  ['a life of a week', { ttlMs: 7 * 24 * 3600 * 1000 }],
  ['another version', { v: 1 }],
  ['no number', { seq: undefined }],
  ['a name without end', { name: 'x'.repeat(64) }]
] as const)('%s is rejected', ([, extra]) => {
  const { say } = setup()
  expect(say(extra)).toEqual({ verdict: 'reject', why: 'malformed' })
})

test('a message above the limit is rejected before it is read', () => {
  const { gate } = setup()
  const data = new Uint8Array(LIMITS.presenceBytes.value + 1)
  expect(gate.judge('alice', data)).toEqual({ verdict: 'reject', why: 'oversize' })
})

test('64 cards and the longest name fit', () => {
  const { say } = setup()
  const cards = Array.from({ length: 64 }, (_, index) => index.toString(16).padStart(16, '0'))
  expect(say({ cards, name: 'x'.repeat(63) })).toMatchObject({ verdict: 'accept' })
})

test('an author that says too much is not heard for a while; others are', async () => {
  const { clock, say } = setup()
  const said = Array.from({ length: 30 }, (_, index) => say({ seq: index + 1 }).verdict)
  expect(said.filter((verdict) => verdict === 'accept')).toHaveLength(10)
  expect(say({}, 'bob')).toMatchObject({ verdict: 'accept' })
  await clock.advance(1000)
  expect(say({ seq: 100 })).toMatchObject({ verdict: 'accept' })
})

test('bytes of any kind get a verdict and never an exception', () => {
  const { gate } = setup()
  fc.assert(
    fc.property(
      fc.string(),
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.json().map((text) => new TextEncoder().encode(text))
      ),
      (author, data) => {
        expect(gate.judge(author, data).verdict).not.toBe('accept')
      }
    ),
    { numRuns: 1000 }
  )
})
