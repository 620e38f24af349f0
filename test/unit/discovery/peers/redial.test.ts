import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { YIELD_MS } from '../../../../discovery/peers/redial.ts'
import type { DialOutcome } from '../../../../discovery/peers/redial.ts'
import { RELEASED_REST_MS } from '../../../../discovery/peers/redial-schedule.ts'
import { BEFORE, hint, refused, setup, unreachable } from '../../../support/redialing.ts'
import type { Attempt } from '../../../support/redialing.ts'

const AFTER = '12D3KooWZzzzz'
const MINUTE = 60_000
/** A real one, where multiaddrs are parsed. */
const REAL = '12D3KooWEQQFCiJXcG5VXF2gQRu6S9L2JD5QAPacYeCANnRJindq'

test('dials a peer it hears of at the addresses it knows', async () => {
  const { attempts, open, redialer } = setup()
  await redialer.start()
  redialer.learn(hint(BEFORE))
  expect(attempts).toMatchObject([{ peer: BEFORE, addresses: hint(BEFORE).addresses }])
  open(BEFORE)
  await attempts[0]?.answer({ peer: BEFORE, address: hint(BEFORE).addresses[0] })
  expect(redialer.goals()).toMatchObject([{ peer: BEFORE, state: 'connected', attempts: 0 }])
  await redialer.stop()
})

test('tries for ever, ever more rarely, a minute apart at most', async () => {
  const { attempts, clock, redialer } = setup()
  await redialer.start()
  redialer.learn(hint(BEFORE))
  while (attempts.length < 40) {
    await attempts.at(-1)?.answer(unreachable())
    const { retryInMs = 0 } = redialer.goals()[0] ?? {}
    await clock.advance(retryInMs)
  }
  const gaps = attempts.slice(1).map(({ at }, index) => at - (attempts[index]?.at ?? 0))
  expect(gaps[0]).toBeLessThanOrEqual(1000)
  expect(Math.max(...gaps)).toBeLessThanOrEqual(MINUTE)
  expect(Math.max(...gaps)).toBeGreaterThan(MINUTE / 2)
  await attempts.at(-1)?.answer(unreachable())
  await redialer.stop()
})

test('says of each address why it failed', async () => {
  const { attempts, redialer } = setup()
  await redialer.start()
  redialer.learn(hint(BEFORE))
  await attempts[0]?.answer(unreachable())
  expect(redialer.goals()).toMatchObject([
    {
      state: 'disconnected',
      attempts: 1,
      error: { code: 'PEER_UNREACHABLE' },
      failures: [{ address: hint(BEFORE).addresses[0], reason: 'connection refused' }]
    }
  ])
  await redialer.stop()
})

test('a new address makes a peer due at once, however long it would have waited', async () => {
  const { attempts, clock, redialer } = setup()
  await redialer.start()
  redialer.learn(hint(BEFORE))
  for (const _ of Array.from({ length: 8 })) {
    await attempts.at(-1)?.answer(unreachable())
    await clock.advance(redialer.goals()[0]?.retryInMs ?? 0)
  }
  await attempts.at(-1)?.answer(unreachable())
  const before = attempts.length
  redialer.learn({ ...hint(BEFORE), addresses: ['/ip4/10.0.0.9/tcp/1'] })
  expect(attempts).toHaveLength(before + 1)
  expect(attempts.at(-1)?.addresses).toContain('/ip4/10.0.0.9/tcp/1')
  await attempts.at(-1)?.answer(unreachable())
  await redialer.stop()
})

test('a peer that refused is asked again after half a minute at the earliest', async () => {
  const { attempts, clock, redialer } = setup()
  await redialer.start()
  redialer.learn(hint(BEFORE))
  await attempts[0]?.answer(refused())
  expect(redialer.goals()).toMatchObject([{ state: 'refused', error: { code: 'OTHER_SWARM' } }])
  const { retryInMs = 0 } = redialer.goals()[0] ?? {}
  expect(retryInMs).toBeGreaterThanOrEqual(MINUTE / 2)
  await clock.advance(retryInMs - 1)
  expect(attempts).toHaveLength(1)
  await clock.advance(1)
  expect(attempts).toHaveLength(2)
  await redialer.stop()
})

test('of two nodes that see each other, the one with the greater id waits', async () => {
  const { attempts, clock, redialer } = setup()
  await redialer.start()
  redialer.learn(hint(AFTER, 'same-host'))
  expect(attempts).toMatchObject([{ peer: AFTER }])
  redialer.learn(hint(BEFORE, 'same-host'))
  expect(attempts).toHaveLength(1)
  await clock.advance(YIELD_MS)
  expect(attempts).toMatchObject([{ peer: AFTER }, { peer: BEFORE }])
  for (const attempt of attempts) await attempt.answer(unreachable())
  await redialer.stop()
})

/** A node with many to dial, which dials as many at a time as it ever does. */
async function diallingMany() {
  const all = setup({ strangers: 64, lost: 64 })
  const { attempts, redialer } = all
  await redialer.start()
  for (let at = 10; at < 60; at += 1) redialer.learn(hint(`12D3KooWaaa${at}`))
  expect(attempts).toHaveLength(2)
  for (const attempt of attempts.slice()) await attempt.answer(unreachable())
  const under = attempts.slice(2)
  expect(under).toHaveLength(LIMITS.parallelDials.value)
  return { ...all, under }
}

/** Peers that are dialled at the same time, when these have failed after so long. */
async function dialledAfter(failedMs: number) {
  const all = await diallingMany()
  const { attempts, clock, under } = all
  await clock.advance(failedMs)
  for (const attempt of under) await attempt.answer(unreachable())
  return { ...all, dialled: () => attempts.slice(2 + under.length) }
}

test('dials that end later than they should make it dial less at a time, until one succeeds', async () => {
  const { attempts, dialled, open, redialer } = await dialledAfter(
    LIMITS.connectDeadline.value + 1000
  )
  expect(dialled()).toHaveLength(1)
  const [next] = dialled()
  open(next?.peer ?? '')
  await next?.answer({ peer: next.peer ?? '', address: undefined })
  expect(dialled()).toHaveLength(3)
  for (const attempt of attempts.slice(-2)) await attempt.answer(unreachable())
  await redialer.stop()
})

test('dials that succeed slowly make it dial less at a time', async () => {
  const { attempts, clock, open, redialer, under } = await diallingMany()
  await clock.advance(2500)
  for (const attempt of under) {
    const { peer = '' } = attempt
    open(peer)
    await attempt.answer({ peer, address: undefined })
  }
  expect(attempts).toHaveLength(2 + under.length + 1)
  await attempts.at(-1)?.answer(unreachable())
  for (const attempt of attempts.slice(-2)) await attempt.answer(unreachable())
  await redialer.stop()
})

test('peers that are dead, and fail in time, do not make it slower', async () => {
  const { dialled, redialer } = await dialledAfter(LIMITS.connectDeadline.value)
  expect(dialled()).toHaveLength(LIMITS.parallelDials.value)
  for (const attempt of dialled()) await attempt.answer(unreachable())
  await redialer.stop()
})

test('dials no more strangers than are wanted, and one more for each that is lost', async () => {
  const { attempts, clock, limits, open, redialer } = setup({ strangers: 2, lost: 2 })
  await redialer.start()
  const peers = ['a', 'b', 'c', 'd'].map((letter) => `12D3KooW${letter.repeat(5)}`)
  for (const peer of peers) redialer.learn(hint(peer))
  expect(attempts).toHaveLength(2)
  for (const attempt of attempts.slice()) {
    const { peer = '' } = attempt
    open(peer)
    await attempt.answer({ peer, address: undefined })
  }
  await clock.advance(10 * MINUTE)
  expect(attempts).toHaveLength(2)
  Object.assign(limits, { strangers: 3, lost: 3 })
  redialer.poke()
  expect(attempts).toHaveLength(3)
  await attempts[2]?.answer(unreachable())
  await redialer.stop()
})

test('a peer whose session broke is wanted back beyond the target, one that was let go is not', async () => {
  const { attempts, clock, close, open, redialer } = setup({ strangers: 0, lost: 4 })
  await redialer.start()
  for (const peer of [BEFORE, AFTER]) {
    redialer.learn(hint(peer))
    open(peer)
  }
  close(BEFORE, 'lost')
  close(AFTER, 'released')
  await clock.advance(10 * MINUTE)
  expect(new Set(attempts.map(({ peer }) => peer))).toEqual(new Set([BEFORE]))
  await attempts.at(-1)?.answer(unreachable())
  await redialer.stop()
})

test('a bootstrap node is tried for ever, but left alone for a while when it let us go', async () => {
  const { attempts, clock, close, open, redialer } = setup({ strangers: 0, lost: 0 })
  redialer.pin('/ip4/10.0.0.1/tcp/4001', 'bootstrap')
  await redialer.start()
  expect(attempts).toMatchObject([{ peer: undefined, addresses: ['/ip4/10.0.0.1/tcp/4001'] }])
  await attempts[0]?.answer(unreachable())
  await clock.advance(1000)
  open(BEFORE)
  await attempts[1]?.answer({ peer: BEFORE, address: '/ip4/10.0.0.1/tcp/4001' })
  expect(redialer.isPinned(BEFORE)).toBe(true)
  close(BEFORE, 'released')
  await clock.advance(RELEASED_REST_MS - 1)
  expect(attempts).toHaveLength(2)
  await clock.advance(1)
  expect(attempts).toHaveLength(3)
  open(BEFORE)
  await attempts[2]?.answer({ peer: BEFORE, address: undefined })
  close(BEFORE, 'lost')
  await clock.advance(1000)
  expect(attempts).toHaveLength(4)
  await attempts[3]?.answer(unreachable())
  await redialer.stop()
})

test('two addresses of one pinned peer lead to one connection', async () => {
  const { attempts, clock, open, redialer } = setup()
  redialer.pin(`/ip4/10.0.0.1/tcp/4001/p2p/${REAL}`, 'manual')
  redialer.pin(`/ip4/10.0.0.1/tcp/4002/ws/p2p/${REAL}`, 'manual')
  await redialer.start()
  expect(attempts).toHaveLength(1)
  open(REAL)
  await attempts[0]?.answer({ peer: REAL, address: undefined })
  await clock.advance(MINUTE)
  expect(attempts).toHaveLength(1)
  expect(redialer.isHeld(REAL)).toBe(true)
  redialer.unpin(REAL)
  expect(redialer.isPinned(REAL)).toBe(false)
  await redialer.stop()
})

test('a session that opens and breaks while its peer is dialled brings no second dial', async () => {
  const { attempts, clock, close, open, redialer } = setup()
  await redialer.start()
  redialer.learn(hint(BEFORE))
  open(BEFORE)
  close(BEFORE, 'lost')
  expect(redialer.goals()).toMatchObject([{ state: 'connecting', retryInMs: undefined }])
  await clock.advance(2000)
  expect(attempts).toHaveLength(1)
  await attempts[0]?.answer(unreachable())
  await clock.advance(2000)
  expect(attempts).toHaveLength(2)
  await redialer.stop()
})

test('gives up a dial that takes too long, and every dial when stopped', async () => {
  const { attempts, clock, redialer } = setup()
  await redialer.start()
  redialer.learn(hint(BEFORE))
  await clock.advance(LIMITS.dialDeadline.value)
  expect(attempts[0]?.signal.aborted).toBe(true)
  await attempts[0]?.answer(unreachable())
  redialer.learn(hint(AFTER))
  const stopped = redialer.stop()
  expect(attempts.at(-1)?.signal.aborted).toBe(true)
  await stopped
  expect(clock.pending).toBe(0)
  const before = attempts.length
  await redialer.start()
  expect(attempts.slice(before).map(({ peer }) => peer)).toContain(AFTER)
  await redialer.stop()
})

test('whatever happens, dials stay bounded, one for each peer, and none are left behind', async () => {
  // Much must happen to one peer before a second dial of it could begin.
  const letter = fc.constantFrom('a', 'a', 'a', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
  const event = fc.record({
    kind: fc.constantFrom('learn', 'open', 'lose', 'release', 'answer', 'fail', 'refuse', 'wait'),
    letter
  })
  await fc.assert(
    fc.asyncProperty(fc.integer(), fc.array(event, { maxLength: 60 }), async (seed, events) => {
      const { attempts, clock, close, open, redialer } = setup({ seed, strangers: 3, lost: 5 })
      const answered = new Set<Attempt>()
      const pending = () =>
        attempts.filter((attempt) => !answered.has(attempt) && !attempt.signal.aborted)
      const answer = async (outcome: (peer: string) => DialOutcome) => {
        const [attempt] = pending()
        if (attempt === undefined) return
        answered.add(attempt)
        await attempt.answer(outcome(attempt.peer ?? ''))
      }
      await redialer.start()
      for (const { kind, letter: name } of events) {
        const peer = `12D3KooW${name.repeat(5)}`
        if (kind === 'learn') redialer.learn(hint(peer))
        else if (kind === 'open') open(peer)
        else if (kind === 'lose') close(peer, 'lost')
        else if (kind === 'release') close(peer, 'released')
        else if (kind === 'answer')
          await answer((to) => (open(to), { peer: to, address: undefined }))
        else if (kind === 'fail') await answer(unreachable)
        else if (kind === 'refuse') await answer(refused)
        else await clock.advance(5000)
        const dialled = pending().map((attempt) => attempt.peer)
        expect(dialled.length).toBeLessThanOrEqual(LIMITS.parallelDials.value)
        expect(redialer.dialing).toBe(dialled.length)
        expect(new Set(dialled).size).toBe(dialled.length)
      }
      await redialer.stop()
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 300 }
  )
})
