/** A node of the simulated swarm: the cores of a real one, joined as node/ joins them, over a simulated network. */
import { silentLogger } from '../../../core/logger.ts'
import type { Logger } from '../../../core/logger.ts'
import type { PubSub } from '../../../core/pubsub.ts'
import type { Random } from '../../../core/random.ts'
import { LumosError, toLumosError } from '../../../core/errors.ts'
import { createCapabilityDht } from '../../../discovery/dht/capability-dht.ts'
import type { CapabilityDht } from '../../../discovery/dht/capability-dht.ts'
import { createCardBook } from '../../../discovery/cards/card-book.ts'
import type { CardBook } from '../../../discovery/cards/card-book.ts'
import { createCardExchange } from '../../../discovery/cards/card-exchange.ts'
import { createDirectory } from '../../../discovery/directory/directory.ts'
import type { Directory } from '../../../discovery/directory/directory.ts'
import { createFinder } from '../../../discovery/directory/find.ts'
import type { Finder } from '../../../discovery/directory/find.ts'
import { createPeerFinder } from '../../../discovery/peers/finder.ts'
import type { PeerFinder } from '../../../discovery/peers/finder.ts'
import { createPresence } from '../../../discovery/presence/presence.ts'
import type { Dial } from '../../../discovery/peers/redial.ts'
import { createRouteDirectory } from '../../../node/route-directory.ts'
import { createHedgeBudget } from '../../../routing/hedge-budget.ts'
import { createRetryBudget } from '../../../routing/retry-budget.ts'
import { createRouter } from '../../../routing/router.ts'
import type { Router } from '../../../routing/router.ts'
import { createSelector } from '../../../routing/selector.ts'
import type { Store } from '../../../storage/store.ts'
import type { Identity } from '../../../trust/identity.ts'
import { testAgent } from '../discovery-node.ts'
import { testSkill } from '../identity.ts'
import { seededRandom } from '../random.ts'
import { SimulatedWorkers } from '../routing-simulation/simulated-workers.ts'
import type { GossipEnd } from './gossip-mesh.ts'
import { openMemory } from './memory.ts'
import type { SimulatedMemory } from './memory.ts'
import type { Host, Network } from './network.ts'
import { SimulatedSessions } from './sessions.ts'
import type { TickTime } from './tick-time.ts'
import type { World } from './world.ts'

const SHARED_SKILL = 'say-again'

/** What this node alone can do. */
export function skillOf({ index }: Host): string {
  return `only-n${String(index).padStart(4, '0')}`
}

export interface NodeInit {
  readonly seed: number
  readonly identity: Identity
  readonly host: Host
  readonly store: Store
  readonly bootstrap: readonly string[]
  /** Whom it had peers in before. */
  readonly remembered: readonly Host[]
}

export interface SimulatedNode {
  readonly host: Host
  readonly book: CardBook
  readonly directory: Directory
  readonly sessions: SimulatedSessions
  readonly dht: CapabilityDht
  readonly finder: Finder
  readonly peerFinder: PeerFinder
  readonly router: Router
  readonly memory: SimulatedMemory
  start(): Promise<void>
  /** Says goodbye. Takes simulated time. */
  stop(): Promise<void>
  /** As with kill -9; what it resolves to concerns nobody. */
  kill(): Promise<void>
}

export async function createNode(world: World, init: NodeInit): Promise<SimulatedNode> {
  const { network } = world
  const { host, seed } = init
  const base = { clock: world.time, random: seededRandom(seed), logger: silentLogger }
  const { mutation = {} } = world.init
  const gossip = world.gossip.join(host, base.random)
  const pubsub = mutation.pubsub?.(gossip.pubsub, world.time) ?? gossip.pubsub
  const parts = createDiscovery(world, { ...init, ...base, pubsub })
  const { sessions, directory, finder, peerFinder } = parts
  const memory = await openMemory({
    ...base,
    network,
    store: init.store,
    sessions,
    pubsub,
    memoryOf: (peer) => world.running.get(peer)?.memory
  })
  follow({ network, sessions, gossip, peerFinder })
  const found = [parts.book, directory, parts.exchange, parts.presence, parts.dht, peerFinder]
  const running = mutation.keepsMemory === false ? found : [...found, memory]
  const end = async (): Promise<void> => {
    for (const part of running.toReversed()) await part.stop()
  }
  return {
    ...parts,
    host,
    router: createNodeRouter(world, { host, seed, directory, finder }),
    memory,
    async start() {
      host.alive = true
      for (const part of running) await part.start()
      for (const { peer, address } of init.remembered) {
        peerFinder.learn({ peer, addresses: [address], foundBy: 'remembered' })
      }
    },
    async stop() {
      await end()
      await sessions.stop()
      gossip.leave()
    },
    async kill() {
      sessions.crash()
      gossip.leave()
      await end()
    }
  }
}

interface DiscoveryInit extends NodeInit {
  readonly clock: TickTime
  readonly random: Random
  readonly logger: Logger
  readonly pubsub: PubSub
}

function createDiscovery(world: World, init: DiscoveryInit) {
  const { network } = world
  const { host, clock, random, logger, pubsub } = init
  const base = { clock, random, logger }
  const { peer: self } = host
  const name = `n${String(host.index).padStart(4, '0')}`
  const load = () => ({ load: world.peerOf(host).load, slots: 8 })
  const book = createBook(world, init)
  const directory = createDirectory(clock, { self, name, load })
  const fields = () => exchange.helloFields()
  const parts = { network, random, registry: world.sessions }
  const sessions = new SimulatedSessions(parts, host, { name, fields })
  const known = { ...base, sessions, directory, book, load }
  const exchange = createCardExchange({ ...known, verify: world.verify })
  const presence = createPresence(
    { ...known, pubsub, exchange, addresses: () => [host.address] },
    { swarmId: 'simulated', name }
  )
  const records = world.dht.recordsOf(host)
  const holders = (skillId: string): number => directory.search(skillId, { limit: 64 }).length
  const nodes = (): number => directory.size
  const dht = createCapabilityDht({ ...base, records, book, sessions, holders, nodes })
  const finder = createFinder({ ...base, directory, dht, exchange, self })
  const { targetPeers } = world.init.mutation ?? {}
  const peerFinder = createPeerFinder(
    {
      ...base,
      sessions,
      dial: dialOf(network, sessions, world.sessions),
      disconnect: (peer) => sessions.disconnect(peer),
      isLocal: () => false,
      walk: () => world.dht.walk(host, random)
    },
    { self, bootstrap: init.bootstrap, ...(targetPeers !== undefined && { targetPeers }) }
  )
  return { book, directory, sessions, exchange, presence, dht, finder, peerFinder }
}

function createBook(world: World, { identity, host }: NodeInit): CardBook {
  let seq = 0
  const { time: clock } = world
  const { agents = Infinity } = world.init
  const agent = testAgent('worker', {
    skills: [testSkill(skillOf(host)), testSkill(SHARED_SKILL)],
    idempotent: true
  })
  const sequence = { next: async () => (seq = Math.max(seq + 1, Math.floor(clock.now()))) }
  const book = createCardBook(
    { clock, logger: silentLogger, identity, sequence },
    { agents: host.index < agents ? [agent] : [], extensions: [] }
  )
  book.events.on('signed', (cards) => world.signed(cards))
  return book
}

interface Followed {
  readonly network: Network
  readonly sessions: SimulatedSessions
  readonly gossip: GossipEnd
  readonly peerFinder: PeerFinder
}

/** What libp2p tells its parts of connections: gossipsub of peers, and identify of addresses. */
function follow({ network, sessions, gossip, peerFinder }: Followed): void {
  sessions.events.on('opened', ({ peer }) => {
    gossip.linked(peer)
    const { address } = network.host(peer) ?? {}
    if (address !== undefined) peerFinder.located(peer, [address])
  })
  sessions.events.on('closed', ({ peer }) => gossip.unlinked(peer))
}

function dialOf(
  network: Network,
  sessions: SimulatedSessions,
  registry: ReadonlyMap<string, SimulatedSessions>
): Dial {
  return async ({ peer, addresses }, signal) => {
    const failures: { readonly address: string; readonly reason: string }[] = []
    let error = new LumosError('PEER_UNREACHABLE', { details: { peer: peer ?? 'unknown' } })
    for (const address of addresses) {
      const found = registry.get(network.at(address)?.peer ?? '')
      try {
        if (found === undefined) throw error
        await sessions.reach(found, signal)
        return { peer: found.host.peer, address }
      } catch (cause) {
        error = toLumosError(cause)
        failures.push({ address, reason: error.code })
      }
    }
    return { error, failures }
  }
}

interface RouterInit {
  readonly host: Host
  readonly seed: number
  readonly directory: Directory
  readonly finder: Finder
}

function createNodeRouter(world: World, { host, seed, directory, finder }: RouterInit): Router {
  const { time: clock } = world
  const random = seededRandom(seed + 1)
  const workers = new SimulatedWorkers({ time: clock, random, peers: world.peers }, host.place)
  return createRouter({
    workers,
    selector: createSelector({ workers, clock, random }),
    budget: createRetryBudget(clock),
    hedges: createHedgeBudget(clock),
    directory: createRouteDirectory({ directory, finder }, {}),
    clock,
    random,
    logger: silentLogger
  })
}
