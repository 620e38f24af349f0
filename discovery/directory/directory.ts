/** Who can do what, as far as this node knows: verified cards of live peers, ready to be searched. */
import { EventEmitter } from 'node:events'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { VerifiedCard } from '../../trust/card-signature.ts'
import { createCardIndex } from '../cards/card-index.ts'
import { hearsayFor } from '../presence/presence-pace.ts'
import { shareDigests } from './directory-shares.ts'
import { allSkills, searchCards } from './directory-search.ts'
import type { SearchedCards } from './directory-search.ts'
import {
  census,
  doubt,
  emptyEntry,
  hear,
  isAt,
  isDead,
  isSure,
  leastHeard,
  live,
  silentSince,
  toldOf
} from './peer-entry.ts'
import type {
  Addition,
  Census,
  Departure,
  Hearsay,
  PeerEntry,
  PeerStatement
} from './peer-entry.ts'
import type { Provider } from './provider.ts'
import { parseQuery, searchable } from './query.ts'
import type { Query } from './query.ts'
import type { RankedMatch } from './ranking.ts'

/** Who is doubted has this long to be heard: it hears of the doubt and speaks within a second or two. */
export const DOUBT_TTL_MS = 8000
/** How long a HELLO counts; the open session keeps the peer listed beyond it. */
export const HELLO_TTL_MS = 15_000
/** Of whom less is left is asked about, as of the unknown: a neighbour is asked every 5 to 10 s. */
const LEAST_LEFT_MS = 5000
/** Removal takes at most this much longer than a lifetime; queries skip the dead at once. */
const SWEEP_INTERVAL_MS = 1000

export interface PeerRecord {
  readonly peer: PeerIdText
  readonly name: string
  readonly load: number | undefined
  readonly slots: number | undefined
  readonly connected: boolean
  /** Milliseconds since the peer was last heard of. */
  readonly freshMs: number
  /** Somebody lost it, and it was not heard since. */
  readonly doubted: boolean
  readonly cards: readonly VerifiedCard[]
  /** Digests of all cards that it is known to have, those that are not held among them. */
  readonly named: readonly string[]
  /** Multiaddrs where it can be dialled, as it said last; none of this node. */
  readonly addresses: readonly string[]
}

export interface DirectoryEvents {
  /** Agents of a peer came, changed or went. */
  changed: [peer: PeerIdText]
  removed: [peer: PeerIdText, why: Departure]
}

export interface Directory extends Component {
  readonly self: PeerIdText
  readonly events: EventEmitter<DirectoryEvents>
  /** The agents of this node, in place of those told before. */
  setOwn(cards: readonly VerifiedCard[]): void
  /** The peer itself was heard; it counts as alive for `ttlMs`. Returns digests of cards not held. */
  confirm(peer: PeerIdText, statement: PeerStatement, ttlMs: number): readonly string[]
  /** A third party heard the peer. Returns digests of cards not held. */
  hint(peer: PeerIdText, statement: PeerStatement, hearsay: Hearsay): readonly string[]
  /**
   * The peer counts as dead soon, unless it is heard, or somebody heard it after it was lost (monotonic
   * milliseconds; default: now). Says whether that was news.
   */
  doubt(peer: PeerIdText, lostAt?: number): boolean
  /** Digests that the peer is known to have and this node does not hold. */
  missing(peer: PeerIdText): readonly string[]
  add(card: VerifiedCard): Addition
  /** While connected, a peer does not expire. It comes in for it, in place of who was heard longest ago. */
  setConnected(peer: PeerIdText, connected: boolean): void
  remove(peer: PeerIdText, why?: Departure): void
  /** A card by its digest, of this node or of a live peer. */
  card(digest: string): VerifiedCard | undefined
  peer(peer: PeerIdText): PeerRecord | undefined
  /** This node first; of the others those whose place (`placeOf`) is wanted, by default all. */
  peers(isWanted?: (place: number) => boolean): readonly PeerRecord[]
  /** Peers and this node, the dead of the last moment included. */
  readonly size: number
  /** Counts this node and its peers. */
  census(): Census
  /**
   * Of who lives with which cards, by shares: equal where nodes know the same. Who is doubted is left out, and
   * who is soon forgotten, since others may have heard it later.
   */
  digests(shares: number): readonly string[]
  /** Every skill of agents that meet the demands, where the query wants them, whatever its words are; at most
   * those of `searchedCards`. */
  all(query: Query): readonly Provider[]
  /** Best first; ties go to the less loaded, then to the fresher. */
  search(query: string | Query, options?: { readonly limit?: number }): readonly Provider[]
}

export interface DirectoryInit {
  readonly self: PeerIdText
  /** This node's readable name. */
  readonly name: string
  /** This node's own load, asked at each search. */
  readonly load?: () => { readonly load: number; readonly slots: number }
  /** Whether agents of a peer are to be known here, whatever it tells of them; default: of all. */
  readonly mayOffer?: (peer: PeerIdText) => boolean
  /** At most so many; default: `directoryCards`. */
  readonly cards?: number
}

export function createDirectory(clock: Clock, init: DirectoryInit): Directory {
  return new LiveDirectory(clock, init)
}

class LiveDirectory implements Directory {
  readonly self: PeerIdText
  /** Every search that waits for news listens, and every watcher. */
  readonly events = new EventEmitter<DirectoryEvents>().setMaxListeners(0)
  readonly #clock: Clock
  readonly #init: DirectoryInit
  readonly #own: PeerEntry
  readonly #remote = new Map<PeerIdText, PeerEntry>()
  readonly #index = createCardIndex()
  readonly #digests = new Map<string, VerifiedCard>()
  /** When peers went, or since when they were not heard: older word of others must not bring them back. */
  readonly #gone = new RecentMap<PeerIdText, number>(LIMITS.presenceAuthors.value)
  #cancelSweep: (() => void) | undefined

  constructor(clock: Clock, init: DirectoryInit) {
    this.#clock = clock
    this.#init = init
    this.self = init.self
    this.#own = { ...emptyEntry(init.self), name: init.name, connected: true }
  }

  async start(): Promise<void> {
    if (this.#cancelSweep === undefined) this.#scheduleSweep()
  }

  async stop(): Promise<void> {
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
  }

  setOwn(cards: readonly VerifiedCard[]): void {
    for (const agentId of this.#own.agents.keys()) this.#drop(this.#own, agentId)
    this.#own.named = new Set(cards.map(({ digest }) => digest))
    for (const card of cards) this.#place(this.#own, card)
    this.events.emit('changed', this.#own.peer)
  }

  confirm(peer: PeerIdText, statement: PeerStatement, ttlMs: number): readonly string[] {
    const entry = this.#entry(peer)
    if (entry === undefined) return []
    hear(entry, statement, { now: this.#clock.monotonic(), ttlMs })
    return this.#learn(entry, statement)
  }

  hint(peer: PeerIdText, statement: PeerStatement, { ageMs, ttlMs }: Hearsay): readonly string[] {
    const heardAt = this.#clock.monotonic() - ageMs
    const known = this.#remote.get(peer)
    // Whoever hears the peer itself, or somebody closer to it, knows better.
    if (known !== undefined && (known.connected || known.heardAt >= heardAt)) return []
    const lostAt = known?.doubtedAt ?? this.#gone.get(peer) ?? -Infinity
    if (ageMs >= ttlMs || heardAt <= lostAt) return []
    const entry = this.#entry(peer)
    if (entry === undefined) return []
    live(entry, heardAt, ttlMs)
    entry.doubtedAt = undefined
    return this.#learn(entry, toldOf(entry, statement, this.#clock.monotonic()))
  }

  doubt(peer: PeerIdText, lostAt = this.#clock.monotonic()): boolean {
    const entry = this.#remote.get(peer)
    if (entry === undefined || entry.doubtedAt !== undefined) return false
    doubt(entry, lostAt, this.#clock.monotonic() + DOUBT_TTL_MS)
    return true
  }

  missing(peer: PeerIdText): readonly string[] {
    const entry = this.#remote.get(peer)
    if (entry === undefined || this.#isFullFor(entry)) return []
    return [...entry.named].filter((digest) => !this.#digests.has(digest))
  }

  add(card: VerifiedCard): Addition {
    const entry = this.#remote.get(card.peer)
    if (entry === undefined || !entry.named.has(card.digest)) return 'unasked'
    const held = entry.agents.get(card.agentId)?.source
    if (held !== undefined && held.seq >= card.seq) return 'stale'
    if (held === undefined && entry.agents.size >= LIMITS.cardsPerPeer.value) return 'full'
    if (this.#isFullFor(entry)) return 'full'
    this.#drop(entry, card.agentId)
    this.#place(entry, card)
    this.#prune(entry)
    this.events.emit('changed', card.peer)
    return 'added'
  }

  setConnected(peer: PeerIdText, connected: boolean): void {
    const entry = connected ? this.#admit(peer) : this.#remote.get(peer)
    if (entry === undefined) return
    const wasConnected = entry.connected
    entry.connected = connected
    if (connected || !wasConnected || entry.doubtedAt !== undefined) return
    // The session was a sign of life until now. Others were told so, and believe it as long.
    live(entry, this.#clock.monotonic(), hearsayFor(this.size))
  }

  remove(peer: PeerIdText, why: Departure = 'goodbye'): void {
    const entry = this.#remote.get(peer)
    if (entry === undefined) return
    this.#remote.delete(peer)
    this.#gone.set(peer, why === 'goodbye' ? this.#clock.monotonic() : silentSince(entry))
    for (const agentId of entry.agents.keys()) this.#drop(entry, agentId)
    this.events.emit('removed', peer, why)
  }

  card(digest: string): VerifiedCard | undefined {
    return this.#digests.get(digest)
  }

  peer(peer: PeerIdText): PeerRecord | undefined {
    const entry = this.#aliveAt(peer, this.#clock.monotonic())
    return entry && this.#record(entry)
  }

  peers(isWanted: (place: number) => boolean = () => true): readonly PeerRecord[] {
    const now = this.#clock.monotonic()
    const alive = [...this.#remote.values()].filter(
      (entry) => isWanted(entry.place) && !isDead(entry, now)
    )
    return [this.#own, ...alive].map((entry) => this.#record(entry))
  }

  get size(): number {
    return this.#remote.size + 1
  }

  census(): Census {
    return census(this.#remote.values())
  }

  digests(shares: number): readonly string[] {
    const soon = this.#clock.monotonic() + LEAST_LEFT_MS
    const sure = [...this.#remote.values()].filter((entry) => isSure(entry, soon))
    return shareDigests([this.#own, ...sure], shares)
  }

  search(query: string | Query, { limit }: { readonly limit?: number } = {}): readonly Provider[] {
    const parsed = typeof query === 'string' ? parseQuery(query) : query
    Object.assign(this.#own, this.#loadOf(this.#own))
    const best = searchCards(this.#searched(parsed), parsed, limit)
    return best.map((found) => this.#provider(found))
  }

  all(query: Query): readonly Provider[] {
    return allSkills(this.#searched(query), query).map((found) => this.#provider(found))
  }

  #searched({ node }: Query): SearchedCards {
    const now = this.#clock.monotonic()
    return { index: this.#index, aliveAt: ({ peer }) => this.#aliveAt(peer, now, node) }
  }

  /** Takes what is said about the peer, and tells which of its cards are missing. */
  #learn(entry: PeerEntry, statement: PeerStatement): readonly string[] {
    const { name, load, slots, cards, addresses = entry.addresses } = statement
    const named = new Set(this.#init.mayOffer?.(entry.peer) === false ? [] : cards)
    Object.assign(entry, { name, load, slots, addresses, named })
    this.#prune(entry)
    return this.missing(entry.peer)
  }

  /** Old cards stay until all new ones are here, so that renewing a card leaves no gap. */
  #prune(entry: PeerEntry): void {
    for (const digest of entry.named) if (!this.#digests.has(digest)) return
    for (const [agentId, { source }] of entry.agents) {
      if (entry.named.has(source.digest)) continue
      this.#drop(entry, agentId)
      this.events.emit('changed', entry.peer)
    }
  }

  #place(entry: PeerEntry, card: VerifiedCard): void {
    const prepared = searchable(card)
    entry.agents.set(card.agentId, prepared)
    this.#digests.set(card.digest, card)
    this.#index.add(prepared)
  }

  #drop(entry: PeerEntry, agentId: string): void {
    const held = entry.agents.get(agentId)
    if (held === undefined) return
    entry.agents.delete(agentId)
    this.#digests.delete(held.source.digest)
    this.#index.remove(held)
  }

  /** The entry of a peer that lives and is the node that is asked for. */
  #aliveAt(peer: PeerIdText, now: number, node?: string): PeerEntry | undefined {
    const entry = peer === this.#own.peer ? this.#own : this.#remote.get(peer)
    return entry === undefined || isDead(entry, now) || !isAt(entry, node) ? undefined : entry
  }

  /** The entry of a remote peer; `undefined` for ourselves and when there is no room. */
  #entry(peer: PeerIdText): PeerEntry | undefined {
    if (peer === this.#own.peer) return undefined
    const known = this.#remote.get(peer)
    if (known !== undefined) return known
    if (this.#remote.size >= LIMITS.directoryPeers.value && !this.#evict()) return undefined
    const fresh = emptyEntry(peer)
    this.#remote.set(peer, fresh)
    return fresh
  }

  /**
   * Who has a session with this node is let in whoever else is there: in a swarm that is larger than any
   * directory, what the DHT finds would otherwise have no place. There are far fewer sessions than places.
   */
  #admit(peer: PeerIdText): PeerEntry | undefined {
    const entry = this.#entry(peer)
    if (entry !== undefined || peer === this.#own.peer) return entry
    const gone = leastHeard(this.#remote.values())
    if (gone !== undefined) this.remove(gone.peer, 'evicted')
    return this.#entry(peer)
  }

  /** Whether there is room for cards only of those that have some, or a session. */
  #isFullFor({ agents, connected }: PeerEntry): boolean {
    const { cards = LIMITS.directoryCards.value } = this.#init
    return !connected && agents.size === 0 && this.#digests.size >= cards
  }

  /** Makes room by forgetting the dead; the living are never thrown out for strangers. */
  #evict(): boolean {
    this.#sweep()
    return this.#remote.size < LIMITS.directoryPeers.value
  }

  #sweep(): void {
    const now = this.#clock.monotonic()
    for (const entry of this.#remote.values()) {
      if (isDead(entry, now)) this.remove(entry.peer, 'expired')
    }
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#clock.after(SWEEP_INTERVAL_MS, () => {
      this.#sweep()
      this.#scheduleSweep()
    })
  }

  #loadOf(entry: PeerEntry): Pick<PeerEntry, 'load' | 'slots'> {
    if (entry === this.#own && this.#init.load !== undefined) return this.#init.load()
    return { load: entry.load, slots: entry.slots }
  }

  #about(entry: PeerEntry): Pick<PeerRecord & Provider, keyof PeerRecord & keyof Provider> {
    const { peer, name, connected, heardAt } = entry
    const freshMs = entry === this.#own ? 0 : this.#clock.monotonic() - heardAt
    return { peer, name, connected, freshMs, ...this.#loadOf(entry) }
  }

  #record(entry: PeerEntry): PeerRecord {
    const cards = Array.from(entry.agents.values(), ({ source }) => source)
    const lists = { cards, named: [...entry.named], addresses: entry.addresses }
    return { ...this.#about(entry), doubted: entry.doubtedAt !== undefined, ...lists }
  }

  #provider({ entry, card, skill, match, score }: RankedMatch): Provider {
    const agent = { agentId: card.agentId, skill, match, score, card }
    return { ...this.#about(entry), local: entry === this.#own, ...agent }
  }
}
