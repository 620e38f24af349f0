/** The capability half of discovery, joined as a node joins it, over networks in memory. */
import { silentLogger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { createCapabilityDht, KEEPERS } from '../../discovery/dht/capability-dht.ts'
import type { ProviderRecords } from '../../discovery/dht/capability-dht.ts'
import { createCardBook } from '../../discovery/cards/card-book.ts'
import type { AgentDescription } from '../../discovery/cards/card-builder.ts'
import { createCardExchange } from '../../discovery/cards/card-exchange.ts'
import { createDirectory } from '../../discovery/directory/directory.ts'
import { createFinder } from '../../discovery/directory/find.ts'
import { createPresence } from '../../discovery/presence/presence.ts'
import { verifyCard } from '../../trust/card-signature.ts'
import type { CardVerifier } from '../../trust/card-signature.ts'
import { createGossipNetwork } from './gossip-network.ts'
import type { GossipFaults, GossipNetwork } from './gossip-network.ts'
import { testIdentity, testSkill } from './identity.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'
import { SessionNetwork } from './session-network.ts'

export function testAgent(id: string, extra: Partial<AgentDescription> = {}): AgentDescription {
  return {
    id,
    name: id,
    description: `the ${id} agent`,
    version: '1.0.0',
    skills: [testSkill(id)],
    inputModes: ['text/plain'],
    outputModes: ['text/plain'],
    idempotent: false,
    resumable: false,
    ...extra
  }
}

export interface TestSwarm {
  readonly clock: ManualClock
  readonly random: Random
  readonly sessions: SessionNetwork
  readonly gossip: GossipNetwork
  /** Providers by CID text, in place of a DHT. */
  readonly records: Map<string, Set<string>>
  readonly verify: CardVerifier
  /** Moves the clock in small steps, waiting for signature checks, which take real time. */
  advance(ms: number): Promise<void>
  /** Moves the clock until `work` is done. */
  run<T>(work: Promise<T>): Promise<T>
}

/** Small against every interval of the protocol. */
const STEP_MS = 10

export function createTestSwarm(seed: number, faults: GossipFaults = {}): TestSwarm {
  const clock = new ManualClock()
  const random = seededRandom(seed)
  const checks = new Set<Promise<unknown>>()

  async function step(ms: number): Promise<void> {
    await clock.advance(ms)
    while (checks.size > 0) await Promise.allSettled(checks)
  }

  return {
    clock,
    random,
    sessions: new SessionNetwork(clock, 2),
    gossip: createGossipNetwork({ clock, random }, faults),
    records: new Map(),
    verify(...parameters) {
      const check = verifyCard(...parameters)
      checks.add(check)
      return check.finally(() => checks.delete(check))
    },
    async advance(ms) {
      const end = clock.now() + ms
      while (clock.now() < end) await step(Math.min(STEP_MS, end - clock.now()))
    },
    async run(work) {
      const state = { done: false }
      const settled = work.finally(() => (state.done = true))
      settled.catch(() => undefined)
      while (!state.done) await step(STEP_MS)
      return settled
    }
  }
}

export type DiscoveryNode = Awaited<ReturnType<typeof createDiscoveryNode>>

/** What it announces has nobody else, as far as it knows. */
const LONELY = {
  holders: () => 0,
  nodes: () => 1,
  sessions: { all: () => [{ openedAt: -Infinity }] }
}

export async function createDiscoveryNode(
  swarm: TestSwarm,
  { seed, agents = [] }: { seed: number; agents?: readonly AgentDescription[] }
) {
  const { clock, random } = swarm
  const identity = await testIdentity(seed)
  const { peer } = identity
  const name = `node-${seed}`
  const state = { load: 0, slots: 4, addresses: [`/ip4/192.0.2.${seed}/tcp/4001`] }
  const base = { clock, random, logger: silentLogger }
  const sequence = sequenceOf(swarm)
  const load = () => state
  const book = createCardBook({ ...base, identity, sequence }, { agents, extensions: [] })
  const directory = createDirectory(clock, { self: peer, name, load })
  const sessions = swarm.sessions.add(peer, { name, fields: () => exchange.helloFields() })
  const known = { ...base, sessions, directory, book, load }
  const exchange = createCardExchange({ ...known, verify: swarm.verify })
  const presence = createPresence(
    { ...known, exchange, pubsub: swarm.gossip.add(peer), addresses: () => state.addresses },
    { swarmId: 'test', name }
  )
  const dht = createCapabilityDht({
    ...base,
    records: recordsOf(swarm, peer),
    book,
    ...LONELY
  })
  const finder = createFinder({ ...base, directory, dht, exchange, self: peer })
  const parts = [book, directory, exchange, sessions, presence, dht]
  return {
    peer,
    name,
    identity,
    state,
    book,
    directory,
    sessions,
    exchange,
    presence,
    dht,
    finder,
    async start() {
      for (const part of parts) await part.start()
    },
    async stop() {
      for (const part of parts.toReversed()) await part.stop()
    },
    /** Stops running without a word to anybody. */
    async kill() {
      swarm.gossip.remove(peer)
      swarm.sessions.kill(peer)
      await this.stop()
    }
  }
}

function sequenceOf({ clock }: TestSwarm) {
  let seq = 0
  return { next: async () => (seq = Math.max(seq + 1, Math.floor(clock.now()))) }
}

function recordsOf({ records }: TestSwarm, self: string): ProviderRecords {
  return {
    async provide(cid) {
      const key = cid.toString()
      records.set(key, (records.get(key) ?? new Set()).add(self))
      return KEEPERS
    },
    async *findProviders(cid) {
      for (const peer of records.get(cid.toString()) ?? []) yield { id: peer }
    },
    async cancelReprovide(cid) {
      records.get(cid.toString())?.delete(self)
    }
  }
}
