import { expect, test } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { createDirectory } from '../../../discovery/directory/directory.ts'
import { createTestSwarm, createDiscoveryNode, testAgent } from '../../support/discovery-node.ts'
import { testCard, testIdentity, testSkill, verifiedCard } from '../../support/identity.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const MINUTE = 60_000

function says(cards: readonly { readonly digest: string }[] = []) {
  return { name: 'amber', load: 0, slots: 1, cards: cards.map(({ digest }) => digest) }
}

/** A node in a swarm that is larger than its directory: it hears of more peers than it has places for. */
async function crowded() {
  const swarm = createTestSwarm(1)
  const nodes = await Promise.all([
    createDiscoveryNode(swarm, { seed: 1, agents: [] }),
    createDiscoveryNode(swarm, { seed: 2, agents: [testAgent('rare')] })
  ])
  const [alice, bob] = nodes
  alice.directory.confirm('first', says(), MINUTE)
  await swarm.clock.advance(1)
  for (let at = 1; at < LIMITS.directoryPeers.value; at += 1) {
    alice.directory.confirm(`peer-${at}`, says(), MINUTE)
  }
  for (const node of nodes) await node.start()
  return { swarm, alice, bob, stop: () => Promise.all(nodes.map((node) => node.stop())) }
}

test('a peer that the DHT found is found in a full directory, too, once there is a session', async () => {
  const { swarm, alice, bob, stop } = await crowded()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(500)
  expect(alice.directory.search('rare')).toMatchObject([{ peer: bob.peer, connected: true }])
  expect(alice.directory.peers()).toHaveLength(LIMITS.directoryPeers.value + 1)
  await swarm.run(stop())
})

test('of those without a session the one heard longest ago goes, and nobody who has one', async () => {
  const clock = new ManualClock()
  const directory = createDirectory(clock, { self: 'me', name: 'birch' })
  const removed: string[] = []
  directory.events.on('removed', (peer, why) => removed.push(`${peer} ${why}`))
  directory.setConnected('friend', true)
  directory.confirm('friend', says(), 1)
  for (let at = 1; at < LIMITS.directoryPeers.value; at += 1) {
    await clock.advance(at < 3 ? 1 : 0)
    directory.confirm(`peer-${at}`, says(), MINUTE)
  }
  directory.confirm('stranger', says(), MINUTE)
  expect(directory.peer('stranger')).toBeUndefined()
  directory.setConnected('second', true)
  directory.setConnected('third', true)
  expect(removed).toEqual(['peer-1 evicted', 'peer-2 evicted'])
  expect(directory.peer('friend')).toBeDefined()
  directory.setConnected('me', true)
  expect(removed).toHaveLength(2)
})

test('when there is no room for more cards, they are asked of no new peer but one with a session', async () => {
  const clock = new ManualClock()
  const directory = createDirectory(clock, { self: 'me', name: 'birch', cards: 1 })
  const cards = await Promise.all(
    [1, 2, 3].map(async (seed) => {
      const identity = await testIdentity(seed)
      return verifiedCard(identity, testCard(identity.peer, 'echo', { skills: [testSkill('x')] }))
    })
  )
  const [one, two, three] = cards
  if (one === undefined || two === undefined || three === undefined) throw new RangeError('cards')
  expect(directory.confirm(one.peer, says([one]), MINUTE)).toEqual([one.digest])
  expect(directory.confirm(two.peer, says([two]), MINUTE)).toEqual([two.digest])
  expect(directory.add(one)).toBe('added')
  expect(directory.add(two)).toBe('full')
  expect(directory.confirm(two.peer, says([two]), MINUTE)).toEqual([])
  directory.setConnected(three.peer, true)
  expect(directory.confirm(three.peer, says([three]), MINUTE)).toEqual([three.digest])
  expect(directory.add(three)).toBe('added')
  // What is here is renewed, whatever else.
  const renewed = { ...one, seq: 2, digest: '0000000000000001' }
  expect(directory.confirm(one.peer, says([renewed]), MINUTE)).toEqual([renewed.digest])
  expect(directory.add(renewed)).toBe('added')
  directory.remove(one.peer)
  directory.remove(three.peer)
  expect(directory.missing(two.peer)).toEqual([two.digest])
})
