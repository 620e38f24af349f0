/** Tells the swarm that this node lives, how busy it is and what it can do; and hears the others. */
import { EventEmitter } from 'node:events'
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import { toLumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import type { PubSub, Verdict } from '../core/pubsub.ts'
import type { Random } from '../core/random.ts'
import type { Session, Sessions } from '../protocols/session/session.ts'
import type { CardBook } from './card-book.ts'
import type { CardExchange, NodeLoad } from './card-exchange.ts'
import { CARD_METHODS } from './card-protocol.ts'
import type { Directory } from './directory.ts'
import { createPace } from './presence-pace.ts'
import { createStatementGate, encodeStatement } from './presence-statement.ts'
import type { Judgement, Reason } from './presence-statement.ts'

/** A node counts as gone after this many of its own intervals without a word. */
const TTL_INTERVALS = 4
/** Changes within this time go out together. */
const DEBOUNCE_MS = 300
/** A load change smaller than this waits for the next regular statement. */
const LOAD_STEP = 0.25
/** A session peer not heard for this long is asked directly: gossip may have lost its word. */
const RECONCILE_AFTER_MS = 10_000
const RECONCILE_TIMEOUT_MS = 3000
/** `stop` may take 5 s in all; peers that do not answer a goodbye at once will notice anyway. */
const GOODBYE_TIMEOUT_MS = 500

export interface PresenceComponents {
  readonly pubsub: PubSub
  readonly sessions: Sessions
  readonly directory: Directory
  readonly book: CardBook
  readonly exchange: Pick<CardExchange, 'fetcher' | 'learnFrom'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly load: () => NodeLoad
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
}

export function presenceTopic(swarmId: string): string {
  return `/lumos/presence/1/${swarmId}`
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
  #stopping: AbortController | undefined
  #rounds: Promise<unknown> = Promise.resolve()
  #unsubscribe: (() => void) | undefined
  #cancelSoon: (() => void) | undefined
  #telling: Promise<void> = Promise.resolve()
  #leaving = false
  #seq = 0
  #toldLoad = 0

  constructor(components: PresenceComponents, init: PresenceInit) {
    this.#components = components
    this.#init = init
    this.#topic = presenceTopic(init.swarmId)
    this.#gate = createStatementGate(components.clock)
    this.#pace = createPace(components)
    components.sessions.methods.request(
      CARD_METHODS.presence,
      (body, { peer }) => {
        this.#take(peer, this.#gate.judge(peer, body))
        return this.#statement()
      },
      { mostBytes: LIMITS.presenceBytes.value }
    )
  }

  async start(): Promise<void> {
    if (this.#stopping !== undefined) return
    const { pubsub, book, sessions } = this.#components
    this.#stopping = new AbortController()
    this.#leaving = false
    this.#unsubscribe = pubsub.subscribe(this.#topic, (from, data) => this.#onGossip(from, data))
    book.events.on('signed', this.#soon)
    sessions.events.on('opened', this.#soon)
    const { signal } = this.#stopping
    this.#rounds = Promise.all([this.#tellAlways(signal), this.#reconcileAlways(signal)])
  }

  async stop(): Promise<void> {
    if (this.#stopping === undefined) return
    const { book, sessions } = this.#components
    book.events.off('signed', this.#soon)
    sessions.events.off('opened', this.#soon)
    this.#stopping.abort()
    this.#stopping = undefined
    this.#cancelSoon?.()
    this.#cancelSoon = undefined
    await Promise.all([this.#rounds, this.#telling])
    this.#leaving = true
    await this.#sayGoodbye()
    this.#unsubscribe?.()
  }

  loadChanged(): void {
    const { load } = this.#components.load()
    if (Math.abs(load - this.#toldLoad) >= LOAD_STEP) this.#soon()
  }

  readonly #soon = (): void => {
    if (this.#stopping === undefined || this.#cancelSoon !== undefined) return
    this.#cancelSoon = this.#components.clock.after(this.#pace.notBefore(DEBOUNCE_MS), () => {
      this.#cancelSoon = undefined
      this.#telling = this.#tell()
    })
  }

  async #tellAlways(signal: AbortSignal): Promise<void> {
    do {
      await this.#tell()
    } while (await this.#components.clock.sleep(this.#pace.next(), signal))
  }

  async #tell(): Promise<void> {
    this.#pace.told()
    const { pubsub, clock, logger } = this.#components
    const done = new AbortController()
    try {
      // The next statement replaces this one, so that waiting for it longer gains nothing.
      await Promise.race([
        pubsub.publish(this.#topic, this.#statement()),
        clock.sleep(GOODBYE_TIMEOUT_MS, done.signal)
      ])
    } catch (error) {
      logger.debug('presence was not published', { code: toLumosError(error).code })
    } finally {
      done.abort()
    }
  }

  #statement(): Uint8Array {
    const { clock, book } = this.#components
    const { name } = this.#init
    const { load, slots } = this.#components.load()
    const sentAt = Math.floor(clock.now())
    // At least the clock, so that a restarted node is heard although it starts to count anew.
    this.#seq = Math.max(this.#seq + 1, sentAt)
    this.#toldLoad = load
    const cards = book.cards().map(({ digest }) => digest)
    const ttlMs = Math.round(this.#pace.interval() * TTL_INTERVALS)
    const about = { name, load, slots, cards, leaving: this.#leaving }
    return encodeStatement({ v: 1, seq: this.#seq, sentAt, ttlMs, ...about })
  }

  #onGossip(from: PeerIdText, data: Uint8Array): Verdict {
    const judgement = this.#gate.judge(from, data)
    // What is not believed must not slow this node down: that would be an attack.
    if (judgement.verdict === 'accept') this.#pace.heard()
    this.#take(from, judgement)
    return judgement.verdict
  }

  #take(peer: PeerIdText, judgement: Judgement): void {
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

  async #reconcileAlways(signal: AbortSignal): Promise<void> {
    const { clock, random, sessions } = this.#components
    while (await clock.sleep(RECONCILE_AFTER_MS * (0.5 + random.next() / 2), signal)) {
      const silent = sessions.all().filter((session) => this.#isSilent(session))
      await Promise.all(silent.map(async (session) => this.#reconcile(session, signal)))
      if (this.#pace.isDeaf()) await this.#askWhoIsKnown(signal)
    }
  }

  #isSilent({ peer }: Session): boolean {
    const { freshMs = Infinity } = this.#components.directory.peer(peer) ?? {}
    return freshMs >= RECONCILE_AFTER_MS
  }

  /** Exchanges statements over the session; a difference in cards is then fetched as usual. */
  async #reconcile(session: Session, signal: AbortSignal): Promise<void> {
    const options = { signal, timeoutMs: RECONCILE_TIMEOUT_MS }
    try {
      const answer = await session.request(CARD_METHODS.presence, this.#statement(), options)
      this.#take(session.peer, this.#gate.judge(session.peer, answer))
    } catch (error) {
      this.#report('a peer did not answer with its presence', session, error)
    }
  }

  /** Without gossip, word of distant peers comes from a neighbour, another one each time. */
  async #askWhoIsKnown(signal: AbortSignal): Promise<void> {
    const { sessions, random, exchange, clock } = this.#components
    const open = sessions.all()
    const session = open[Math.floor(random.next() * open.length)]
    if (session === undefined) return
    try {
      const deadline = AbortSignal.any([signal, clock.timeout(RECONCILE_TIMEOUT_MS)])
      await exchange.learnFrom(session, deadline)
    } catch (error) {
      this.#report('a peer did not tell whom it knows', session, error)
    }
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

  #report(message: string, { peer }: Session, error: unknown): void {
    this.#components.logger.debug(message, { peer, code: toLumosError(error).code })
  }
}
