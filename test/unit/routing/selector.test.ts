import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import type { ErrorCode } from '../../../core/errors.ts'
import { ROUTE_POLICIES } from '../../../core/route-choice.ts'
import type { RouteProvider } from '../../../routing/directory-port.ts'
import { createSelector } from '../../../routing/selector.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/random.ts'
import { provider, SELF, TASK } from '../../support/routing.ts'

const FASTEST = { policy: 'fastest' } as const

interface Setup {
  readonly rtts?: Readonly<Record<string, number>>
  readonly seed?: number
}

function setup({ rtts = {}, seed = 1 }: Setup = {}) {
  const clock = new ManualClock()
  const silent = new Set<string>()
  const workers = { rttMs: (peer: string) => rtts[peer], silent }
  const selector = createSelector({ workers, clock, random: seededRandom(seed) })

  /** A task that took so long there, or failed. */
  function work(worker: RouteProvider, outcome: number | LumosError): void {
    const call = selector.begin(worker)
    if (typeof outcome === 'number') {
      call.heard({ task: { id: TASK, contextId: '', status: { state: 'TASK_STATE_WORKING' } } })
      clock.jump(outcome)
      const status = { state: 'TASK_STATE_COMPLETED' as const }
      call.heard({ statusUpdate: { taskId: TASK, contextId: '', status } })
    } else call.failed(outcome)
    call.closed()
  }

  /** How often each was taken. */
  function shares(candidates: readonly RouteProvider[], demand = {}, tries = 300) {
    const counts = new Map<string, number>()
    for (let count = 0; count < tries; count += 1) {
      const peer = selector.choose(candidates, { ...FASTEST, ...demand })?.provider.peer ?? ''
      counts.set(peer, (counts.get(peer) ?? 0) + 1)
    }
    return Object.fromEntries(counts)
  }

  return { clock, selector, work, shares }
}

const BROKEN = new LumosError('INTERNAL')
const GONE = new LumosError('PEER_UNREACHABLE')

describe('of two peers', () => {
  const [a, b] = [provider('a'), provider('b')]

  test('the nearer one is taken', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(setup({ rtts: { a: 1, b: 300 }, seed }).shares([a, b])).toEqual({ a: 300 })
      })
    )
  })

  test('the one that has been quicker is taken, wherever it is', () => {
    const { work, shares } = setup({ rtts: { a: 1, b: 300 } })
    work(a, 2000)
    work(b, 10)
    expect(shares([a, b])).toEqual({ b: 300 })
  })

  test('a slow one is found out before its first task has ended', () => {
    const { clock, selector, shares } = setup()
    selector.begin(a)
    clock.jump(5000)
    expect(shares([a, b])).toEqual({ b: 300 })
  })

  test('one that fails costs more than one that does not', () => {
    const { work, shares } = setup()
    for (const outcome of [10, 10, BROKEN, BROKEN]) work(a, outcome)
    for (const outcome of [15, 15, 15, 15]) work(b, outcome)
    expect(shares([a, b])).toEqual({ b: 300 })
  })

  test('what was measured of old counts less and less', async () => {
    const { clock, selector, work } = setup()
    work(a, 500)
    work(b, 100)
    work(b, 100)
    expect(selector.explain([a], FASTEST)[0]?.estimate.runMs).toBeCloseTo(500, -1)
    await clock.advance(3_600_000)
    expect(selector.explain([a], FASTEST)[0]?.estimate.runMs).toBeCloseTo(100, 1)
  })

  test('the one whose places are free is taken, by its own word', () => {
    const busy = provider('a', { load: 1, slots: 4 })
    expect(setup().shares([busy, b])).toEqual({ b: 300 })
  })
})

test('equal peers share the work', () => {
  const { shares } = setup()
  const counts = shares(
    ['a', 'b', 'c', 'd'].map((peer) => provider(peer)),
    {},
    1000
  )
  expect(Object.keys(counts)).toHaveLength(4)
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(150)
})

test('a peer that is connected is asked before one that has to be dialled', () => {
  const candidates = [provider('a', { connected: false }), provider('b', { load: 1 })]
  const { selector, shares } = setup()
  expect(shares(candidates)).toEqual({ b: 300 })
  expect(selector.choose(candidates, FASTEST)?.excluded).toEqual({ 'not-connected': 1 })
})

describe('who failed is left alone', () => {
  const a = provider('a')

  test('for a second when it could not be reached, then twice as long, until it answers', async () => {
    const { clock, selector, work } = setup()
    const isBanned = () => selector.explain([a], FASTEST)[0]?.exclusion === 'banned'
    for (const seconds of [1, 2, 4, 8]) {
      work(a, GONE)
      await clock.advance(seconds * 1000 - 1)
      expect(isBanned()).toBe(true)
      await clock.advance(1)
      expect(isBanned()).toBe(false)
    }
    work(a, 10)
    work(a, GONE)
    await clock.advance(1000)
    expect(isBanned()).toBe(false)
  })

  test('tasks that were lost together are one reason', async () => {
    const { clock, selector } = setup()
    const calls = Array.from({ length: 20 }, () => selector.begin(a))
    for (const call of calls) call.failed(GONE)
    await clock.advance(1000)
    expect(selector.explain([a], FASTEST)[0]?.exclusion).not.toBe('banned')
  })
})

describe('an agent that fails at one peer is left alone there', () => {
  const [a, b] = [provider('a'), provider('b')]

  test('with five failures of ten; then one task at a time tells whether it is mended', async () => {
    const { clock, selector, work } = setup()
    for (const outcome of [10, 10, 10, 10, BROKEN, BROKEN, BROKEN, BROKEN]) work(a, outcome)
    expect(selector.explain([a], FASTEST)[0]?.exclusion).toBeUndefined()
    work(a, BROKEN)
    expect(selector.explain([a, b], FASTEST)).toMatchObject([{ exclusion: 'breaker-open' }, {}])
    await clock.advance(10_000)
    const probe = selector.begin(a)
    expect(selector.explain([a], FASTEST)[0]?.exclusion).toBe('breaker-open')
    probe.failed(BROKEN)
    // Twice as long now.
    await clock.advance(19_999)
    expect(selector.explain([a], FASTEST)[0]?.exclusion).toBe('breaker-open')
    await clock.advance(1)
    work(a, 10)
    work(a, BROKEN)
    expect(selector.explain([a], FASTEST)[0]?.exclusion).toBeUndefined()
  })

  test('failures of long ago open nothing', async () => {
    const { clock, selector, work } = setup()
    for (let count = 0; count < 20; count += 1) {
      work(a, BROKEN)
      await clock.advance(10_000)
    }
    expect(selector.explain([a], FASTEST)[0]?.exclusion).toBeUndefined()
  })

  test.each<ErrorCode>(['INVALID_REQUEST', 'FORBIDDEN'])(
    'a request that is at fault says nothing of its worker: %s',
    (code) => {
      const { selector, work } = setup()
      for (let count = 0; count < 20; count += 1) work(a, new LumosError(code))
      expect(selector.explain([a], FASTEST)).toMatchObject([
        { exclusion: undefined, estimate: { success: 1 } }
      ])
    }
  )
})

describe('whoever is left alone', () => {
  const [a, b] = [provider('a'), provider('b')]

  test('is so as long as it asked for, without being counted as a failure', async () => {
    const { clock, selector, work } = setup()
    work(a, new LumosError('OVERLOADED', { details: { retryAfterMs: 400 } }))
    expect(selector.explain([a], FASTEST)).toMatchObject([
      { exclusion: 'asked-to-wait', excludedMs: 400, estimate: { success: 1 } }
    ])
    await clock.advance(400)
    expect(selector.explain([a], FASTEST)[0]?.exclusion).toBeUndefined()
  })

  test('is asked when everybody is: the one whose time is over first', () => {
    const { selector, work } = setup()
    work(a, new LumosError('STREAM_IDLE'))
    work(b, GONE)
    expect(selector.choose([a, b], FASTEST)).toMatchObject({
      provider: { peer: 'b' },
      excluded: { banned: 2 }
    })
  })
})

describe('policy', () => {
  const own = provider(SELF)
  const others = ['a', 'b', 'c'].map((peer) => provider(peer))

  test('local-first takes the own agent, however quick others are', () => {
    const { work, shares } = setup()
    work(own, 1000)
    expect(shares([own, ...others], { policy: 'local-first' })).toEqual({ [SELF]: 300 })
  })

  test('local-first hands over when the own agent is full and somebody else is quicker', () => {
    const { work, shares } = setup({ rtts: { a: 1 } })
    const full = provider(SELF, { load: 1, slots: 4 })
    const free = provider('a')
    for (const one of [full, free]) work(one, 1000)
    expect(shares([full, free], { policy: 'local-first' })).toEqual({ a: 300 })
    expect(shares([full, { ...free, load: 1 }], { policy: 'local-first' })).toEqual({ [SELF]: 300 })
  })

  test('cheapest never pays more than it must; no price is none', () => {
    const { shares } = setup()
    const priced = others.map((one, index) => ({ ...one, price: index === 2 ? 1 : 0.01 }))
    expect(Object.keys(shares(priced, { policy: 'cheapest' })).toSorted()).toEqual(['a', 'b'])
    expect(shares([...priced, own], { policy: 'cheapest' })).toEqual({ [SELF]: 300 })
  })

  test('spread asks everybody in turn', () => {
    const { selector, clock } = setup()
    const asked = Array.from({ length: 9 }, () => {
      clock.jump(1)
      const chosen = selector.choose(others, { policy: 'spread' })?.provider
      if (chosen !== undefined) selector.begin(chosen).closed()
      return chosen?.peer
    })
    for (const from of [0, 3, 6]) {
      expect(new Set(asked.slice(from, from + 3))).toEqual(new Set(['a', 'b', 'c']))
    }
  })

  test('sticky gives a thread to the same worker, from every node, and spreads threads', () => {
    const peers = Array.from({ length: 20 }, (_, index) => provider(`peer-${index}`))
    const owners = new Set<string>()
    for (let thread = 0; thread < 200; thread += 1) {
      const demand = { policy: 'sticky', thread: `thread-${thread}` } as const
      const [one] = Object.keys(setup({ seed: 1 }).shares(peers, demand, 2))
      const [other] = Object.keys(setup({ seed: 2 }).shares(peers.toReversed(), demand, 2))
      expect(other).toBe(one)
      owners.add(one ?? '')
      // When another one goes, the thread stays where it is.
      const without = peers.filter(({ peer }) => peer !== `peer-${thread % 20}` || peer === one)
      expect(Object.keys(setup().shares(without, demand, 2))).toEqual([one])
    }
    expect(owners.size).toBe(20)
  })

  test('each finds somebody whenever there is anybody, and tells between whom it decided', () => {
    for (const policy of ROUTE_POLICIES) {
      const { selector } = setup()
      expect(selector.choose([], { policy })).toBeUndefined()
      const choice = selector.choose(others, { policy })
      expect(choice?.compared.map(({ provider: one }) => one)).toContain(choice?.provider)
    }
  })
})

describe('a second worker', () => {
  const harmless = { idempotent: true }
  const first = provider('first', harmless)
  const other = provider('other', harmless)

  test('is asked once more time has passed than 95 of 100 answers took, when there are enough to say so', () => {
    const { selector, work } = setup()
    for (let ms = 1; ms < 20; ms += 1) work(first, ms * 100)
    expect(selector.lateAfterMs('echo')).toBeUndefined()
    work(other, 2000)
    expect(selector.lateAfterMs('echo')).toBe(1900)
  })

  test('is not asked sooner because those who lost were told to stop', () => {
    const { clock, selector, work } = setup()
    for (let count = 0; count < 20; count += 1) work(other, 100)
    for (let count = 0; count < 5; count += 1) {
      const call = selector.begin(first)
      clock.jump(3000)
      call.closed()
    }
    expect(selector.lateAfterMs('echo')).toBe(3000)
  })

  test.for([
    ['is another one with a free place', other, FASTEST, true],
    ['is no one that may do harm', provider('other'), FASTEST, false],
    ['is no one that is full', { ...other, load: 1 }, FASTEST, false],
    ['is no one without a session', { ...other, connected: false }, FASTEST, false],
    ['is no one that has a price', { ...other, price: 0.1 }, FASTEST, false],
    ['is no one but the owner of a thread', other, { policy: 'sticky', thread: 't' }, false]
  ] as const)('%s', ([, candidate, demand, isAsked]) => {
    const { selector } = setup()
    const owner = selector.choose([first, candidate], demand)?.provider ?? first
    const holder = demand.policy === 'sticky' ? owner : first
    const found = selector.second([first, candidate], demand, holder)
    expect(found).toEqual(isAsked ? candidate : undefined)
  })

  test('is no other node for what stays at this one, though its place is taken now', () => {
    const { selector } = setup()
    const own = provider(SELF, { ...harmless, load: 1 })
    expect(selector.second([own, other], { policy: 'local-first' }, own)).toBeUndefined()
    expect(selector.second([first, other], { policy: 'local-first' }, first)).toEqual(other)
  })
})
