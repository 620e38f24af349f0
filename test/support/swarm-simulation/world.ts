/** A whole simulated swarm: one clock, one network, and the nodes that live, die and come back in it. */
import type { Clock } from '../../../core/clock.ts'
import { LumosError } from '../../../core/errors.ts'
import type { PubSub } from '../../../core/pubsub.ts'
import type { Random } from '../../../core/random.ts'
import { createMemoryStore } from '../../../storage/memory-store.ts'
import type { CardVerifier, VerifiedCard } from '../../../trust/card-signature.ts'
import { testIdentity } from '../identity.ts'
import { seededRandom } from '../random.ts'
import { SimulatedPeer } from '../routing-simulation/simulated-peer.ts'
import type { Conditions } from './conditions.ts'
import { createDht } from './dht.ts'
import type { SimulatedDht } from './dht.ts'
import { GossipMesh } from './gossip-mesh.ts'
import { Network } from './network.ts'
import type { Host } from './network.ts'
import { createNode } from './node.ts'
import type { SimulatedNode } from './node.ts'
import type { SimulatedSessions } from './sessions.ts'
import { TickTime } from './tick-time.ts'

/** Addresses that a node writes down for its next start. */
const REMEMBERED = 8
/** What a task takes at its worker, in the middle. */
const TASK_MS = 5

/** Bugs that the simulation must find. */
export interface Mutation {
  readonly pubsub?: (pubsub: PubSub, clock: Clock) => PubSub
  readonly targetPeers?: number
  readonly keepsMemory?: boolean
}

export interface WorldInit {
  readonly seed: number
  readonly nodes: number
  readonly conditions: Conditions
  /** So many nodes have an agent, the bootstrap node first; by default all. */
  readonly agents?: number
  readonly mutation?: Mutation
}

export class World {
  readonly init: WorldInit
  readonly time = new TickTime()
  readonly random: Random
  readonly network: Network
  readonly gossip: GossipMesh
  readonly dht: SimulatedDht
  /** By peer id; of dead nodes, their last. */
  readonly sessions = new Map<string, SimulatedSessions>()
  readonly running = new Map<string, SimulatedNode>()
  /** Whoever moves the time starts them: their keys sign in real time. */
  readonly returning: Host[] = []
  /** For routing: who works, and how fast. */
  readonly peers = new Map<string, SimulatedPeer>()
  readonly #members: Member[] = []
  /** Signed by nodes of this world, by signature. */
  readonly #cards = new Map<string, VerifiedCard>()

  constructor(init: WorldInit) {
    this.init = init
    this.random = seededRandom(init.seed)
    const { time } = this
    this.network = new Network({ time, random: this.#seeded() }, init.conditions)
    this.gossip = new GossipMesh(this.network)
    this.dht = createDht(this.network, this.#seeded())
  }

  static async create(init: WorldInit): Promise<World> {
    const world = new World(init)
    for (let index = 0; index < init.nodes; index += 1) await world.add()
    return world
  }

  get hosts(): readonly Host[] {
    return this.network.hosts
  }

  get nodes(): readonly SimulatedNode[] {
    return [...this.running.values()]
  }

  get bootstrap(): Host {
    return this.#member(0).host
  }

  /** A host whose node does not run yet. */
  async add(): Promise<Host> {
    const identity = await testIdentity(this.hosts.length + 1)
    const host = this.network.add(identity.peer)
    this.#members.push({ host, identity, store: createMemoryStore(), remembered: [] })
    const { time, random } = this
    const traits = { id: host.peer, number: host.index, place: host.place, delayMs: 0 }
    const ability = { slots: 8, queue: 64, medianMs: TASK_MS }
    this.peers.set(host.peer, new SimulatedPeer({ time, random }, { ...traits, ...ability }))
    return host
  }

  node({ peer }: Host): SimulatedNode {
    const found = this.running.get(peer)
    if (found === undefined) throw new TypeError(`${peer} does not run`)
    return found
  }

  peerOf({ peer }: Host): SimulatedPeer {
    const found = this.peers.get(peer)
    if (found === undefined) throw new TypeError(`${peer} is not known`)
    return found
  }

  /** Takes no simulated time. */
  async start(host: Host): Promise<SimulatedNode> {
    const member = this.#member(host.index)
    const { identity, store, remembered } = member
    const seed = Math.floor(this.random.next() * 2 ** 31)
    const bootstrap = host === this.bootstrap ? [] : [this.bootstrap.address]
    const node = await createNode(this, { seed, identity, host, store, bootstrap, remembered })
    this.running.set(host.peer, node)
    this.peerOf(host).revive()
    await node.start()
    return node
  }

  /** Resolves when it has said goodbye and is gone, which takes simulated time. */
  async stop(host: Host): Promise<void> {
    const node = this.#end(host)
    await node.stop()
    this.peerOf(host).die('gone')
  }

  kill(host: Host): void {
    const node = this.#end(host)
    this.peerOf(host).die('gone')
    void node.kill()
  }

  /** Nodes of different sides neither hear nor reach each other. */
  cut(sideOf: (host: Host) => number): void {
    for (const host of this.hosts) host.side = sideOf(host)
    const isSilent = this.init.conditions.cut === 'silent'
    for (const node of this.nodes) {
      for (const { peer } of node.sessions.all()) {
        const other = this.network.host(peer)
        if (other === undefined || other.side === node.host.side) continue
        if (isSilent) node.sessions.starve(peer)
        else node.sessions.lose(peer, 'STREAM_TRUNCATED')
      }
    }
  }

  heal(): void {
    for (const host of this.hosts) host.side = 0
  }

  /** Moves the time until `work` is done. */
  async run<T>(work: Promise<T>): Promise<T> {
    const state = { done: false }
    const settled = work.finally(() => (state.done = true))
    settled.catch(() => undefined)
    while (!state.done) await this.time.advance(5)
    return settled
  }

  /** The books sign with real keys, which takes real time: others only look up that they did. */
  readonly verify: CardVerifier = async (value, { peer }) => {
    const card = this.#cards.get(signatureOf(value))
    if (card?.peer !== peer) throw new LumosError('CARD_INVALID', { details: { peer } })
    return card
  }

  signed(cards: readonly VerifiedCard[]): void {
    for (const card of cards) this.#cards.set(signatureOf(card.card), card)
  }

  async end(): Promise<void> {
    for (const { host } of this.nodes) this.kill(host)
    await this.time.advance(60_000)
  }

  #end(host: Host): SimulatedNode {
    const node = this.node(host)
    const peers = node.sessions.all().slice(0, REMEMBERED)
    this.#member(host.index).remembered = peers.flatMap(({ peer }) => this.network.host(peer) ?? [])
    this.running.delete(host.peer)
    return node
  }

  #member(index: number): Member {
    const member = this.#members[index]
    if (member === undefined) throw new TypeError(`there is no node ${index}`)
    return member
  }

  #seeded(): Random {
    return seededRandom(Math.floor(this.random.next() * 2 ** 31))
  }
}

interface Member {
  readonly host: Host
  readonly identity: Awaited<ReturnType<typeof testIdentity>>
  readonly store: ReturnType<typeof createMemoryStore>
  remembered: readonly Host[]
}

function signatureOf(card: unknown): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- looked up only; the wrong type finds nothing
  const { signatures } = card as { readonly signatures?: readonly { readonly signature: string }[] }
  return signatures?.[0]?.signature ?? ''
}
