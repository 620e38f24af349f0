import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import {
  createDirectory,
  HELLO_TTL_MS,
  DOUBT_TTL_MS
} from '../../../../discovery/directory/directory.ts'
import { hearsayFor } from '../../../../discovery/presence/presence-pace.ts'
import { testCard, testIdentity, testSkill, verifiedCard } from '../../../support/identity.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function says(cards: readonly { readonly digest: string }[], name = 'amber', load = 0) {
  return { name, load, slots: 1, cards: cards.map(({ digest }) => digest) }
}

async function setup() {
  const clock = new ManualClock()
  const [alice, bob] = await Promise.all([testIdentity(1), testIdentity(2)])
  const load = { load: 0.5, slots: 4 }
  const directory = createDirectory(clock, { self: 'me', name: 'birch', load: () => load })
  const changes: string[] = []
  directory.events.on('removed', (peer, why) => changes.push(`${peer} ${why}`))
  const echo = await verifiedCard(alice, testCard(alice.peer, 'echo'))
  const newer = await verifiedCard(alice, testCard(alice.peer, 'echo', { version: '2' }), {
    seq: 2
  })
  return { clock, alice, bob, directory, load, changes, echo, newer }
}

test('a peer is confirmed, tells its cards, and is found by them', async () => {
  const { directory, alice, echo } = await setup()
  expect(directory.confirm(alice.peer, says([echo]), HELLO_TTL_MS)).toEqual([echo.digest])
  expect(directory.missing(alice.peer)).toEqual([echo.digest])
  expect(directory.add(echo)).toBe('added')
  expect(directory.missing(alice.peer)).toEqual([])
  expect(directory.card(echo.digest)).toBe(echo)
  expect(directory.search('echo')).toMatchObject([
    { peer: alice.peer, name: 'amber', agentId: 'echo', match: 'agent', score: 1, local: false }
  ])
})

test('a card that its peer did not name is not taken', async () => {
  const { directory, alice, echo, newer } = await setup()
  expect(directory.add(echo)).toBe('unasked')
  directory.confirm(alice.peer, says([newer]), HELLO_TTL_MS)
  expect(directory.add(echo)).toBe('unasked')
})

test('of who may offer none no agents are known, told by itself or by others, and once it may not, no more', async () => {
  const { clock, alice, echo } = await setup()
  let mayOffer = false
  const directory = createDirectory(clock, { self: 'me', name: 'birch', mayOffer: () => mayOffer })
  const hearsay = { ageMs: 0, ttlMs: 5000 }
  expect(directory.hint(alice.peer, says([echo]), hearsay)).toEqual([])
  expect(directory.confirm(alice.peer, says([echo]), HELLO_TTL_MS)).toEqual([])
  expect(directory.add(echo)).toBe('unasked')
  expect(directory.peer(alice.peer)).toMatchObject({ name: 'amber', cards: [] })
  mayOffer = true
  directory.confirm(alice.peer, says([echo]), HELLO_TTL_MS)
  directory.add(echo)
  expect(directory.search('echo')).toHaveLength(1)
  mayOffer = false
  directory.confirm(alice.peer, says([echo]), HELLO_TTL_MS)
  expect(directory.search('echo')).toEqual([])
})

test('only a higher number replaces a card, and the old one serves until then', async () => {
  const { directory, alice, echo, newer } = await setup()
  directory.confirm(alice.peer, says([echo]), HELLO_TTL_MS)
  directory.add(echo)
  directory.confirm(alice.peer, says([newer]), HELLO_TTL_MS)
  expect(directory.search('echo')[0]?.card).toBe(echo)
  expect(directory.add(newer)).toBe('added')
  expect(directory.search('echo').map(({ card }) => card)).toEqual([newer])
  expect(directory.card(echo.digest)).toBeUndefined()
  directory.confirm(alice.peer, says([echo, newer]), HELLO_TTL_MS)
  expect(directory.add(echo)).toBe('stale')
})

test('agents that a peer no longer names are gone', async () => {
  const { directory, alice, echo } = await setup()
  directory.confirm(alice.peer, says([echo]), HELLO_TTL_MS)
  directory.add(echo)
  directory.confirm(alice.peer, says([]), HELLO_TTL_MS)
  expect(directory.search('echo')).toEqual([])
  expect(directory.peer(alice.peer)?.cards).toEqual([])
})

test('a silent peer expires, is skipped at once and removed soon', async () => {
  const { directory, clock, alice, changes, echo } = await setup()
  await directory.start()
  directory.confirm(alice.peer, says([echo]), 5000)
  directory.add(echo)
  await clock.advance(4999)
  expect(directory.search('echo')).toHaveLength(1)
  await clock.advance(1)
  expect(directory.search('echo')).toEqual([])
  expect(directory.peer(alice.peer)).toBeUndefined()
  await clock.advance(1000)
  expect(changes).toEqual([`${alice.peer} expired`])
  await directory.stop()
  expect(clock.pending).toBe(0)
})

test('an open session keeps a peer; after it the peer is known as long as others who were told of it know it', async () => {
  const { directory, clock, alice, echo } = await setup()
  directory.confirm(alice.peer, says([echo]), HELLO_TTL_MS)
  directory.setConnected(alice.peer, true)
  await clock.advance(10 * HELLO_TTL_MS)
  expect(directory.peer(alice.peer)?.connected).toBe(true)
  directory.setConnected(alice.peer, false)
  await clock.advance(hearsayFor(2) - 1)
  expect(directory.peer(alice.peer)).toMatchObject({ freshMs: hearsayFor(2) - 1 })
  await clock.advance(1)
  expect(directory.peer(alice.peer)).toBeUndefined()
})

test('who is doubted has a little time to be heard, whatever it promised before', async () => {
  const { directory, clock, alice, echo } = await setup()
  directory.confirm(alice.peer, says([echo]), 600_000)
  expect(directory.doubt(alice.peer)).toBe(true)
  expect(directory.doubt(alice.peer)).toBe(false)
  expect(directory.peer(alice.peer)?.doubted).toBe(true)
  await clock.advance(DOUBT_TTL_MS - 1)
  directory.confirm(alice.peer, says([echo]), 600_000)
  await clock.advance(500_000)
  expect(directory.peer(alice.peer)?.doubted).toBe(false)
  directory.doubt(alice.peer)
  await clock.advance(DOUBT_TTL_MS)
  expect(directory.peer(alice.peer)).toBeUndefined()
})

test('a digest tells whether two know of the same peers with the same cards', async () => {
  const { directory, alice, bob, echo } = await setup()
  const digest = (): string => directory.digests(1).join()
  const nobody = digest()
  directory.confirm(alice.peer, says([]), 60_000)
  const before = digest()
  directory.confirm(alice.peer, says([echo]), 60_000)
  directory.add(echo)
  const after = digest()
  expect(new Set([nobody, before, after]).size).toBe(3)
  directory.confirm(bob.peer, says([]), 60_000)
  directory.doubt(bob.peer)
  expect(digest()).toBe(after)
})

test('of one that will soon be forgotten, a digest says nothing: others may have heard it since', async () => {
  const { clock, directory, alice } = await setup()
  const nobody = directory.digests(1)
  directory.confirm(alice.peer, says([]), 6000)
  expect(directory.digests(1)).not.toEqual(nobody)
  await clock.advance(1000)
  expect(directory.digests(1)).toEqual(nobody)
  expect(directory.peer(alice.peer)).toBeDefined()
})

test('what differs in one peer differs in one share', async () => {
  const { directory, alice } = await setup()
  for (let index = 0; index < 40; index += 1) directory.confirm(`peer ${index}`, says([]), 60_000)
  const before = directory.digests(16)
  directory.confirm(alice.peer, says([]), 60_000)
  const after = directory.digests(16)
  expect(after).toHaveLength(16)
  expect(after.filter((digest, share) => digest !== before[share])).toHaveLength(1)
})

test('own agents are there at once, with the load of the moment, and never expire', async () => {
  const { directory, clock, alice, load } = await setup()
  const own = await verifiedCard(alice, testCard(alice.peer, 'echo'))
  directory.setOwn([{ ...own, peer: 'me' }])
  load.load = 0.75
  await clock.advance(1_000_000)
  expect(directory.search('@echo@birch')).toMatchObject([
    { peer: 'me', local: true, connected: true, load: 0.75, freshMs: 0 }
  ])
  directory.setOwn([])
  expect(directory.search('echo')).toEqual([])
  expect(directory.peers()).toHaveLength(1)
})

test('@agent@node takes a node by name, PeerId or its beginning, and nobody else', async () => {
  const { directory, alice, bob, echo } = await setup()
  const other = await verifiedCard(bob, testCard(bob.peer, 'echo'))
  directory.confirm(alice.peer, says([echo], 'amber'), HELLO_TTL_MS)
  directory.confirm(bob.peer, says([other], 'jade'), HELLO_TTL_MS)
  directory.add(echo)
  directory.add(other)
  const at = (node: string) => directory.search(`@echo@${node}`).map(({ peer }) => peer)
  expect(at('jade')).toEqual([bob.peer])
  expect(at(alice.peer)).toEqual([alice.peer])
  expect(at(alice.peer.slice(0, 20))).toEqual([alice.peer])
  expect(at('12D3Koo')).toEqual([])
  expect(at('oak')).toEqual([])
})

test('the less loaded comes first among equals, and the limit keeps the best', async () => {
  const { directory, alice, bob, echo } = await setup()
  const other = await verifiedCard(bob, testCard(bob.peer, 'echo'))
  directory.confirm(alice.peer, says([echo], '', 0.9), HELLO_TTL_MS)
  directory.confirm(bob.peer, says([other], '', 0.1), HELLO_TTL_MS)
  directory.add(echo)
  directory.add(other)
  expect(directory.search('echo').map(({ peer }) => peer)).toEqual([bob.peer, alice.peer])
  expect(directory.search('echo', { limit: 1 }).map(({ peer }) => peer)).toEqual([bob.peer])
})

test('a full directory keeps the living and takes strangers only in place of the dead', async () => {
  const { directory, clock } = await setup()
  for (let index = 0; index < LIMITS.directoryPeers.value; index++) {
    directory.confirm(`peer-${index}`, says([]), index === 0 ? 1000 : 60_000)
  }
  directory.confirm('stranger', says([]), 60_000)
  expect(directory.peer('stranger')).toBeUndefined()
  await clock.advance(1000)
  directory.confirm('stranger', says([]), 60_000)
  expect(directory.peer('stranger')).toBeDefined()
  expect(directory.peers()).toHaveLength(LIMITS.directoryPeers.value + 1)
})

test('skills of one card are providers of their own', async () => {
  const { directory, alice } = await setup()
  const skills = [testSkill('vision.caption'), testSkill('vision.ocr'), testSkill('echo')]
  const card = await verifiedCard(alice, testCard(alice.peer, 'eyes', { skills }))
  directory.confirm(alice.peer, says([card]), HELLO_TTL_MS)
  directory.add(card)
  expect(directory.search('vision').map(({ skill }) => skill.id)).toEqual([
    'vision.caption',
    'vision.ocr'
  ])
})

/** `count` peers of one agent each, all of them known. */
async function crowd(count: number, description: string) {
  const parts = await setup()
  const { echo, directory } = parts
  for (let index = 0; index < count; index += 1) {
    const digest = `card-${index}`
    const skills = [testSkill('vision.caption', { description })]
    const card = { ...echo.card, skills }
    directory.confirm(`peer-${index}`, says([{ digest }]), HELLO_TTL_MS)
    directory.add({ ...echo, card, digest, peer: `peer-${index}`, agentId: `eyes-${index}` })
  }
  return parts
}

test('all of a hundred peers with one skill are told, by its name and by its branch', async () => {
  const { directory } = await crowd(100, 'sees')
  expect(directory.search('vision.caption')).toHaveLength(100)
  expect(directory.search('vision')).toHaveLength(100)
  expect(directory.search('vision', { limit: 10 })).toHaveLength(10)
})

test('of those that merely have the words only the best are told', async () => {
  const { directory } = await crowd(100, 'describes pictures')
  expect(directory.search('describes pictures')).toHaveLength(LIMITS.findByWords.value)
})

test('demands without a name are met by whoever meets them', async () => {
  const { directory, alice, echo, newer } = await setup()
  directory.confirm(alice.peer, says([echo]), HELLO_TTL_MS)
  directory.add(echo)
  expect(directory.search('version=2')).toEqual([])
  directory.confirm(alice.peer, says([newer]), HELLO_TTL_MS)
  directory.add(newer)
  expect(directory.search('version=2')).toMatchObject([{ agentId: 'echo', peer: alice.peer }])
  expect(directory.search('')).toEqual([])
})
