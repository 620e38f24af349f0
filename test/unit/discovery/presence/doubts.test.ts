/** Neighbours of a lost peer say so, and are not misled by what it said before. */
import { expect, test } from 'vitest'
import { createDirectory } from '../../../../discovery/directory/directory.ts'
import { createDoubts } from '../../../../discovery/presence/doubts.ts'
import type { Doubt } from '../../../../discovery/presence/presence-statement.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'
import { SessionNetwork } from '../../../support/session-network.ts'

const STATEMENT = { name: 'bob', load: 0, slots: 1, cards: [] }

/** A node that has just lost its session with `bob`, and has another one. */
async function setup() {
  const clock = new ManualClock()
  const network = new SessionNetwork(clock)
  for (const peer of ['alice', 'bob', 'carol']) network.add(peer)
  network.link('alice', 'bob')
  network.link('alice', 'carol')
  const sessions = network.node('alice')
  const directory = createDirectory(clock, { self: 'alice', name: 'alice' })
  const published: Doubt[] = []
  let last = 0
  const doubts = createDoubts({
    clock,
    random: seededRandom(1),
    sessions,
    directory,
    lastOf: () => last,
    publish: (more) => void published.push(...more),
    refute: () => undefined,
    ask: () => undefined
  })
  sessions.events.on('closed', (session) => doubts.lost(session))
  /** A statement of bob's, made at that time, comes by gossip. */
  const hear = (madeAt: number): void => {
    last = madeAt
    directory.confirm('bob', STATEMENT, 60_000)
    doubts.spoke('bob')
  }
  await clock.advance(10_000)
  hear(clock.now())
  await clock.advance(10_000)
  const lostAt = clock.now()
  network.unlink('bob', 'alice', 'STREAM_TRUNCATED')
  return {
    clock,
    network,
    doubts,
    published,
    lostAt,
    hear,
    directory,
    isDoubted: (peer = 'bob') => directory.peer(peer)?.doubted
  }
}

test('a lost peer is doubted, whatever it said up to its loss', async () => {
  const { clock, published, lostAt, hear, isDoubted } = await setup()
  await clock.advance(200)
  hear(lostAt - 100)
  await clock.advance(1500)
  expect(published).toEqual([{ peer: 'bob', seq: lostAt }])
  expect(isDoubted()).toBe(true)
})

test('it is doubted again when what it said before comes still later', async () => {
  const { clock, published, lostAt, hear, isDoubted } = await setup()
  await clock.advance(3000)
  hear(lostAt - 100)
  expect(isDoubted()).toBe(false)
  await clock.advance(1500)
  expect(published).toHaveLength(2)
  expect(isDoubted()).toBe(true)
})

test('what it says since its loss is a sign of life, and so is a session', async () => {
  const { clock, network, published, hear, isDoubted } = await setup()
  hear(clock.now() + 1)
  await clock.advance(2000)
  expect(published).toEqual([])
  network.link('alice', 'bob')
  network.unlink('bob', 'alice', 'STREAM_TRUNCATED')
  network.link('alice', 'bob')
  await clock.advance(2000)
  expect(published).toEqual([])
  expect(isDoubted()).toBe(false)
})

test('after half a minute nothing of before is expected any more', async () => {
  const { clock, network, published, lostAt, hear } = await setup()
  await clock.advance(31_000)
  network.link('alice', 'carol')
  network.unlink('carol', 'alice', 'STREAM_TRUNCATED')
  await clock.advance(2000)
  const before = published.filter(({ peer }) => peer === 'bob').length
  hear(lostAt - 100)
  await clock.advance(2000)
  expect(published.filter(({ peer }) => peer === 'bob')).toHaveLength(before)
})

test('three doubts of others are enough, until the peer is heard again', async () => {
  const { clock, doubts, published, lostAt, hear } = await setup()
  for (let other = 0; other < 3; other += 1) doubts.hear([{ peer: 'bob', seq: lostAt }])
  expect(doubts.hear([{ peer: 'bob', seq: lostAt }])).toBe('ignore')
  await clock.advance(2000)
  expect(published).toEqual([])
  hear(lostAt - 100)
  expect(doubts.hear([{ peer: 'bob', seq: lostAt }])).toBe('accept')
})

test('who is silent although it should have spoken is doubted, before the others too', async () => {
  const { clock, doubts, published, hear, isDoubted } = await setup()
  hear(clock.now() + 1)
  await clock.advance(20_000)
  doubts.suspect('bob', clock.now() - 10_000)
  doubts.suspect('bob', clock.now() - 10_000)
  expect(isDoubted()).toBe(true)
  await clock.advance(1500)
  expect(published).toMatchObject([{ peer: 'bob' }])
  hear(clock.now())
  expect(isDoubted()).toBe(false)
  await clock.advance(5000)
  expect(published).toHaveLength(1)
})

test('a suspect of which others have heard since is not told of', async () => {
  const { clock, directory, doubts, published, isDoubted } = await setup()
  const since = clock.now() - 10_000
  doubts.suspect('dora', since)
  expect(directory.doubt('dora', since)).toBe(false)
  directory.confirm('dora', STATEMENT, 60_000)
  await clock.advance(20_000)
  doubts.suspect('dora', clock.now() - 10_000)
  directory.hint('dora', STATEMENT, { ageMs: 5000, ttlMs: 60_000 })
  await clock.advance(2000)
  expect(published.map(({ peer }) => peer)).not.toContain('dora')
  expect(isDoubted('dora')).toBe(false)
})

test('of many suspects all are doubted, and sixteen are told of', async () => {
  const { clock, directory, doubts, published, isDoubted } = await setup()
  await clock.advance(31_000)
  published.length = 0
  const suspects = Array.from({ length: 20 }, (_, index) => `peer ${index}`)
  for (const peer of suspects) directory.confirm(peer, STATEMENT, 60_000)
  await clock.advance(10_000)
  for (const peer of suspects) doubts.suspect(peer, clock.now() - 5000)
  await clock.advance(1500)
  expect(suspects.filter((peer) => isDoubted(peer))).toHaveLength(20)
  expect(published).toHaveLength(16)
})

test('a node tells of no more at a time than others listen to', async () => {
  const { clock, directory, doubts, published, isDoubted } = await setup()
  await clock.advance(31_000)
  published.length = 0
  for (const round of ['a', 'b']) {
    const suspects = Array.from({ length: 12 }, (_, index) => `peer ${round}${index}`)
    for (const peer of suspects) directory.confirm(peer, STATEMENT, 60_000)
    await clock.advance(1000)
    for (const peer of suspects) doubts.suspect(peer, clock.now() - 500)
    await clock.advance(1500)
    expect(suspects.filter((peer) => isDoubted(peer))).toHaveLength(12)
    for (const peer of suspects) directory.confirm(peer, STATEMENT, 60_000)
    for (const peer of suspects) doubts.spoke(peer)
  }
  expect(published).toHaveLength(16)
})

test('a loss is told of although there are as many suspects as are told of', async () => {
  const { clock, network, directory, doubts, published } = await setup()
  network.add('dora')
  network.link('alice', 'dora')
  const suspects = Array.from({ length: 15 }, (_, index) => `peer ${index}`)
  for (const peer of suspects) directory.confirm(peer, STATEMENT, 60_000)
  await clock.advance(1000)
  for (const peer of suspects) doubts.suspect(peer, clock.now() - 500)
  await clock.advance(10_000)
  expect(published).toHaveLength(16)
  network.unlink('dora', 'alice', 'STREAM_TRUNCATED')
  await clock.advance(2000)
  expect(published.map(({ peer }) => peer)).toContain('dora')
})
