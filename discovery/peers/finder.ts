/** Joins the ways of finding peers to the parts that keep them: one component for the whole node. */
import { EventEmitter } from 'node:events'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import type { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { Session, Sessions } from '../../protocols/session/session.ts'
import type { ForeignNode, HintSource, PeerHint } from './hint.ts'
import { PeerBook } from './peer-book.ts'
import type { KnownPeer } from './peer-book.ts'
import { createPeerExchange } from './peer-exchange.ts'
import type { PeerGoal } from './redial-schedule.ts'
import { createRedialer } from './redial.ts'
import type { Dial } from './redial.ts'
import { createTopology } from './topology.ts'

export interface PeerFinderComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly sessions: Pick<Sessions, 'all' | 'events' | 'get' | 'methods'>
  readonly dial: Dial
  /** Closes session and connection with a peer in an orderly way. */
  readonly disconnect: (peer: PeerIdText) => Promise<void>
  /** Whether the peer is connected through this host's loopback. */
  readonly isLocal: (peer: PeerIdText) => boolean
  /** Whether the peer is needed for more than its company, so that neither goes. */
  readonly isBusy?: (peer: PeerIdText) => boolean
  /** A random walk through the DHT. */
  readonly walk?: (signal: AbortSignal) => AsyncIterable<PeerHint>
}

export interface PeerFinderInit {
  readonly self: PeerIdText
  /** Multiaddrs to meet the swarm at, with or without a peer id. */
  readonly bootstrap?: readonly string[]
  readonly targetPeers?: number
}

export interface PeerFinderEvents {
  /** A node of another swarm was found, once for each node. */
  foreign: [node: ForeignNode]
}

export interface PeerFinder extends Component {
  readonly events: EventEmitter<PeerFinderEvents>
  /** A further way of finding peers; started and stopped with the finder. Call before `start`. */
  add(source: HintSource): void
  /** A hint from elsewhere, such as the DHT. */
  learn(hint: PeerHint): void
  /** A connected peer said where it listens (identify). */
  located(peer: PeerIdText, addresses: readonly string[]): void
  /** Keeps a connection to a multiaddr for ever, because a person said so. */
  pin(address: string): void
  /** Lets a pinned peer go again; its session is closed by the caller. */
  unpin(peer: PeerIdText): void
  /** How this node stands with everybody it knows. */
  goals(): readonly PeerGoal[]
  /** For the file of remembered peers. */
  known(): readonly KnownPeer[]
  /** Addresses of connected peers that failed, and are not the ones they are connected by. */
  dead(): number
  /** Forgets those, and tells how many they were. What is right after all, identify tells again. */
  forgetDead(): number
  /** Nodes of other swarms met so far, the latest last. */
  foreign(): readonly ForeignNode[]
}

export function createPeerFinder(
  components: PeerFinderComponents,
  init: PeerFinderInit
): PeerFinder {
  return new JoinedFinder(components, init)
}

class JoinedFinder implements PeerFinder {
  readonly events = new EventEmitter<PeerFinderEvents>()
  readonly #sessions: PeerFinderComponents['sessions']
  readonly #sources: HintSource[] = []
  readonly #foreign = new RecentMap<PeerIdText, ForeignNode>(LIMITS.foreignNodes.value)
  /** Identify may come before the session that makes a peer known. */
  readonly #located = new RecentMap<PeerIdText, readonly string[]>(LIMITS.connections.value)
  readonly #book
  readonly #exchange
  readonly #redialer
  readonly #topology
  readonly #isConnected = (peer: PeerIdText): boolean => this.#sessions.get(peer) !== undefined
  #running = false

  constructor(components: PeerFinderComponents, init: PeerFinderInit) {
    const { sessions, walk, isBusy = () => false } = components
    const isConnected = (peer: PeerIdText): boolean => sessions.get(peer) !== undefined
    const learn = (hint: PeerHint): void => this.learn(hint)
    this.#sessions = sessions
    this.#book = new PeerBook({ ...components, keep: (peer) => this.#isKept(peer) }, init)
    this.#redialer = createRedialer(
      { ...components, book: this.#book, isConnected, appetite: () => this.#topology.appetite() },
      init
    )
    this.#exchange = createPeerExchange({
      ...components,
      book: this.#book,
      isConnected,
      degree: () => sessions.all().length,
      wanted: () => Math.max(0, this.#topology.appetite().strangers),
      crowding: (peer) => this.#topology.crowding(peer),
      onHandedOn: (peer) => this.#topology.onHandedOn(peer),
      onDegree: (peer, degree) => this.#topology.onDegree(peer, degree),
      release: (peer) => this.#topology.release(peer),
      learn
    })
    this.#topology = createTopology(
      {
        ...components,
        sessions: () => sessions.all(),
        isConnected,
        exchange: this.#exchange,
        redialer: this.#redialer,
        isBusy,
        walk,
        learn
      },
      init
    )
    this.#exchange.serve(sessions.methods)
    for (const address of init.bootstrap ?? []) this.#redialer.pin(address, 'bootstrap')
  }

  add(source: HintSource): void {
    this.#sources.push(source)
    source.events.on('found', (hint) => this.learn(hint))
    source.events.on('foreign', (node) => this.#onForeign(node))
  }

  learn(hint: PeerHint): void {
    this.#redialer.learn(hint)
  }

  located(peer: PeerIdText, addresses: readonly string[]): void {
    this.#located.set(peer, addresses)
    this.#book.located(peer, addresses)
  }

  pin(address: string): void {
    this.#redialer.pin(address, 'manual')
  }

  unpin(peer: PeerIdText): void {
    this.#redialer.unpin(peer)
  }

  goals(): readonly PeerGoal[] {
    return this.#redialer.goals()
  }

  known(): readonly KnownPeer[] {
    return this.#book.all()
  }

  dead(): number {
    return this.#book.dead(this.#isConnected).length
  }

  forgetDead(): number {
    return this.#book.forgetDead(this.#isConnected)
  }

  foreign(): readonly ForeignNode[] {
    return [...this.#foreign.values()]
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    const { events } = this.#sessions
    events.on('opened', this.#onOpened)
    events.on('closed', this.#onClosed)
    events.on('refused', this.#onRefused)
    for (const session of this.#sessions.all()) this.#onOpened(session)
    await this.#redialer.start()
    await this.#topology.start()
    for (const source of this.#sources) await source.start()
  }

  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    for (const source of this.#sources.toReversed()) await source.stop()
    await this.#topology.stop()
    await this.#redialer.stop()
    const { events } = this.#sessions
    events.off('opened', this.#onOpened)
    events.off('closed', this.#onClosed)
    events.off('refused', this.#onRefused)
  }

  readonly #onOpened = (session: Session): void => {
    const { peer, hello } = session
    this.#redialer.opened(peer)
    this.#book.named(peer, hello.name)
    this.#book.located(peer, this.#located.get(peer) ?? [])
    this.#topology.opened(session)
  }

  readonly #onClosed = ({ peer }: Session): void => {
    this.#exchange.forget(peer)
    this.#redialer.closed(peer, this.#topology.closed(peer))
  }

  readonly #onRefused = (peer: PeerIdText, reason: LumosError): void => {
    this.#redialer.refused(peer, reason)
  }

  #onForeign(node: ForeignNode): void {
    const isNews = !this.#foreign.has(node.peer)
    this.#foreign.set(node.peer, node)
    if (isNews) this.events.emit('foreign', node)
  }

  #isKept(peer: PeerIdText): boolean {
    return this.#sessions.get(peer) !== undefined || this.#redialer.isPinned(peer)
  }
}
