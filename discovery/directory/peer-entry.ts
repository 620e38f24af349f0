/** What is said of one peer, and what the directory remembers of it. */
import { hash } from 'node:crypto'
import type { PeerIdText } from '../../core/ids.ts'
import type { SearchableCard } from './query.ts'

/** What a peer says about itself. */
export interface PeerStatement {
  readonly name: string
  /** Running tasks per slot, 0 to 1. */
  readonly load: number
  /** Tasks it runs at the same time. */
  readonly slots: number
  /** Digests of all its cards. */
  readonly cards: readonly string[]
  /** Multiaddrs where it can be dialled; `undefined`: it did not say. */
  readonly addresses?: readonly string[] | undefined
}

/** What a third party knows of when a peer lived. */
export interface Hearsay {
  /** Since the third party heard it. */
  readonly ageMs: number
  /** How long word of it counts, from then on. */
  readonly ttlMs: number
}

/** `stale`: one at least as new is held. `unasked`: the peer never named it. `full`: no room. */
export type Addition = 'added' | 'stale' | 'unasked' | 'full'

export type Departure = 'goodbye' | 'expired' | 'evicted'

export interface PeerEntry {
  readonly peer: PeerIdText
  /** {@link placeOf} it. */
  readonly place: number
  /** By agent id. */
  readonly agents: Map<string, SearchableCard>
  name: string
  load: number | undefined
  slots: number | undefined
  /** Digests that the peer is known to have; what nobody named is not taken. */
  named: ReadonlySet<string>
  /** Those that it named itself. */
  ownWord: readonly string[]
  /** Monotonic milliseconds: what it said of itself counts before what others say. */
  ownWordUntil: number
  /** Where it can be dialled, as it said last. */
  addresses: readonly string[]
  connected: boolean
  /** It was heard itself, and is not only known from others. */
  witnessed: boolean
  /** Monotonic milliseconds. */
  heardAt: number
  expiresAt: number
  /** Since somebody lost it, unless it was heard after that. */
  doubtedAt: number | undefined
}

/** Where the peer is when all are spread evenly over 256 places: the first byte of the SHA-256 of its id. */
function placeOf(peer: PeerIdText): number {
  return Number.parseInt(hash('sha256', peer).slice(0, 2), 16)
}

export function emptyEntry(peer: PeerIdText): PeerEntry {
  return {
    peer,
    place: placeOf(peer),
    agents: new Map(),
    name: '',
    load: undefined,
    slots: undefined,
    named: new Set(),
    ownWord: [],
    ownWordUntil: -Infinity,
    addresses: [],
    connected: false,
    witnessed: false,
    heardAt: 0,
    expiresAt: 0,
    doubtedAt: undefined
  }
}

/** The peer lived at `heardAt`, and word of it counts for `ttlMs`; times are monotonic milliseconds. */
export function live(entry: PeerEntry, heardAt: number, ttlMs: number): void {
  entry.heardAt = heardAt
  entry.expiresAt = Math.max(entry.expiresAt, heardAt + ttlMs)
}

/** The peer says so of itself, `now`. */
export function hear(
  entry: PeerEntry,
  { cards }: PeerStatement,
  { now, ttlMs }: { readonly now: number; readonly ttlMs: number }
): void {
  entry.heardAt = now
  entry.expiresAt = now + ttlMs
  entry.doubtedAt = undefined
  entry.witnessed = true
  entry.ownWord = cards
  entry.ownWordUntil = now + ttlMs
}

/** Somebody lost the peer: unless it is heard it is dead by `until`, and it may come back as another. */
export function doubt(entry: PeerEntry, lostAt: number, until: number): void {
  entry.doubtedAt = lostAt
  entry.ownWordUntil = -Infinity
  entry.expiresAt = Math.min(entry.expiresAt, until)
}

/**
 * What others say of a peer: while its own word counts, they may know of a card that it has since, but
 * could take away all its cards as well, and lead those who dial it elsewhere.
 */
export function toldOf(entry: PeerEntry, statement: PeerStatement, now: number): PeerStatement {
  const { name, load = 0, slots = 0, addresses, ownWord, ownWordUntil } = entry
  if (ownWordUntil <= now) return statement
  return { name, load, slots, addresses, cards: [...ownWord, ...statement.cards] }
}

/** Enough of a PeerId to mean one peer: the first 8 characters of Ed25519 ids are the same. */
const MIN_PREFIX_LENGTH = 14

/** Whether `node` of `@agent@node` means this peer: its name, its id, or a long beginning of that. */
export function isAt({ peer, name }: PeerEntry, node: string | undefined): boolean {
  if (node === undefined || node === name) return true
  return node.length >= MIN_PREFIX_LENGTH && peer.toLowerCase().startsWith(node)
}

/** Who was heard longest ago of those without a session. */
export function leastHeard(entries: Iterable<PeerEntry>): PeerEntry | undefined {
  let least: PeerEntry | undefined
  for (const entry of entries) {
    if (!entry.connected && entry.heardAt < (least?.heardAt ?? Infinity)) least = entry
  }
  return least
}

/** Counts of nodes. */
export interface Census {
  /** Those that nobody doubts. */
  living: number
  /** Of them, those that were heard themselves: third parties cannot invent them. */
  witnessed: number
}

/** Of this node and its peers. */
export function census(peers: Iterable<PeerEntry>): Census {
  const counts = { living: 1, witnessed: 1 }
  for (const { doubtedAt, witnessed } of peers) {
    if (doubtedAt !== undefined) continue
    counts.living += 1
    if (witnessed) counts.witnessed += 1
  }
  return counts
}

/** Until when the peer is known to have lived, in monotonic milliseconds. */
export function silentSince({ doubtedAt, heardAt }: PeerEntry): number {
  return doubtedAt ?? heardAt
}

/** Whether nothing says that the peer lives; `now` is monotonic milliseconds. */
export function isDead({ connected, expiresAt }: PeerEntry, now: number): boolean {
  return !connected && expiresAt <= now
}

/** Whether the peer will be taken to live until then, in monotonic milliseconds, and nobody doubts it. */
export function isSure(entry: PeerEntry, until: number): boolean {
  return entry.doubtedAt === undefined && !isDead(entry, until)
}
