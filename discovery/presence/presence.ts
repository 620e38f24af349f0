/** Tells the swarm that this node lives, how busy it is and what it can do; and hears the others. */
import { EventEmitter } from 'node:events'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { refusal, toLumosError } from '../../core/errors.ts'
import type { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { PubSub, Verdict } from '../../core/pubsub.ts'
import type { Random } from '../../core/random.ts'
import type { Session, Sessions } from '../../protocols/session/session.ts'
import type { CardBook } from '../cards/card-book.ts'
import { isLoss } from '../cards/card-exchange.ts'
import type { CardExchange, NodeLoad } from '../cards/card-exchange.ts'
import { CARD_METHODS } from '../cards/card-protocol.ts'
import type { Directory } from '../directory/directory.ts'
import { isLoopback, usableAddresses } from '../peers/hint.ts'
import { createReconciliation, RECONCILE_TIMEOUT_MS } from '../directory/reconciliation.ts'
import { waitInCrowd } from './crowd.ts'
import { createDoubts } from './doubts.ts'
import { createPace, PRESENCE_BUDGET } from './presence-pace.ts'
import { createStatementGate, encodeStatement, STATEMENTS } from './presence-statement.ts'
import type { Judgement, Reason } from './presence-statement.ts'
import { createUpheaval } from './upheaval.ts'

/** Changes within this time go out together. */
const DEBOUNCE_MS = 300
/** A load change smaller than this waits for the next regular statement. */
const LOAD_STEP = 0.25
/** Before it is looked at again whether a statement is due. */
const LEAST_PAUSE_MS = 100
/** A newcomer waits so much longer for each node that it knows, to see whether there are more newcomers. */
const LOOK_AROUND_MS = 10
const LONGEST_LOOK_MS = 1000
/** Neighbours tell each other of newcomers as well, in bulk: in a round of 10 s, a hundred on two cores knew each other 6 s later (measured). */
const LONGEST_CROWD_MS = 30_000
/** `stop` may take 5 s in all; peers that do not answer a goodbye at once will notice anyway. */
const GOODBYE_TIMEOUT_MS = 500

export interface PresenceComponents {
  readonly pubsub: PubSub
  readonly sessions: Sessions
  readonly directory: Directory
  readonly book: CardBook
  readonly exchange: Pick<CardExchange, 'fetcher' | 'learnFrom' | 'fillFrom'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly load: () => NodeLoad
  /** Multiaddrs of this node, with or without its id. */
  readonly addresses: () => readonly string[]
}

export interface PresenceInit {
  readonly swarmId: string
  /** This node's readable name. */
  readonly name: string
}

export interface PresenceEvents {
  /** A statement of `peer` was believed. */
  heard: [peer: PeerIdText]
  /** A statement that `peer` wrote was not believed. */
  dropped: [peer: PeerIdText, why: Reason]
}

export interface Presence extends Component {
  readonly events: EventEmitter<PresenceEvents>
  /** Call when the load may have changed: a marked change is told to the swarm at once. */
  loadChanged(): void
  /** Call when the addresses may have changed: others dial where this node says that it is. */
  addressesChanged(): void
}

export function presenceTopic(swarmId: string): string {
  return `/lumos/presence/2/${swarmId}`
}

export function createPresence(components: PresenceComponents, init: PresenceInit): Presence {
  return new GossipPresence(components, init)
}

class GossipPresence implements Presence {
  readonly events = new EventEmitter<PresenceEvents>()
  readonly #components: PresenceComponents
  readonly #init: PresenceInit
  readonly #topic: string
  readonly #gate
  readonly #pace
  readonly #doubts
  readonly #reconciliation
  readonly #upheaval
  #isRunning = false
  #stopping = new AbortController()
  /** Whether others may have heard of this node by gossip since it has peers. */
  #isIntroduced = false
  #introduction: Promise<unknown> | undefined
  #unsubscribe: (() => void) | undefined
  #cancelNext: (() => void) | undefined
  #cancelSoon: (() => void) | undefined
  #soonAt = Infinity
  #telling: Promise<void> = Promise.resolve()
  #leaving = false
  #seq = 0
  #toldLoad = 0
  #toldAddresses = ''

  constructor(components: PresenceComponents, init: PresenceInit) {
    const { clock, directory } = components
    this.#components = components
    this.#init = init
    this.#topic = presenceTopic(init.swarmId)
    this.#gate = createStatementGate(clock)
    this.#pace = createPace({ ...components, nodes: () => directory.size })
    this.#reconciliation = createReconciliation({
      ...components,
      pace: this.#pace,
      swap: (session, signal) => this.#swap(session, signal)
    })
    this.#doubts = createDoubts({
      ...components,
      lastOf: (peer) => this.#gate.lastOf(peer),
      publish: (doubts) =>
        void this.#publish(encodeStatement({ ...this.#numbered(), doubts: [...doubts] })),
      refute: () => this.#soon('urgent'),
      ask: (session) => this.#reconciliation.ask(session)
    })
    this.#upheaval = createUpheaval({
      ...components,
      isAlone: () => components.sessions.all().length === 0,
      speak: (way) => {
        // An introduction is to come anyway, at a moment of its own, which may be too late for who has lost others.
        if (way === 'fewer' || this.#introduction === undefined) this.#soon('urgent')
      },
      suspect: (peer, since) => this.#doubts.suspect(peer, since)
    })
    components.sessions.methods.request(
      CARD_METHODS.presence,
      (body, { peer }) => {
        const judgement = this.#gate.judge(peer, body)
        // Doubts are for everybody; told to one, they come to nothing.
        if (!('doubts' in judgement)) this.#take(peer, judgement)
        if ('why' in judgement && judgement.why === 'rate') {
          throw refusal('OVERLOADED', { details: { retryAfterMs: 1000 / STATEMENTS.rate } })
        }
        return this.#statement()
      },
      { mostBytes: LIMITS.presenceBytes.value }
    )
  }

  async start(): Promise<void> {
    if (this.#isRunning) return
    const { pubsub, book, sessions } = this.#components
    this.#isRunning = true
    this.#stopping = new AbortController()
    this.#leaving = false
    this.#unsubscribe = pubsub.subscribe(this.#topic, (from, data) => this.#onGossip(from, data))
    book.events.on('signed', this.#onSigned)
    sessions.events.on('opened', this.#onOpened)
    sessions.events.on('closed', this.#onClosed)
    this.#telling = this.#tell()
    await Promise.all([this.#reconciliation.start(), this.#upheaval.start()])
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return
    const { book, sessions } = this.#components
    book.events.off('signed', this.#onSigned)
    sessions.events.off('opened', this.#onOpened)
    sessions.events.off('closed', this.#onClosed)
    this.#isRunning = false
    this.#stopping.abort()
    this.#doubts.stop()
    this.#dropSoon()
    await this.#upheaval.stop()
    await Promise.all([this.#reconciliation.stop(), this.#introduction, this.#telling])
    this.#cancelNext?.()
    this.#leaving = true
    await this.#sayGoodbye()
    this.#cancelNext?.()
    this.#unsubscribe?.()
  }

  loadChanged(): void {
    const { load } = this.#components.load()
    if (Math.abs(load - this.#toldLoad) >= LOAD_STEP) this.#soon()
  }

  addressesChanged(): void {
    if (this.#ownAddresses().join() !== this.#toldAddresses) this.#soon()
  }

  /** What only this host can use is for others of this host, when there is nothing else. */
  #ownAddresses(): readonly string[] {
    const { directory, addresses } = this.#components
    const usable = usableAddresses(addresses(), directory.self)
    const far = usable.filter((address) => !isLoopback(address))
    return (far.length > 0 ? far : usable).slice(0, LIMITS.presenceAddresses.value)
  }

  readonly #onSigned = (): void => this.#soon('urgent')

  readonly #onOpened = (): void => {
    if (this.#components.sessions.all().length <= 1) this.#isIntroduced = false
    if (this.#isIntroduced || this.#introduction !== undefined) return
    this.#introduction = this.#introduce().finally(() => (this.#introduction = undefined))
  }

  /** Of many newcomers, each of which all nodes would hear, each speaks at a moment of its own, within the budget. */
  async #introduce(): Promise<void> {
    const { clock, directory, pubsub } = this.#components
    const stopped = this.#stopping.signal
    if (!(await clock.sleep(DEBOUNCE_MS, stopped))) return
    // What the first peers knew; who comes to be known from now on is new, as this node is.
    const before = directory.size
    const crowd = {
      least: () => Math.min(LONGEST_LOOK_MS, directory.size * LOOK_AROUND_MS),
      spread: () => Math.min(LONGEST_CROWD_MS, ((directory.size - before) / PRESENCE_BUDGET) * 1000)
    }
    if (!(await waitInCrowd(this.#components, crowd, stopped))) return
    this.#isIntroduced = pubsub.subscribers(this.#topic).length > 0
    this.#soon()
  }

  readonly #onClosed = (session: Session, { code }: LumosError): void => {
    if (isLoss(code)) this.#doubts.lost(session)
  }

  #soon(urgency?: 'urgent'): void {
    const { clock } = this.#components
    const wait = this.#pace.notBefore(DEBOUNCE_MS, urgency)
    const isSooner = this.#cancelSoon === undefined || clock.monotonic() + wait < this.#soonAt
    if (!this.#isRunning || !isSooner) return
    this.#dropSoon()
    this.#soonAt = clock.monotonic() + wait
    this.#cancelSoon = clock.after(wait, () => {
      this.#telling = this.#tell()
    })
  }

  #dropSoon(): void {
    this.#cancelSoon?.()
    this.#cancelSoon = undefined
  }

  /** Says what this node is, and again after the interval: its lifetime counts from now. */
  async #tell(): Promise<void> {
    this.#dropSoon()
    this.#pace.told(this.#components.sessions.all().length > 0)
    this.#upheaval.told()
    this.#awaitNext()
    // What answers one peer is not told to the others.
    this.#toldLoad = this.#components.load().load
    this.#toldAddresses = this.#ownAddresses().join()
    await this.#publish(this.#statement())
  }

  #awaitNext(): void {
    this.#cancelNext?.()
    this.#cancelNext = this.#components.clock.after(
      Math.max(LEAST_PAUSE_MS, this.#pace.untilNext()),
      () => {
        // Meanwhile the swarm may have turned out to be larger.
        if (this.#pace.untilNext() > 0 || this.#introduction !== undefined) this.#awaitNext()
        else this.#telling = this.#tell()
      }
    )
  }

  async #publish(message: Uint8Array): Promise<void> {
    const { pubsub, clock, logger } = this.#components
    const done = new AbortController()
    try {
      // The next statement replaces this one, so that waiting for it longer gains nothing.
      await Promise.race([
        pubsub.publish(this.#topic, message),
        clock.sleep(GOODBYE_TIMEOUT_MS, done.signal)
      ])
    } catch (error) {
      logger.debug('presence was not published', { code: toLumosError(error).code })
    } finally {
      done.abort()
    }
  }

  /** At least the clock, so that a restarted node is heard although it starts to count anew. */
  #numbered(): { readonly v: 2; readonly seq: number; readonly sentAt: number } {
    const sentAt = Math.floor(this.#components.clock.now())
    this.#seq = Math.max(this.#seq + 1, sentAt)
    return { v: 2, seq: this.#seq, sentAt }
  }

  #statement(): Uint8Array {
    const { name } = this.#init
    const { load, slots } = this.#components.load()
    const addresses = this.#ownAddresses()
    const cards = this.#components.book.cards().map(({ digest }) => digest)
    const ttlMs = Math.round(this.#pace.lifetime())
    const about = { name, load, slots, cards, addresses: [...addresses], leaving: this.#leaving }
    return encodeStatement({ ...this.#numbered(), ttlMs, ...about })
  }

  #onGossip(from: PeerIdText, data: Uint8Array): Verdict {
    const judgement = this.#gate.judge(from, data)
    if ('doubts' in judgement) return this.#doubts.hear(judgement.doubts)
    this.#take(from, judgement)
    if (judgement.verdict === 'accept') {
      this.#pace.heard()
      this.#doubts.spoke(from)
    }
    return judgement.verdict
  }

  #take(peer: PeerIdText, judgement: Exclude<Judgement, { readonly doubts: unknown }>): void {
    if (judgement.verdict !== 'accept') {
      this.events.emit('dropped', peer, judgement.why)
      return
    }
    const { directory, exchange } = this.#components
    const { leaving, ttlMs, ...statement } = judgement.statement
    if (leaving) directory.remove(peer)
    else exchange.fetcher.want(peer, directory.confirm(peer, statement, ttlMs))
    this.events.emit('heard', peer)
  }

  /** Exchanges statements over the session; a difference in cards is then fetched as usual. */
  async #swap(session: Session, signal: AbortSignal): Promise<void> {
    const options = { signal, timeoutMs: RECONCILE_TIMEOUT_MS }
    const answer = await session.request(CARD_METHODS.presence, this.#statement(), options)
    const judgement = this.#gate.judge(session.peer, answer)
    if (!('doubts' in judgement)) this.#take(session.peer, judgement)
  }

  async #sayGoodbye(): Promise<void> {
    const { sessions, clock } = this.#components
    const goodbye = this.#statement()
    const options = { signal: clock.timeout(GOODBYE_TIMEOUT_MS), timeoutMs: GOODBYE_TIMEOUT_MS }
    await Promise.allSettled([
      this.#tell(),
      ...sessions.all().map((session) => session.request(CARD_METHODS.presence, goodbye, options))
    ])
  }
}
