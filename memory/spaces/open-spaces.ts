/** The shared memory of a node: opens its spaces, answers its peers, and keeps all of it equal with theirs. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { PubSub } from '../../core/pubsub.ts'
import type { Random } from '../../core/random.ts'
import type { Secret } from '../../core/secret.ts'
import { createServingGate } from '../../protocols/replication/serving-gate.ts'
import type { RepairQuota } from '../../protocols/replication/serving-gate.ts'
import { serveReplication } from '../../protocols/replication/server.ts'
import type { Sessions } from '../../protocols/session/session.ts'
import type { Store } from '../../storage/store.ts'
import type { Blame } from '../../trust/blame.ts'
import { comparePeers } from '../repair/compare-peers.ts'
import { createKeeper } from '../repair/keeper.ts'
import type { Keeper } from '../repair/keeper.ts'
import type { MemoryMeter } from '../memory-meter.ts'
import { createLiveQueue } from '../live/receiver.ts'
import type { AuthorKey, MemoryId } from '../replica/record.ts'
import { createVerifier } from '../replica/record-signature.ts'
import type { Signer } from '../replica/record-signature.ts'
import { openReplica } from '../replica/replica.ts'
import type { Replica } from '../replica/replica.ts'
import type { ForgetOptions, MemorySpace, SharedMemory, SpaceInit } from '../shared-memory.ts'
import { createForgottenSpaces } from './forgotten-spaces.ts'
import type { ForgottenSpaces } from './forgotten-spaces.ts'
import { createKnownAuthors } from './known-authors.ts'
import type { KnownAuthors, ListedAuthors } from './known-authors.ts'
import { createOpenedSpace } from './opened-space.ts'
import type { OpenedSpace } from './opened-space.ts'
import { createSpace, DEFAULT_QUOTAS, sharedSpace } from './space.ts'
import type { Space } from './space.ts'
import { createSpaceExchange, unknownSpace } from './space-exchange.ts'
import { createSpaceOffers } from './space-offers.ts'
import type { SpaceOffers } from './space-offers.ts'
import { createSpaceShelf } from './space-shelf.ts'
import { createSpaceStore } from './space-store.ts'
import type { SpaceRows, SpaceStore } from './space-store.ts'

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
  /**
   * The database, for what is derived from a space and kept with its rows.
   *
   * @throws SPACE_UNKNOWN also in each of its methods when the space is forgotten meanwhile
   */
  storeOf(space: MemoryId): SpaceRows
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

/** One that this node has. */
interface Here extends OpenedSpace {
  readonly store: SpaceStore
}

class OpenSpaces implements NodeMemory {
  readonly #components: SharedMemoryComponents
  readonly #init: SharedMemoryInit
  readonly #keeper: Keeper
  readonly #queue = createLiveQueue()
  readonly #verify = createVerifier()
  readonly #spaces = new Map<MemoryId, Here>()
  readonly #known: KnownAuthors & Component
  readonly #offers: SpaceOffers
  readonly #forgotten: ForgottenSpaces
  /** One after the other: a space is never forgotten and joined at once. */
  #changing: Promise<unknown> = Promise.resolve()
  readonly exchange: Component = {
    start: () => this.#startExchange(),
    stop: () => this.#stopExchange()
  }

  #running = false
  #exchanging = false

  constructor(components: SharedMemoryComponents, init: SharedMemoryInit) {
    this.#components = components
    this.#init = init
    const exchange = createSpaceExchange({
      ...components,
      spaces: this.#spaces,
      keeper: () => this.#keeper
    })
    this.#keeper = createKeeper({ ...components, repair: exchange.repair }, init)
    const gate = createServingGate(components)
    const self = components.signer.author
    this.#forgotten = createForgottenSpaces({ ...components, self, shelf: () => this.#shelf() })
    this.#known = createKnownAuthors({ ...components, self })
    this.#offers = createSpaceOffers({
      ...components,
      verify: this.#verify,
      gate,
      known: this.#known,
      onListChanged: components.listedAuthors?.onChanged,
      spaces: () => this.spaces().map(({ space }) => space),
      isForgotten: (space) => this.#forgotten.has(space),
      spacesFor: exchange.readableFor,
      farewellsTo: exchange.farewellsTo,
      adopt: (space) => this.#adopt(space)
    })
    serveReplication({
      gate,
      methods: components.sessions.methods,
      find: exchange.responder,
      onOffence: (peer, error) => {
        components.blame.add(peer, 1)
        components.logger.warn('a peer sent what no honest one sends', { peer, code: error.code })
      }
    })
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    await this.#forgotten.start()
    await this.#open(sharedSpace(this.#init.swarm))
    for (const space of await this.#shelf().all()) await this.#open(space)
  }

  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    await this.#forgotten.stop()
    await this.#changing
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
    if (found === undefined) throw unknownSpace(name)
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

  create({ name, mode, sealed }: SpaceInit): Promise<MemorySpace> {
    return this.#inTurn(async () => {
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
    })
  }

  forgotten(): readonly Space[] {
    return this.#forgotten.all.map(({ space }) => space)
  }

  forget(name: string, { force = false }: ForgetOptions = {}): Promise<Space> {
    return this.#inTurn(async () => {
      const { space } = this.space(name)
      const here = this.#spaces.get(space.id)
      if (here === undefined) throw unknownSpace(name)
      if (space.owner === undefined) {
        throw new LumosError('SPACE_OF_EVERYBODY', { details: { space: space.name } })
      }
      if (space.owner === this.#components.signer.author && !force) {
        throw new LumosError('SPACE_OWNED', { details: { space: space.name } })
      }
      await this.#forgotten.add({ space, epoch: here.replica.epoch }, here.store)
      this.#spaces.delete(space.id)
      this.#keeper.remove(space.id)
      await here.live?.stop()
      await here.stop()
      await here.store.shut()
      this.#forgotten.clear(space)
      return space
    })
  }

  join(name: string): Promise<MemorySpace> {
    return this.#inTurn(async () => {
      const all = this.#forgotten.all
      const named = all.filter(({ space }) => space.name === name)
      const found = all.find(({ space }) => space.id === name) ?? named[0]
      if (found === undefined) return this.space(name)
      const { space, epoch } = found
      if (space.id !== name && named.length > 1) {
        throw new LumosError('SPACE_AMBIGUOUS', { details: { space: name, count: named.length } })
      }
      await this.#forgotten.restore(space)
      const { memory } = await this.#open(space, epoch)
      this.#forgotten.remove(space)
      return memory
    })
  }

  storeOf(space: MemoryId): SpaceRows {
    const here = this.#spaces.get(space)
    if (here === undefined) throw unknownSpace(space)
    return here.store
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#changing.then(action)
    this.#changing = turn.catch(() => undefined)
    return turn
  }

  #adopt(space: Space): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#spaces.has(space.id) || this.#forgotten.has(space.id)) return
      await this.#shelf().add(space)
      await this.#open(space)
    })
  }

  #shelf() {
    return createSpaceShelf({ store: this.#components.store(), verify: this.#verify })
  }

  async #open(space: Space, lastEpoch?: number): Promise<Here> {
    const { clock, random, logger, signer, sessions, pubsub, blame } = this.#components
    const store = createSpaceStore(this.#components.store(), space)
    const replica = await openReplica(
      { clock, random, store, signer, verify: this.#verify, known: this.#known },
      { space, continueWriter: this.#init.isWhole(), ...(lastEpoch !== undefined && { lastEpoch }) }
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
      store,
      queue: this.#queue,
      keeper: this.#keeper,
      compare: (own) => comparePeers({ clock, sessions }, own)
    })
    this.#measure(replica)
    const here = { ...opened, store }
    this.#spaces.set(space.id, here)
    await opened.start()
    if (this.#exchanging) await opened.live?.start()
    this.#keeper.add(space.id)
    return here
  }

  #measure({ events }: Replica): void {
    const { meter } = this.#components
    if (meter === undefined) return
    events.on('changed', ({ length }) => meter.changed(length))
    events.on('conflict', () => meter.conflict())
  }
}
