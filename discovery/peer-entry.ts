/** What the directory remembers of one peer. */
import type { PeerIdText } from '../core/ids.ts'
import type { SearchableCard } from './query.ts'

export interface PeerEntry {
  readonly peer: PeerIdText
  /** By agent id. */
  readonly agents: Map<string, SearchableCard>
  name: string
  load: number | undefined
  slots: number | undefined
  /** Digests that the peer is known to have; what it did not name is not taken. */
  named: ReadonlySet<string>
  connected: boolean
  /** Monotonic milliseconds. */
  heardAt: number
  expiresAt: number
}

export function emptyEntry(peer: PeerIdText): PeerEntry {
  return {
    peer,
    agents: new Map(),
    name: '',
    load: undefined,
    slots: undefined,
    named: new Set(),
    connected: false,
    heardAt: 0,
    expiresAt: 0
  }
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

/** Whether nothing says that the peer lives; `now` is monotonic milliseconds. */
export function isDead({ connected, expiresAt }: PeerEntry, now: number): boolean {
  return !connected && expiresAt <= now
}
