/** Keeps the directory in step with the peers this node has sessions with. */
import { EventEmitter } from 'node:events'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { toLumosError } from '../../core/errors.ts'
import type { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { createPeerRateLimit } from '../../core/peer-rate-limit.ts'
import type { Random } from '../../core/random.ts'
import type { Session, Sessions } from '../../protocols/session/session.ts'
import type { CardVerifier, VerifiedCard } from '../../trust/card-signature.ts'
import { HELLO_TTL_MS } from '../directory/directory.ts'
import { sharesFor } from '../directory/directory-shares.ts'
import { hearsayFor } from '../presence/presence-pace.ts'
import type { Directory, PeerRecord } from '../directory/directory.ts'
import type { CardBook } from './card-book.ts'
import { createCardFetcher } from './card-fetcher.ts'
import type { CardFetcher } from './card-fetcher.ts'
import {
  CARD_METHODS,
  decodeJson,
  encodeJson,
  getRequest,
  knownRequest,
  knownResponse,
  parseHelloFields
} from './card-protocol.ts'
import type { KnownPeer } from './card-protocol.ts'
import type { Wanted } from './card-transfer.ts'

/** A newcomer asks its first peers whom they know; more would tell it the same again. */
const ASKED_BY_NEWCOMER = 2

/**
 * Of one peer: to compare 4,000 peers takes 4 ms, to tell of 1,024 of them as long again (measured). A node asks
 * one neighbour once in 0.8 s at most (reconciliation.ts), and when a session opens.
 */
const COMPARISONS = { rate: 2, burst: 6 }

export interface CardExchangeComponents {
  readonly sessions: Sessions
  readonly directory: Directory
  readonly book: CardBook
  /** `verifyCard` of trust/card-signature.ts. */
  readonly verify: CardVerifier
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** This node's load, for HELLO. */
  readonly load: () => NodeLoad
  /** Whether the peer may know of the agent; default: whoever may ask may know of all. */
  readonly mayKnow?: (peer: PeerIdText, card: VerifiedCard) => boolean
}

export interface NodeLoad {
  /** Running tasks per slot, 0 to 1. */
  readonly load: number
  readonly slots: number
}

export interface CardExchangeEvents {
  /** A card that is forged, stale, malformed or was not asked for; `source` sent it. */
  refused: [source: PeerIdText, reason: LumosError]
}

/** Counts of cards. */
export interface Filled {
  readonly came: number
  readonly lacking: number
}

export interface CardExchange extends Component {
  readonly events: EventEmitter<CardExchangeEvents>
  readonly fetcher: Pick<CardFetcher, 'want'>
  /** For this node's HELLO, at the moment it is said. */
  helloFields(): JsonObject
  /** Cards refused so far, by the peer that sent them; the first peers to misbehave are counted. */
  refusals(): ReadonlyMap<PeerIdText, number>
  /**
   * Asks `session` whom it knows, and fetches their cards from it. Says whether it knew what this
   * node did not.
   */
  learnFrom(session: Session, signal?: AbortSignal): Promise<boolean>
  /**
   * Asks `session` for cards that this node has heard of and lacks, whoever's they are.
   * Two that have heard of the same cards tell each other nothing new, though neither may have them yet.
   */
  fillFrom(session: Session, signal: AbortSignal): Promise<Filled>
  /** Asks the peer once more for cards that it did not give: it may let this node know of more now. */
  refresh(peer: PeerIdText): void
  /**
   * Resolves when what peers are telling this node just now, as they do at its beginning, is in the directory;
   * `undefined` when none is telling anything.
   */
  learning(): Promise<unknown> | undefined
  /** Connects if needed and resolves when the peer's own cards are in the directory. */
  confirm(peer: PeerIdText, signal: AbortSignal): Promise<void>
}

export function createCardExchange(components: CardExchangeComponents): CardExchange {
  return new SessionExchange(components)
}

class SessionExchange implements CardExchange {
  readonly events = new EventEmitter<CardExchangeEvents>()
  readonly fetcher: CardFetcher
  readonly #components: CardExchangeComponents
  readonly #comparisons
  readonly #refusals = new Map<PeerIdText, number>()
  readonly #welcomed = new WeakSet<Session>()
  readonly #learning = new Set<Promise<unknown>>()
  readonly #stopping = new AbortController()
  #started = false

  constructor(components: CardExchangeComponents) {
    this.#components = components
    this.#comparisons = createPeerRateLimit(components, COMPARISONS)
    const onRefused = this.#refuse.bind(this)
    this.fetcher = createCardFetcher({ ...components, onRefused })
    components.sessions.methods.request(CARD_METHODS.get, (body, { peer }) =>
      this.#serveCards(peer, body)
    )
    components.sessions.methods.request(CARD_METHODS.known, (body, { peer }) =>
      this.#serveKnown(peer, body)
    )
  }

  async start(): Promise<void> {
    if (this.#started) return
    this.#started = true
    const { sessions, book, directory } = this.#components
    book.events.on('signed', this.#onSigned)
    directory.setOwn(book.cards())
    sessions.events.on('opened', this.#onOpened)
    sessions.events.on('closed', this.#onClosed)
    for (const session of sessions.all()) this.#onOpened(session)
  }

  async stop(): Promise<void> {
    if (!this.#started) return
    this.#started = false
    const { sessions, book } = this.#components
    book.events.off('signed', this.#onSigned)
    sessions.events.off('opened', this.#onOpened)
    sessions.events.off('closed', this.#onClosed)
    this.#stopping.abort()
    await Promise.all([this.fetcher.close(), ...this.#learning])
  }

  helloFields(): JsonObject {
    const { book, load } = this.#components
    return { ...load(), cards: book.cards().map(({ digest }) => digest) }
  }

  refusals(): ReadonlyMap<PeerIdText, number> {
    return this.#refusals
  }

  async learnFrom(session: Session, signal = this.#deadline()): Promise<boolean> {
    const { directory, clock } = this.#components
    const before = directory.digests(sharesFor(directory.size))
    // The peer looks while the question is under way: what happened meanwhile is younger than its word.
    const askedAt = clock.monotonic()
    const body = await session.request(CARD_METHODS.known, encodeJson({ shares: before }), {
      signal,
      timeoutMs: LIMITS.cardFetchDeadline.value
    })
    const { peers } = decodeJson(knownResponse, body)
    if (peers.length === 0) return false
    const ttlMs = hearsayFor(Math.max(directory.size, peers.length))
    const underWayMs = clock.monotonic() - askedAt
    const wanted: Wanted = new Map()
    for (const { peer, ageMs, lacks = [], ...statement } of peers) {
      const named = { ...statement, cards: [...statement.cards, ...lacks] }
      directory.hint(peer, named, { ageMs: ageMs + underWayMs, ttlMs })
      // Also of peers that were known before: who told of them may not have had their cards.
      const held = new Set(statement.cards)
      for (const digest of directory.missing(peer)) if (held.has(digest)) wanted.set(digest, peer)
    }
    await this.fetcher.fetchFrom(session, wanted, signal)
    return directory.digests(before.length).some((digest, share) => digest !== before[share])
  }

  async fillFrom(session: Session, signal: AbortSignal): Promise<Filled> {
    const { directory } = this.#components
    const wanted: Wanted = new Map()
    for (const { peer } of directory.peers()) {
      // Its own it is asked for as soon as it is known to have them.
      if (peer === session.peer) continue
      for (const digest of directory.missing(peer)) wanted.set(digest, peer)
      // Liars may name what nobody has: that is one question now and then.
      if (wanted.size >= LIMITS.cardsPerFetch.value) break
    }
    const before = wanted.size
    await this.fetcher.fetchFrom(session, wanted, signal)
    return { came: before - wanted.size, lacking: wanted.size }
  }

  refresh(peer: PeerIdText): void {
    const session = this.#components.sessions.get(peer)
    if (!this.#started || session === undefined) return
    this.#inBackground(session, this.confirm(peer, this.#deadline()))
  }

  learning(): Promise<unknown> | undefined {
    return this.#learning.size === 0 ? undefined : Promise.all(this.#learning)
  }

  async confirm(peer: PeerIdText, signal: AbortSignal): Promise<void> {
    const { sessions } = this.#components
    const session = sessions.get(peer) ?? (await sessions.connect(peer, { signal }))
    this.#welcome(session)
    const missing = this.#components.directory.missing(peer)
    await this.fetcher.fetchFrom(session, new Map(missing.map((digest) => [digest, peer])), signal)
  }

  readonly #onSigned = (): void => {
    this.#components.directory.setOwn(this.#components.book.cards())
  }

  readonly #onOpened = (session: Session): void => {
    this.#welcome(session)
    this.fetcher.want(session.peer, this.#components.directory.missing(session.peer))
    if (this.#components.sessions.all().length <= ASKED_BY_NEWCOMER)
      this.#inBackground(session, this.learnFrom(session))
  }

  readonly #onClosed = (session: Session, { code }: LumosError): void => {
    const { directory, sessions } = this.#components
    const { peer } = session
    const current = sessions.get(peer)
    if (current !== undefined && current !== session) return
    // A peer that says it stops is gone; any other end may be the link's, and the peer alive.
    if (code === 'SHUTTING_DOWN') {
      directory.remove(peer)
      return
    }
    directory.setConnected(peer, false)
    if (isLoss(code)) directory.doubt(peer)
  }

  /** Takes what the peer said in HELLO, once: later news must not be undone by it. */
  #welcome(session: Session): void {
    if (this.#welcomed.has(session)) return
    this.#welcomed.add(session)
    const { directory } = this.#components
    const { peer, hello } = session
    const statement = { name: hello.name, ...parseHelloFields(hello.fields) }
    directory.setConnected(peer, true)
    directory.confirm(peer, statement, HELLO_TTL_MS)
  }

  #inBackground({ peer }: Session, work: Promise<unknown>): void {
    const learning = work.catch((error: unknown) => {
      const { code } = toLumosError(error)
      this.#components.logger.debug('a peer did not tell what it knows', { peer, code })
    })
    this.#learning.add(learning)
    void learning.finally(() => this.#learning.delete(learning))
  }

  #deadline(): AbortSignal {
    const timeout = this.#components.clock.timeout(LIMITS.cardFetchDeadline.value)
    return AbortSignal.any([this.#stopping.signal, timeout])
  }

  #serveCards(asker: PeerIdText, body: Uint8Array): Uint8Array {
    const { digests } = decodeJson(getRequest, body)
    const { directory, mayKnow = () => true } = this.#components
    const found: string[] = []
    let bytes = 0
    for (const digest of new Set(digests)) {
      const card = directory.card(digest)
      if (card === undefined || !mayKnow(asker, card)) continue
      const text = JSON.stringify(card.card)
      bytes += Buffer.byteLength(text)
      if (found.length > 0 && bytes > LIMITS.cardBatchBytes.value) break
      found.push(text)
    }
    return new TextEncoder().encode(`{"cards":[${found.join(',')}]}`)
  }

  #serveKnown(asker: PeerIdText, body: Uint8Array): Uint8Array {
    const { directory, random } = this.#components
    this.#comparisons.take(asker, 1)
    // Who names no digests knows of one share, and nothing in it.
    const { shares = [''] } = decodeJson(knownRequest, body)
    const differing = directory.digests(shares.length).map((own, share) => own !== shares[share])
    if (!differing.includes(true)) return encodeJson({ peers: [] })
    // The first record is this node, of which HELLO has told the asker.
    const [, ...others] = directory.peers((place) => differing[place % differing.length] === true)
    const known = others.filter(({ peer, doubted }) => peer !== asker && !doubted)
    // Of more than fit, others each time.
    const most = LIMITS.directorySnapshotPeers.value
    const from = known.length > most ? Math.floor(random.next() * known.length) : 0
    const told = [...known.slice(from), ...known.slice(0, from)].slice(0, most)
    return encodeJson({ peers: told.map(knownPeer) })
  }

  #refuse(source: PeerIdText, reason: LumosError): void {
    this.#components.logger.warn('an agent card was refused', { source, ...reason.details })
    const count = this.#refusals.get(source)
    if (count !== undefined || this.#refusals.size < LIMITS.directoryPeers.value) {
      this.#refusals.set(source, (count ?? 0) + 1)
    }
    this.events.emit('refused', source, reason)
  }
}

/** Whether a session ended otherwise than by agreement: the peer may be dead. */
export function isLoss(code: LumosError['code']): boolean {
  return code !== 'SESSION_CLOSED' && code !== 'SHUTTING_DOWN'
}

function knownPeer(record: PeerRecord): KnownPeer {
  const { peer, name, load, slots, freshMs, connected, cards, named, addresses } = record
  const held = cards.map(({ digest }) => digest)
  // Others would forget what they are not told of, since the peer might have given it up.
  const lacks = named.filter((digest) => !held.includes(digest))
  return {
    peer,
    // An open session is itself a sign of life.
    ageMs: connected ? 0 : freshMs,
    name,
    load: load ?? 0,
    slots: slots ?? 0,
    cards: held,
    addresses: [...addresses],
    ...(lacks.length > 0 && { lacks })
  }
}
