/** The shared memory of a node: opens its spaces, answers its peers, and keeps all of it equal with theirs. */
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import type { PubSub } from '../core/pubsub.ts'
import type { Random } from '../core/random.ts'
import type { Secret } from '../core/secret.ts'
import { createServingGate } from '../protocols/replication/serving-gate.ts'
import type { RepairQuota } from '../protocols/replication/serving-gate.ts'
import { serveReplication } from '../protocols/replication/server.ts'
import type { Session, Sessions } from '../protocols/session/session.ts'
import type { Store } from '../storage/store.ts'
import type { Blame } from '../trust/blame.ts'
import { comparePeers } from './compare-peers.ts'
import { createKeeper } from './keeper.ts'
import type { Keeper } from './keeper.ts'
import { createKnownAuthors } from './known-authors.ts'
import type { KnownAuthors, ListedAuthors } from './known-authors.ts'
import type { MemoryMeter } from './memory-meter.ts'
import { createLiveQueue } from './live-receiver.ts'
import { createOpenedSpace } from './opened-space.ts'
import type { OpenedSpace } from './opened-space.ts'
import type { AuthorKey, MemoryId } from './record.ts'
import { createVerifier } from './record-signature.ts'
import type { Signer } from './record-signature.ts'
import { createResponder, repair } from './repair.ts'
import type { RepairPeer, RepairResult } from './repair.ts'
import { openReplica } from './replica.ts'
import type { Replica } from './replica.ts'
import { createSessionPeer } from './session-peer.ts'
import type { MemorySpace, SharedMemory, SpaceInit } from './shared-memory.ts'
import { createSpace, DEFAULT_QUOTAS, sharedSpace } from './space.ts'
import type { Space } from './space.ts'
import { createSpaceOffers } from './space-offers.ts'
import type { Farewell, SpaceOffers } from './space-offers.ts'
import { createSpaceShelf } from './space-shelf.ts'

export interface SharedMemoryComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** The node's database; asked for at the start. */
  readonly store: () => Pick<Store, 'get' | 'getMany' | 'iterate' | 'commit'>
  readonly signer: Signer
  /** Of the signer's private key. */
  readonly seed: Secret<Uint8Array>
  /** Under which a peer may have written: one for each key that it has had, the oldest first. */
  readonly authorsOf: (peer: PeerIdText) => readonly AuthorKey[]
  /** Default: there is no members list. */
  readonly listedAuthors?: ListedAuthors
  /** Whether a peer may read any space at all; default: all may. Then the space decides. */
  readonly mayRead?: (peer: PeerIdText) => boolean
  /** Whether a peer may put records here by gossip; default: all may. Calls of a session are judged there. */
  readonly mayWrite?: (peer: PeerIdText) => boolean
  readonly sessions: Sessions
  /** What a peer may have repaired; default: the limits. */
  readonly quotaOf?: ((peer: PeerIdText) => RepairQuota) | undefined
  /** Without it peers learn by repair alone: later, and as surely. */
  readonly pubsub: PubSub | undefined
  readonly blame: Blame
  readonly meter?: MemoryMeter
}

export interface SharedMemoryInit {
  readonly self: PeerIdText
  readonly swarm: string
  /**
   * Whether all that this node ever acknowledged is in the database, asked at the start. If not, it
   * writes as somebody new: peers may hold records under numbers that it would use again.
   */
  readonly isWhole: () => boolean
}

/** Spaces are there from `start` to `stop`, which lie around those of the network. */
export interface NodeMemory extends SharedMemory {
  /** What needs peers: live updates, and repair. Starts after the sessions, and stops before them. */
  readonly exchange: Component
  /** How much of each space is here, without looking at what it is. */
  held(): readonly HeldSpace[]
}

export interface HeldSpace {
  /** Of the space. */
  readonly name: string
  readonly records: number
  readonly bytes: number
}

/** Registers the methods of repair with the sessions; what they answer before the start is SPACE_UNKNOWN. */
export function createSharedMemory(
  components: SharedMemoryComponents,
  init: SharedMemoryInit
): NodeMemory {
  return new OpenSpaces(components, init)
}

class OpenSpaces implements NodeMemory {
  readonly #components: SharedMemoryComponents
  readonly #init: SharedMemoryInit
  readonly #keeper: Keeper
  readonly #queue = createLiveQueue()
  readonly #verify = createVerifier()
  readonly #spaces = new Map<MemoryId, OpenedSpace>()
  readonly #known: KnownAuthors & Component
  readonly #offers: SpaceOffers
  readonly exchange: Component = {
    start: () => this.#startExchange(),
    stop: () => this.#stopExchange()
  }

  #running = false
  #exchanging = false

  constructor(components: SharedMemoryComponents, init: SharedMemoryInit) {
    this.#components = components
    this.#init = init
    this.#keeper = createKeeper(
      { ...components, repair: (space, ...rest) => this.#repair(space, ...rest) },
      init
    )
    const gate = createServingGate(components)
    const self = components.signer.author
    this.#known = createKnownAuthors({ ...components, self })
    this.#offers = createSpaceOffers({
      ...components,
      verify: this.#verify,
      gate,
      known: this.#known,
      onListChanged: components.listedAuthors?.onChanged,
      spaces: () => this.spaces().map(({ space }) => space),
      spacesFor: (peer) => this.#readableFor(peer),
      farewellsTo: (peer) => this.#farewellsTo(peer),
      adopt: (space) => this.#adopt(space)
    })
    serveReplication({
      gate,
      methods: components.sessions.methods,
      find: (space, peer) => this.#responder(space, peer),
      onOffence: (peer, error) => {
        components.blame.add(peer, 1)
        components.logger.warn('a peer sent what no honest one sends', { peer, code: error.code })
      }
    })
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    await this.#open(sharedSpace(this.#init.swarm))
    for (const space of await this.#shelf().all()) await this.#open(space)
  }

  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    await Promise.all([...this.#spaces.values()].map((space) => space.stop()))
    this.#spaces.clear()
  }

  async #startExchange(): Promise<void> {
    if (this.#exchanging) return
    this.#exchanging = true
    await this.#known.start()
    for (const { live } of this.#spaces.values()) await live?.start()
    await this.#keeper.start()
    await this.#offers.start()
  }

  async #stopExchange(): Promise<void> {
    if (!this.#exchanging) return
    this.#exchanging = false
    await this.#offers.stop()
    await this.#keeper.stop()
    await this.#known.stop()
    await Promise.all([...this.#spaces.values()].map(async ({ live }) => live?.stop()))
  }

  space(name: string): MemorySpace {
    const named = this.spaces().filter(({ space }) => space.name === name)
    const { author } = this.#components.signer
    // Whoever offers a space of the same name must not get what is meant for another one.
    const own = named.find(({ space }) => space.owner === undefined || space.owner === author)
    const found = own ?? named[0] ?? this.#spaces.get(name)?.memory
    if (found === undefined) throw unknown(name)
    if (own === undefined && named.length > 1) {
      throw new LumosError('SPACE_AMBIGUOUS', { details: { space: name, count: named.length } })
    }
    return found
  }

  spaces(): readonly MemorySpace[] {
    return [...this.#spaces.values()].map(({ memory }) => memory)
  }

  held(): readonly HeldSpace[] {
    return Array.from(this.#spaces.values(), ({ replica: { space, held } }) => {
      return { name: space.name, records: held.records, bytes: held.bytes }
    })
  }

  async create({ name, mode, sealed }: SpaceInit): Promise<MemorySpace> {
    if (this.spaces().some(({ space }) => space.name === name)) {
      throw new LumosError('SPACE_EXISTS', { details: { space: name } })
    }
    const { signer, random } = this.#components
    const nonce = Buffer.from(random.bytes(16)).toString('hex')
    const genesis = { ...DEFAULT_QUOTAS, name, mode, sealed, nonce, owner: signer.author }
    const space = createSpace(genesis, signer)
    await this.#shelf().add(space)
    const { memory } = await this.#open(space)
    this.#offers.tellAll()
    return memory
  }

  #mayRead({ replica }: OpenedSpace, peer: PeerIdText): boolean {
    if (this.#components.mayRead?.(peer) === false) return false
    return this.#components.authorsOf(peer).some((author) => replica.mayRead(author))
  }

  #readableFor(peer: PeerIdText): Space[] {
    return [...this.#spaces.values()].flatMap((opened) => {
      const { space } = opened.replica
      return space.owner !== undefined && this.#mayRead(opened, peer) ? [space] : []
    })
  }

  #farewellsTo(peer: PeerIdText): Farewell[] {
    const authors = this.#components.authorsOf(peer)
    return [...this.#spaces.values()].flatMap((opened) => {
      if (this.#mayRead(opened, peer)) return []
      const { replica } = opened
      const said = replica.statements.filter(({ author }) => authors.includes(author))
      const revocations = said.filter(({ kind }) => kind === 'revocation')
      if (revocations.length === 0) return []
      return [{ space: replica.space.id, statements: revocations.map(({ bytes }) => bytes) }]
    })
  }

  async #adopt(space: Space): Promise<void> {
    await this.#shelf().add(space)
    await this.#open(space)
  }

  #shelf() {
    return createSpaceShelf({ store: this.#components.store(), verify: this.#verify })
  }

  async #open(space: Space): Promise<OpenedSpace> {
    const { clock, random, logger, store, signer, sessions, pubsub, blame } = this.#components
    const replica = await openReplica(
      { clock, random, store: store(), signer, verify: this.#verify, known: this.#known },
      { space, continueWriter: this.#init.isWhole() }
    )
    const opened = createOpenedSpace({
      clock,
      random,
      logger,
      blame,
      pubsub: this.#spaces.size < LIMITS.memoryLiveSpaces.value ? pubsub : undefined,
      signer,
      seed: this.#components.seed,
      authorsOf: this.#components.authorsOf,
      mayWrite: this.#components.mayWrite,
      onSaid: () => this.#offers.tellAll(),
      replica,
      store: store(),
      queue: this.#queue,
      keeper: this.#keeper,
      compare: (own) => comparePeers({ clock, sessions }, own)
    })
    this.#measure(replica)
    this.#spaces.set(space.id, opened)
    await opened.start()
    if (this.#exchanging) await opened.live?.start()
    this.#keeper.add(space.id)
    return opened
  }

  #measure({ events }: Replica): void {
    const { meter } = this.#components
    if (meter === undefined) return
    events.on('changed', ({ length }) => meter.changed(length))
    events.on('conflict', () => meter.conflict())
  }

  #find(space: MemoryId, peer: PeerIdText): OpenedSpace {
    const opened = this.#spaces.get(space)
    // Who may not read is not told that it is here.
    if (opened === undefined || !this.#mayRead(opened, peer)) throw unknown(space)
    return opened
  }

  /** A space that was just taken up has nothing to tell, and learns by this who may know of it. */
  #findForRepair(space: MemoryId, peer: PeerIdText): OpenedSpace {
    const opened = this.#spaces.get(space)
    const { held, statements } = opened?.replica ?? {}
    const isNew = held?.records === 0 && statements?.length === 0
    const isReader = this.#components.mayRead?.(peer) !== false
    return opened && isNew && isReader ? opened : this.#find(space, peer)
  }

  /** Only what moves records is a repair: others are asked by people who look at the status, too. */
  #responder(space: MemoryId, peer: PeerIdText): RepairPeer {
    const { replica } = this.#find(space, peer)
    const responder = createResponder(replica)
    const keeper = this.#keeper
    keeper.met(space, peer)
    const atIt = (): void => keeper.served(space, peer)
    return {
      ...responder,
      pull(vector) {
        atIt()
        return responder.pull(vector)
      },
      async push(batch) {
        atIt()
        const receipt = await responder.push({ ...batch, from: peer })
        if (receipt.applied > 0) keeper.brought(space, peer)
        return receipt
      }
    }
  }

  async #repair(space: MemoryId, session: Session, signal: AbortSignal): Promise<RepairResult> {
    const { clock } = this.#components
    // It may be told only what the peer may know: the same rule in both directions.
    const { replica, gaps } = this.#findForRepair(space, session.peer)
    const settle = gaps.begin()
    const requireReader = (): void => void this.#find(space, session.peer)
    const peer = createSessionPeer({ clock, session }, { space, signal, requireReader })
    const result = await repair(replica, peer)
    if (result.equal) settle(session.peer, this.#components.sessions.all().length)
    return result
  }
}

function unknown(space: string): LumosError {
  return new LumosError('SPACE_UNKNOWN', { details: { space } })
}
