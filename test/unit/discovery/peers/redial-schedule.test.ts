import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import type { ErrorCode } from '../../../../core/errors.ts'
import { refusedDelay, retryDelay } from '../../../../discovery/peers/backoff.ts'
import { PeerBook } from '../../../../discovery/peers/peer-book.ts'
import { RedialSchedule } from '../../../../discovery/peers/redial-schedule.ts'
import type { Slots } from '../../../../discovery/peers/redial-schedule.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'

const MANY: Slots = { free: 100, strangers: 100, lost: 100, retries: 100 }
const MAX_RETRY_MS = 60_000
const MINUTES_15 = 15 * 60_000

function setup(seed = 1) {
  const book = new PeerBook({ clock: new ManualClock(), keep: () => false }, { self: 'self' })
  const schedule = new RedialSchedule({ random: seededRandom(seed), book })
  function know(...peers: readonly string[]): void {
    for (const [index, peer] of peers.entries()) {
      const address = `/ip4/10.${index}.0.1/tcp/4001`
      book.learn({ peer, addresses: [address], foundBy: 'exchange' })
      schedule.meet(peer, 0)
    }
  }
  function take(now: number, slots: Partial<Slots> = {}): string[] {
    const targets = schedule.take(now, { ...MANY, ...slots })
    return targets.map(({ peer, address }) => peer ?? address ?? '')
  }
  function fail(peer: string, now: number, code: ErrorCode = 'PEER_UNREACHABLE'): void {
    const error = new LumosError(code, { details: { peer } })
    schedule.ended({ peer, address: undefined })
    schedule.failed({ peer, address: undefined }, now, { error, failures: [] })
  }
  const goal = (peer: string, now = 0) => schedule.goals(now).find((each) => each.peer === peer)
  return { book, schedule, know, take, fail, goal }
}

test('retries come within a doubling ceiling, never at once and never later than a minute', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer(), (failures, seed) => {
      const delay = retryDelay(failures, seededRandom(seed))
      expect(delay).toBeGreaterThanOrEqual(100)
      expect(delay).toBeLessThanOrEqual(Math.min(MAX_RETRY_MS, 1000 * 2 ** (failures - 1)))
    })
  )
})

test('who refused us is asked again after half a minute at the earliest', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const delay = refusedDelay(seededRandom(seed))
      expect(delay).toBeGreaterThanOrEqual(MAX_RETRY_MS / 2)
      expect(delay).toBeLessThanOrEqual(MAX_RETRY_MS)
    })
  )
})

test('when one that was cut off is back, the others that were are tried within two seconds', () => {
  const { schedule, know, take, fail, goal } = setup()
  know('a', 'b', 'c', 'stranger')
  for (const peer of ['a', 'b', 'c']) {
    schedule.opened(peer, 0)
    schedule.closed(peer, 0, 'lost')
  }
  const times = [1000, 5000, 20_000, 60_000, 120_000, 180_000, 240_000, 300_000]
  for (const now of times) for (const peer of take(now)) fail(peer, now)
  const now = times.at(-1) ?? 0
  const wait = (peer: string): number => goal(peer, now)?.retryInMs ?? Infinity
  const stranger = wait('stranger')
  expect(wait('b') + wait('c')).toBeGreaterThan(4000)
  schedule.opened('a', now)
  expect(wait('b')).toBeLessThanOrEqual(2000)
  expect(wait('c')).toBeLessThanOrEqual(2000)
  expect(wait('stranger')).toBe(stranger)
  // It was not away now.
  for (const peer of ['b', 'c']) fail(peer, now + 2000)
  schedule.opened('a', now + 2000)
  expect(wait('b') + wait('c')).toBeGreaterThan(4000)
})

test('a peer is dialled by one dial at a time', () => {
  const { know, take } = setup()
  know('a', 'b')
  expect(take(0).toSorted()).toEqual(['a', 'b'])
  expect(take(0)).toEqual([])
})

test('no more strangers are dialled than are wanted', () => {
  const { know, take } = setup()
  know('a', 'b', 'c')
  expect(take(0, { strangers: 2, lost: 2 })).toHaveLength(2)
  expect(take(0, { strangers: 0, lost: 0 })).toEqual([])
})

test('a lost peer is dialled though no stranger is wanted', () => {
  const { schedule, know, take } = setup()
  know('lost', 'stranger')
  schedule.opened('lost', 0)
  schedule.closed('lost', 0, 'lost')
  expect(take(1000, { strangers: 0, lost: 4 })).toEqual(['lost'])
})

test('a released peer rests for a quarter of an hour, unless strangers are wanted', () => {
  const { schedule, know, take } = setup()
  know('a')
  schedule.opened('a', 0)
  schedule.closed('a', 0, 'released')
  const content = { strangers: 0, lost: 4 }
  expect(take(MINUTES_15 - 1, content)).toEqual([])
  expect(schedule.nextDue(1000, { ...MANY, ...content })).toBeUndefined()
  expect(take(1000)).toEqual(['a'])
})

test('peers that failed wait their turn behind those that have not been tried', () => {
  const { know, take, fail } = setup()
  know('dead', 'fresh')
  fail('dead', 0)
  expect(take(1000, { strangers: 1, lost: 1 })).toEqual(['fresh'])
})

test('peers that failed take no more than their share of the dials', () => {
  const { know, take, fail } = setup()
  const dead = Array.from({ length: 6 }, (_, index) => `dead${index}`)
  know(...dead)
  for (const peer of dead) fail(peer, 0)
  expect(take(1000, { free: 8, retries: 4 })).toHaveLength(4)
})

test('pinned addresses are dialled for ever, whatever is connected', () => {
  const { schedule } = setup()
  const address = '/ip4/10.0.0.1/tcp/4001'
  schedule.pin(address, 'bootstrap')
  const nothingWanted = { free: 8, strangers: 0, lost: 0, retries: 4 }
  let now = 0
  for (let round = 0; round < 50; round++) {
    expect(schedule.take(now, nothingWanted)).toMatchObject([{ address }])
    const error = new LumosError('PEER_UNREACHABLE', { details: { peer: address } })
    schedule.ended({ peer: undefined, address })
    schedule.failed({ peer: undefined, address }, now, { error, failures: [] })
    const due = schedule.nextDue(now, nothingWanted) ?? Infinity
    expect(due - now).toBeLessThanOrEqual(MAX_RETRY_MS)
    now = due
  }
})

test('a pinned address that has answered stands for its peer', () => {
  const { schedule, know, take } = setup()
  const address = '/ip4/10.0.0.1/tcp/4001'
  know('a')
  schedule.pin(address, 'manual')
  expect(schedule.isPinned('a')).toBe(false)
  schedule.answered(address, 'a')
  schedule.opened('a', 0)
  expect(schedule.isHeld('a')).toBe(true)
  expect(schedule.goals(0)).toMatchObject([{ peer: 'a', pinned: true, state: 'connected' }])
  schedule.closed('a', 0, 'lost')
  expect(take(1000, { strangers: 0, lost: 0 })).toEqual(['a'])
})

test('two pinned addresses of one peer make one dial', () => {
  const { schedule, take } = setup()
  for (const address of ['/ip4/10.0.0.1/tcp/1', '/ip4/10.0.0.2/tcp/1']) {
    schedule.pin(address, 'bootstrap')
    schedule.answered(address, 'a')
  }
  expect(take(0)).toEqual(['a'])
})

test('an unpinned peer is a peer like others', () => {
  const { schedule } = setup()
  schedule.pin('/ip4/10.0.0.1/tcp/1', 'manual')
  schedule.answered('/ip4/10.0.0.1/tcp/1', 'a')
  schedule.opened('a', 0)
  schedule.unpin('a')
  expect(schedule.isPinned('a')).toBe(false)
  expect(schedule.goals(0)).toMatchObject([{ peer: 'a', pinned: false, state: 'connected' }])
})

test('a failure that no retry mends is shown as refused, a session as connected', () => {
  const { schedule, know, fail, goal } = setup()
  know('a')
  fail('a', 0, 'OTHER_SWARM')
  expect(goal('a')).toMatchObject({ state: 'refused', attempts: 1, error: { code: 'OTHER_SWARM' } })
  schedule.opened('a', 0)
  expect(goal('a')).toMatchObject({ state: 'connected', attempts: 0, error: undefined })
  expect(goal('a')?.retryInMs).toBeUndefined()
})

test('who hung up unheard may have been busy, and is tried again as soon as one that was not reached', () => {
  const { schedule, know, goal } = setup()
  for (const [peer, certain] of [
    ['a', false],
    ['b', true]
  ] as const) {
    know(peer)
    const error = new LumosError('OTHER_SWARM', { details: { peer, certain } })
    schedule.failed({ peer, address: undefined }, 0, { error, failures: [] })
  }
  expect(goal('a')).toMatchObject({ state: 'refused' })
  expect(goal('a')?.retryInMs).toBeLessThanOrEqual(1000)
  expect(goal('b')?.retryInMs).toBeGreaterThanOrEqual(30_000)
})

test('among strangers, networks with few connections come first', () => {
  const { schedule, book, take } = setup()
  const places = { here1: '10.0.0.1', here2: '10.0.0.2', away: '10.9.0.1' }
  for (const [peer, host] of Object.entries(places)) {
    book.learn({ peer, addresses: [`/ip4/${host}/tcp/1`], foundBy: 'exchange' })
    schedule.meet(peer, 0)
  }
  schedule.opened('here1', 0)
  expect(take(0, { strangers: 1, lost: 1 })).toEqual(['away'])
})

type Step = readonly [
  'take' | 'end' | 'fail' | 'open' | 'lose' | 'release' | 'meet',
  number,
  number
]

test('whatever happens, dials stay within their slots and nobody is forgotten', () => {
  const step = fc.tuple(
    fc.constantFrom<Step[0]>('take', 'end', 'fail', 'open', 'lose', 'release', 'meet'),
    fc.integer({ min: 0, max: 9 }),
    fc.integer({ min: 0, max: 20_000 })
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer(), (steps, seed) => {
      const { schedule, know, take, fail, goal } = setup(seed)
      const peers = Array.from({ length: 10 }, (_, index) => `peer${index}`)
      know(...peers)
      let now = 0
      for (const [what, index, ms] of steps) {
        now += ms
        const peer = peers[index] ?? ''
        if (what === 'take') expect(take(now, { free: 3 }).length).toBeLessThanOrEqual(3)
        else if (what === 'end') schedule.ended({ peer, address: undefined })
        else if (what === 'fail') fail(peer, now)
        else if (what === 'open') schedule.opened(peer, now)
        else if (what === 'meet') schedule.meet(peer, now)
        else schedule.closed(peer, now, what === 'lose' ? 'lost' : 'released')
      }
      for (const peer of peers) {
        schedule.ended({ peer, address: undefined })
        const { state, retryInMs = 0 } = goal(peer, now) ?? {}
        expect(state).toBeDefined()
        expect(retryInMs).toBeLessThanOrEqual(MAX_RETRY_MS)
      }
      const idle = peers.filter((peer) => goal(peer)?.retryInMs !== undefined)
      expect(take(now + MAX_RETRY_MS).toSorted()).toEqual(idle)
    })
  )
})
