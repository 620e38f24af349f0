/** Who is known and where: addresses of peers from every source, how they fared, and how many are kept. */
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { usableAddresses } from './hint.ts'
import type { FoundBy, PeerHint } from './hint.ts'

/** Why one address did not lead to a session. */
export interface AddressFailure {
  readonly address: string
  /** For people: `connection refused`, `no answer within 3 s`, ... */
  readonly reason: string
}

export interface KnownPeer {
  readonly peer: PeerIdText
  readonly name: string | undefined
  /** Best first: those that worked, then the untried, then those that failed. */
  readonly addresses: readonly string[]
  readonly foundBy: readonly FoundBy[]
  readonly failures: readonly AddressFailure[]
  /** Milliseconds since the epoch; `undefined` when there never was a session. */
  readonly connectedAt: number | undefined
  readonly seenAt: number
}

/** Before every time of any clock. */
const NEVER = -1

interface AddressNote {
  workedAt: number
  failure: string | undefined
  /** The peer itself says so, in a session. */
  isOwn: boolean
}

interface Entry {
  readonly peer: PeerIdText
  name: string | undefined
  /** By itself, in a session. */
  isNamed: boolean
  readonly addresses: Map<string, AddressNote>
  readonly foundBy: Set<FoundBy>
  connectedAt: number | undefined
  seenAt: number
}

export interface PeerBookComponents {
  readonly clock: Clock
  /** Peers that must not be dropped to make room: those with a session, and pinned ones. */
  readonly keep: (peer: PeerIdText) => boolean
}

export interface PeerBookInit {
  /** This node; hints about it are ignored. */
  readonly self: PeerIdText
  readonly maxPeers?: number
}

/** Bounded: a newcomer takes the place of the least valuable peer, never of one that is kept. */
export class PeerBook {
  readonly #clock: Clock
  readonly #keep: (peer: PeerIdText) => boolean
  readonly #self: PeerIdText
  readonly #maxPeers: number
  readonly #entries = new Map<PeerIdText, Entry>()

  constructor({ clock, keep }: PeerBookComponents, init: PeerBookInit) {
    this.#clock = clock
    this.#keep = keep
    this.#self = init.self
    this.#maxPeers = init.maxPeers ?? LIMITS.knownPeers.value
  }

  /** Takes a hint in; true when it holds a peer or an address that was not known. */
  learn({ peer, addresses, foundBy, name }: PeerHint): boolean {
    if (peer === this.#self) return false
    const usable = usableAddresses(addresses, peer)
    const isNew = !this.#entries.has(peer)
    if (isNew && usable.length === 0) return false
    const entry = this.#enter(peer)
    if (entry === undefined) return false
    entry.seenAt = this.#clock.now()
    entry.foundBy.add(foundBy)
    if (!entry.isNamed) entry.name = name ?? entry.name
    const fresh = usable.filter((address) => addAddress(entry, address))
    return isNew || fresh.length > 0
  }

  get(peer: PeerIdText): KnownPeer | undefined {
    const entry = this.#entries.get(peer)
    return entry && view(entry)
  }

  has(peer: PeerIdText): boolean {
    return this.#entries.has(peer)
  }

  /** Asked of everybody who is known at every dial: in a swarm of 300 that was an eighth of all work. */
  hasAddress(peer: PeerIdText): boolean {
    return (this.#entries.get(peer)?.addresses.size ?? 0) > 0
  }

  all(): readonly KnownPeer[] {
    return Array.from(this.#entries.values(), view)
  }

  /** A connected peer says where it listens. */
  located(peer: PeerIdText, addresses: readonly string[]): void {
    const entry = this.#entries.get(peer)
    if (entry === undefined) return
    for (const address of usableAddresses(addresses, peer)) {
      addAddress(entry, address)
      const note = entry.addresses.get(address)
      if (note !== undefined) note.isOwn = true
    }
  }

  /** A session opened; `address` is the one that was dialled for it. */
  connected(peer: PeerIdText, address?: string): void {
    const entry = this.#enter(peer)
    if (entry === undefined) return
    entry.connectedAt = entry.seenAt = this.#clock.now()
    const [usable] = address === undefined ? [] : usableAddresses([address], peer)
    if (usable === undefined) return
    addAddress(entry, usable)
    const isOwn = entry.addresses.get(usable)?.isOwn === true
    entry.addresses.set(usable, { workedAt: entry.seenAt, failure: undefined, isOwn })
  }

  named(peer: PeerIdText, name: string): void {
    const entry = this.#entries.get(peer)
    if (entry === undefined) return
    entry.name = name
    entry.isNamed = true
    // Nobody told us of it: it came by itself.
    if (entry.foundBy.size === 0) entry.foundBy.add('incoming')
  }

  failed(peer: PeerIdText, failures: readonly AddressFailure[]): void {
    const entry = this.#entries.get(peer)
    for (const { address, reason } of failures) {
      const [usable = address] = usableAddresses([address], peer)
      const note = entry?.addresses.get(usable)
      if (note !== undefined) note.failure = reason
    }
  }

  /** Addresses that failed, of peers that are connected, so that they have others. */
  dead(isConnected: (peer: PeerIdText) => boolean): readonly string[] {
    return [...this.#entries.values()].flatMap(({ peer, addresses }) =>
      isConnected(peer)
        ? [...addresses].flatMap(([address, { failure }]) =>
            failure === undefined ? [] : [address]
          )
        : []
    )
  }

  /** Returns how many they were. */
  forgetDead(isConnected: (peer: PeerIdText) => boolean): number {
    const before = this.dead(isConnected).length
    for (const { peer, addresses } of this.#entries.values()) {
      if (!isConnected(peer)) continue
      for (const [address, { failure }] of addresses) {
        if (failure !== undefined) addresses.delete(address)
      }
    }
    return before
  }

  #enter(peer: PeerIdText): Entry | undefined {
    const known = this.#entries.get(peer)
    if (known !== undefined) return known
    if (this.#entries.size >= this.#maxPeers && !this.#makeRoom()) return undefined
    const entry: Entry = {
      peer,
      name: undefined,
      isNamed: false,
      addresses: new Map(),
      foundBy: new Set(),
      connectedAt: undefined,
      seenAt: this.#clock.now()
    }
    this.#entries.set(peer, entry)
    return entry
  }

  /** Strangers go before former peers, and among them the longest unseen. */
  #makeRoom(): boolean {
    let worst: Entry | undefined
    for (const entry of this.#entries.values()) {
      if (this.#keep(entry.peer)) continue
      if (worst === undefined || value(entry) < value(worst)) worst = entry
    }
    return worst !== undefined && this.#entries.delete(worst.peer)
  }
}

function value({ connectedAt, seenAt }: Entry): number {
  // Any former peer outweighs every stranger, whatever their times.
  return connectedAt === undefined ? seenAt : seenAt + Number.MAX_SAFE_INTEGER / 2
}

/** True when the address is new. */
function addAddress({ addresses }: Entry, address: string): boolean {
  if (addresses.has(address)) return false
  if (addresses.size >= LIMITS.addressesPerPeer.value) {
    const worst = leastUseful(addresses)
    if (worst !== undefined) addresses.delete(worst)
  }
  addresses.set(address, { workedAt: NEVER, failure: undefined, isOwn: false })
  return true
}

/**
 * The last that one would dial; of equals the oldest. Never the one that worked last, even if it failed
 * since: whoever names enough addresses could hide the peer.
 */
function leastUseful(addresses: Entry['addresses']): string | undefined {
  const lastWorked = Math.max(...[...addresses.values()].map(({ workedAt }) => workedAt))
  const [worst] = [...addresses]
    .filter(([, { workedAt }]) => workedAt === NEVER || workedAt < lastWorked)
    .toSorted(([, a], [, b]) => byUse(b, a))
  return worst?.[0]
}

/** What has not failed first; of that what worked last, and where the peer itself says that it listens. */
function byUse(a: AddressNote, b: AddressNote): number {
  return (
    Number(a.failure !== undefined) - Number(b.failure !== undefined) ||
    b.workedAt - a.workedAt ||
    Number(b.isOwn) - Number(a.isOwn)
  )
}

function view(entry: Entry): KnownPeer {
  const { peer, name, connectedAt, seenAt } = entry
  const ranked = [...entry.addresses].toSorted(([, a], [, b]) => byUse(a, b))
  const failures = ranked.flatMap(([address, { failure }]) =>
    failure === undefined ? [] : [{ address, reason: failure }]
  )
  return {
    peer,
    name,
    addresses: ranked.map(([address]) => address),
    foundBy: [...entry.foundBy],
    failures,
    connectedAt,
    seenAt
  }
}
