import { expect, onTestFinished, test, vi } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { silentLogger } from '../../../core/logger.ts'
import { createReachability } from '../../../node/reachability.ts'
import type { NearPeer, ReachabilityInit } from '../../../node/reachability.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const ADDRESS = '/ip4/198.51.100.7/tcp/5866'
const UNREACHED: readonly string[] = []

/** Takes each relay's place at once, unless it refuses. */
async function setup(
  peers: readonly NearPeer[],
  answers: Readonly<Record<string, readonly string[] | undefined>>,
  init: Partial<ReachabilityInit> = {}
) {
  const clock = new ManualClock()
  const kept = new Set<string>()
  const askDial = vi.fn(async (peer: string) => answers[peer])
  const confirm = vi.fn()
  const onTried = vi.fn(async (_reached: boolean) => undefined)
  const takePlace = vi.fn(async (relay: string) => void kept.add(relay))
  const reachability = createReachability(
    {
      clock,
      logger: silentLogger,
      peers: async () => peers,
      askDial,
      confirm,
      onTried,
      places: () => kept,
      takePlace
    },
    { configured: [], asks: true, ...init }
  )
  onTestFinished(() => reachability.stop())
  await reachability.start()
  await clock.advance(0)
  return { askDial, clock, confirm, kept, onTried, reachability, takePlace }
}

const relay = (peer: string): NearPeer => ({ peer, isRelay: true })
const other = (peer: string): NearPeer => ({ peer, isRelay: false })

test('takes a place with each of two relays that cannot dial this node, and with no third', async () => {
  const { kept } = await setup([relay('a'), relay('b'), relay('c')], {
    a: UNREACHED,
    b: UNREACHED,
    c: UNREACHED
  })
  expect([...kept]).toEqual(['a', 'b'])
})

test('needs no place with a relay that dials it, and has others told where', async () => {
  const { clock, confirm, takePlace } = await setup([relay('a')], { a: [ADDRESS] })
  await clock.advance(LIMITS.reachAge.value / 2)
  expect(takePlace).not.toHaveBeenCalled()
  expect(confirm.mock.calls).toEqual([[ADDRESS]])
})

test('asks a relay that could not tell again, soon', async () => {
  const { askDial, clock, kept } = await setup([relay('a')], {})
  expect(kept.size).toBe(0)
  await clock.advance(10_000)
  expect(askDial.mock.calls.length).toBeGreaterThan(2)
})

test('a word is old after a while', async () => {
  const { askDial, clock } = await setup([other('a')], { a: [ADDRESS] })
  await clock.advance(LIMITS.reachAge.value - 1)
  expect(askDial).toHaveBeenCalledTimes(1)
  await clock.advance(60_000)
  expect(askDial).toHaveBeenCalledTimes(2)
})

test('of others it asks three at most, and none after the first yes', async () => {
  const peers = ['a', 'b', 'c', 'd'].map(other)
  const none = { a: UNREACHED, b: UNREACHED, c: UNREACHED, d: [ADDRESS] }
  expect((await setup(peers, none)).askDial).toHaveBeenCalledTimes(3)
  expect((await setup(peers, { ...none, a: [ADDRESS] })).askDial).toHaveBeenCalledTimes(1)
})

test('takes a place that lapsed again when it is poked, as that of a configured relay', async () => {
  const { clock, kept, reachability, askDial } = await setup(
    [relay('a')],
    {},
    {
      configured: ['a'],
      asks: false
    }
  )
  expect([...kept]).toEqual(['a'])
  kept.clear()
  reachability.poke()
  await clock.advance(0)
  expect([...kept]).toEqual(['a'])
  expect(askDial).not.toHaveBeenCalled()
})

test('a relay without room is asked every two seconds, whoever pokes', async () => {
  const { clock, reachability, takePlace } = await setup([relay('a')], { a: UNREACHED })
  takePlace.mockRejectedValue(new Error('RESERVATION_REFUSED'))
  reachability.poke()
  await clock.advance(0)
  for (let poke = 0; poke < 100; poke += 1) {
    reachability.poke()
    await clock.advance(10)
  }
  expect(takePlace.mock.calls.length).toBeLessThan(4)
})

test('tells whether anybody can dial this node, once somebody has tried, and when that changes', async () => {
  const answers: Record<string, readonly string[] | undefined> = { a: UNREACHED }
  const { clock, onTried } = await setup([other('a'), other('b')], answers)
  expect(onTried.mock.lastCall).toEqual([false])
  answers['b'] = [ADDRESS]
  await clock.advance(60_000)
  expect(onTried.mock.lastCall).toEqual([true])
  answers['b'] = UNREACHED
  await clock.advance(2 * LIMITS.reachAge.value)
  expect(onTried.mock.lastCall).toEqual([false])
})

test('tells nothing while nobody could try', async () => {
  const { clock, onTried } = await setup([other('a')], {})
  await clock.advance(60_000)
  expect(onTried).not.toHaveBeenCalled()
})
