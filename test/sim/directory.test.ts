/** Many nodes, one seed: directories agree with what lives, whatever gossip does. */
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import type { Random } from '../../core/random.ts'
import { encodeStatement } from '../../discovery/presence/presence-statement.ts'
import { presenceTopic } from '../../discovery/presence/presence.ts'
import { createDiscoveryNode, createTestSwarm, testAgent } from '../support/discovery-node.ts'
import type { DiscoveryNode, TestSwarm } from '../support/discovery-node.ts'
import type { GossipFaults } from '../support/gossip-network.ts'

interface Simulation extends TestSwarm {
  readonly nodes: DiscoveryNode[]
  /** What each node should know: agents of all running nodes. */
  readonly expected: () => string[]
}

const SEEDS = [1, 2, 3]

/** Nodes with sessions to the next few in a ring, as the topology keeper would leave them. */
async function setup(seed: number, faults: GossipFaults, size = 12): Promise<Simulation> {
  const swarm = createTestSwarm(seed, faults)
  const nodes = await Promise.all(
    Array.from({ length: size }, async (_, index) =>
      createDiscoveryNode(swarm, { seed: index + 1, agents: [testAgent(`agent-${index}`)] })
    )
  )
  for (const node of nodes) await node.start()
  nodes.forEach(({ peer }, index) => {
    for (const step of [1, 2, 3]) {
      swarm.sessions.link(peer, nodes[(index + step) % size]?.peer ?? '')
    }
  })
  const expected = (): string[] => nodes.flatMap(({ book }) => book.cards().map(agentAt)).toSorted()
  return { ...swarm, nodes, expected }
}

function agentAt({ agentId, peer }: { agentId: string; peer: string }): string {
  return `${agentId}@${peer}`
}

function known({ directory }: DiscoveryNode): string[] {
  return directory
    .peers()
    .flatMap(({ cards }) => cards.map(agentAt))
    .toSorted()
}

/** Seconds until all nodes know exactly what runs, all at one moment; 30 if they do not. */
async function secondsToAgree(sim: Simulation): Promise<number> {
  for (let second = 0; second < 30; second++) {
    const expected = sim.expected()
    if (sim.nodes.every((node) => isDeepStrictEqual(known(node), expected))) return second
    await sim.advance(1000)
  }
  return 30
}

async function stopAll(sim: Simulation, nodes: readonly DiscoveryNode[]): Promise<void> {
  await sim.run(Promise.all(nodes.map(async (node) => node.stop())))
}

function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[Math.floor(random.next() * items.length)]
  if (item === undefined) throw new TypeError('nothing to pick from')
  return item
}

test.for(SEEDS)(
  'lossy, doubled and disordered gossip: all agree, and again after changes (seed %i)',
  async (seed) => {
    const sim = await setup(seed, { loss: 0.3, duplication: 0.2, delayMs: 400 })
    expect(await secondsToAgree(sim)).toBeLessThan(30)
    for (let change = 0; change < 5; change++) {
      const node = pick(sim.random, sim.nodes)
      await node.book.setAgents([testAgent(`changed-${change}`), testAgent('echo')])
      await sim.advance(sim.random.next() * 3000)
    }
    expect(await secondsToAgree(sim)).toBeLessThan(30)
    await stopAll(sim, sim.nodes)
  }
)

test.for(SEEDS)('without any gossip, sessions alone bring every agent (seed %i)', async (seed) => {
  const sim = await setup(seed, { loss: 1 }, 8)
  await sim.advance(60_000)
  for (const node of sim.nodes) {
    const peers = sim.nodes.filter(({ peer }) => node.sessions.get(peer) !== undefined)
    const near = [node, ...peers].flatMap(({ book }) => book.cards().map(agentAt))
    expect(known(node)).toEqual(expect.arrayContaining(near))
  }
  const node = pick(sim.random, sim.nodes)
  await node.book.setAgents([testAgent('late')])
  // Silence is noticed after 10 s, looked for every 10 s at most; and the card has to come.
  await sim.advance(22_000)
  for (const other of sim.nodes.filter(({ sessions }) => sessions.get(node.peer) !== undefined)) {
    expect(other.directory.search('late')).toHaveLength(1)
    expect(other.directory.peer(node.peer)?.cards).toHaveLength(1)
  }
  await stopAll(sim, sim.nodes)
})

test.for(SEEDS)(
  'the dead go: at once when they say so, else within 20 s (seed %i)',
  async (seed) => {
    const sim = await setup(seed, { delayMs: 200 })
    await sim.advance(15_000)
    const [leaver, victim, ...rest] = sim.nodes
    if (leaver === undefined || victim === undefined) throw new TypeError('too few nodes')
    const [stopped] = await Promise.all([leaver.stop(), sim.advance(5000)])
    expect(stopped).toBeUndefined()
    for (const node of rest) expect(node.directory.peer(leaver.peer)).toBeUndefined()
    await Promise.all([victim.kill(), sim.advance(1000)])
    await sim.advance(19_000)
    for (const node of rest) expect(node.directory.peer(victim.peer)).toBeUndefined()
    await stopAll(sim, rest)
  }
)

/** Enough that statements are rarer than the dead may stay: nobody is forgotten by silence alone. */
const CROWD = 20

test('in a crowd that speaks rarely, a fifth that die at once are gone within 20 s', async () => {
  const sim = await setup(6, { delayMs: 200, loss: 0.1 }, CROWD)
  await sim.advance(15_000)
  const victims = sim.nodes.filter((_, index) => index % 5 === 0)
  const rest = sim.nodes.filter((node) => !victims.includes(node))
  await Promise.all([...victims.map((node) => node.kill()), sim.advance(19_000)])
  const expected = rest.flatMap(({ book }) => book.cards().map(agentAt)).toSorted()
  for (const node of rest) expect(known(node)).toEqual(expected)
  await sim.advance(20_000)
  for (const node of rest) expect(known(node)).toEqual(expected)
  await stopAll(sim, rest)
})

test('links that break and a liar who doubts everybody cost nobody its place', async () => {
  const sim = await setup(7, { delayMs: 200 }, CROWD)
  await sim.advance(15_000)
  const expected = sim.expected()
  const peers = sim.nodes.map(({ peer }) => peer)
  for (const [index, peer] of peers.entries()) {
    const next = peers[(index + 1) % CROWD] ?? ''
    sim.sessions.unlink(peer, next, 'STREAM_TRUNCATED')
  }
  const now = sim.clock.now()
  for (const batch of [peers.slice(0, 16), peers.slice(16)]) {
    const doubts = batch.map((peer) => ({ peer, seq: Number.MAX_SAFE_INTEGER }))
    const lie = encodeStatement({ v: 2, seq: now, sentAt: now, doubts })
    sim.gossip.inject(`liar ${batch.length}`, presenceTopic('test'), lie)
  }
  for (let second = 0; second < 15; second++) {
    await sim.advance(1000)
    for (const node of sim.nodes) expect(known(node)).toEqual(expected)
  }
  await stopAll(sim, sim.nodes)
})

type Side = (index: number) => 0 | 1
/** Of two places. */
type Links = (from: number, to: number) => boolean

/** Nobody of one side reaches the other, by gossip or session. */
function cut(sim: Simulation, sideOf: Side): void {
  cutLinks(sim, (from, to) => sideOf(from) !== sideOf(to))
}

function cutLinks({ nodes, gossip, sessions }: Simulation, isCut: Links): void {
  const places = new Map(nodes.map(({ peer }, index) => [peer, index]))
  const isBetween = (from: string, to: string): boolean =>
    isCut(places.get(from) ?? 0, places.get(to) ?? 0)
  gossip.divide((from, to) => !isBetween(from, to))
  for (const [from, place] of places) {
    for (const [to, other] of places) {
      if (place < other && isBetween(from, to)) sessions.unlink(from, to, 'STREAM_TRUNCATED')
    }
  }
}

/** As where links are not all lost at the same moment. */
async function cutBitByBit(sim: Simulation, sideOf: Side): Promise<void> {
  const size = sim.nodes.length
  for (const share of [0.1, 0.3, 0.6, 1]) {
    const isCut: Links = (from, to) =>
      sideOf(from) !== sideOf(to) && Math.min(from, to) < share * size
    cutLinks(sim, isCut)
    await sim.advance(700)
  }
}

/** Peers that were doubted by nodes of their own side since so many messages. */
function doubtsWithin(sim: Simulation, sideOf: Side, since: number): string[] {
  const sides = new Map(sim.nodes.map(({ peer }, index) => [peer, sideOf(index)]))
  return sim.gossip.log.slice(since).flatMap(({ author, data }) => {
    const { doubts = [] }: { doubts?: { peer: string }[] } = JSON.parse(
      Buffer.from(data).toString()
    )
    const peers = doubts.map(({ peer }) => peer)
    return peers.filter((peer) => sides.get(peer) === sides.get(author))
  })
}

const parityOf: Side = (index) => (index % 2 === 0 ? 0 : 1)

test('halves that were apart know each other again within 15 s, of one link between them', async () => {
  const sim = await setup(8, { delayMs: 100 }, CROWD)
  const half = CROWD / 2
  const peers = sim.nodes.map(({ peer }) => peer)
  // As in a grown mesh, everybody has neighbours in the other half.
  for (const [index, peer] of peers.entries())
    sim.sessions.link(peer, peers[(index + half) % CROWD] ?? '')
  await sim.advance(15_000)
  cut(sim, (index) => (index < half ? 0 : 1))
  await sim.advance(20_000)
  for (const node of sim.nodes) expect(known(node)).toHaveLength(half)
  sim.gossip.divide(() => true)
  sim.sessions.link(peers[0] ?? '', peers[half] ?? '')
  await sim.advance(15_000)
  for (const node of sim.nodes) expect(known(node)).toHaveLength(CROWD)
  await stopAll(sim, sim.nodes)
})

/** One speaks every 22 s then, and what it says counts for 90 s. */
const LARGE_CROWD = 56

test('sides forget those who had no neighbour there within 30 s, and are one again before all have spoken', async () => {
  const sim = await setup(9, { delayMs: 100 }, LARGE_CROWD)
  const peers = sim.nodes.map(({ peer }) => peer)
  // Of the even ones, whose neighbours are even and odd, two keep even neighbours only.
  for (const loner of [10, 20]) {
    for (const step of [-3, -1, 1, 3]) {
      sim.sessions.unlink(peers[loner] ?? '', peers[loner + step] ?? '', 'SESSION_CLOSED')
    }
  }
  await sim.advance(35_000)
  const before = sim.gossip.log.length
  await cutBitByBit(sim, parityOf)
  await sim.advance(30_000)
  for (const node of sim.nodes) expect(known(node)).toHaveLength(LARGE_CROWD / 2)
  expect(doubtsWithin(sim, parityOf, before)).toEqual([])
  sim.gossip.divide(() => true)
  sim.sessions.link(peers[0] ?? '', peers[1] ?? '')
  // Until a quarter more is known, and then a round.
  await sim.advance(18_000)
  for (const node of sim.nodes) expect(known(node)).toHaveLength(LARGE_CROWD)
  await stopAll(sim, sim.nodes)
})

test('replaying all that was ever gossiped resurrects nobody', async () => {
  const sim = await setup(4, {}, 6)
  await sim.advance(20_000)
  const [victim, ...rest] = sim.nodes
  if (victim === undefined) throw new TypeError('too few nodes')
  await sim.run(victim.stop())
  await sim.advance(3000)
  for (const { author, topic, data } of sim.gossip.log) sim.gossip.inject(author, topic, data)
  await sim.advance(1000)
  for (const node of rest) expect(node.directory.peer(victim.peer)).toBeUndefined()
  await stopAll(sim, rest)
})

test('a newcomer knows every agent within a second, and few dial it for its own', async () => {
  const sim = await setup(5, { delayMs: 100 }, 24)
  await sim.advance(20_000)
  const newcomer = await createDiscoveryNode(sim, { seed: 1000, agents: [testAgent('new')] })
  await newcomer.start()
  const dials = sim.sessions.calls.get('connect') ?? 0
  sim.sessions.link(newcomer.peer, pick(sim.random, sim.nodes).peer)
  await sim.advance(1000)
  expect(newcomer.directory.peers()).toHaveLength(25)
  expect(newcomer.directory.search('agent', { limit: 100 })).toHaveLength(25)
  await sim.advance(5000)
  for (const node of sim.nodes) expect(node.directory.search('new')).toHaveLength(1)
  expect((sim.sessions.calls.get('connect') ?? 0) - dials).toBeLessThan(20)
  await stopAll(sim, [newcomer, ...sim.nodes])
})
