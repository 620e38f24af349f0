/** Holds what peers put on this node's part of the DHT to a quota: libp2p's store takes all that anybody sends. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import type { TokenBucket } from '../../core/token-bucket.ts'

/** Who is said to have what is looked up by `key`. What `value` is concerns the DHT alone. */
export interface ProviderRecord<Value> {
  readonly key: string
  readonly peer: PeerIdText
  readonly value: Value
}

export interface RecordStore<Value> {
  /**
   * Takes a record, or renews it. Those of this node itself are always taken.
   *
   * @throws OVERLOADED - the peer comes too often or has too many, or there is no room but for others
   */
  put(record: ProviderRecord<Value>): void
  delete(key: string, peer: PeerIdText): void
  of(key: string): readonly ProviderRecord<Value>[]
  all(): Iterable<ProviderRecord<Value>>
  readonly size: number
}

export interface RecordStoreComponents {
  readonly self: PeerIdText
  readonly clock: Pick<Clock, 'monotonic'>
  /** A peer was refused: once happens to honest ones, too. */
  readonly onRefused: (peer: PeerIdText) => void
}

export interface RecordQuota {
  readonly perPeer: number
  /** Of one key: there are skills that every node has. */
  readonly perKey: number
  /** Of all peers. */
  readonly most: number
  /** A second, of one peer. */
  readonly rate: number
  readonly burst: number
}

const QUOTA: RecordQuota = {
  perPeer: LIMITS.dhtRecordsPerPeer.value,
  perKey: LIMITS.dhtRecordsPerKey.value,
  most: LIMITS.dhtRecords.value,
  rate: LIMITS.dhtRecordRate.value,
  burst: LIMITS.dhtRecordBurst.value
}

interface Announcer {
  readonly bucket: TokenBucket
  /** Its keys, the one renewed longest ago first. */
  readonly keys: Set<string>
}

export function createRecordStore<Value>(
  components: RecordStoreComponents,
  quota: RecordQuota = QUOTA
): RecordStore<Value> {
  return new BoundedRecordStore<Value>(components, quota)
}

class BoundedRecordStore<Value> implements RecordStore<Value> {
  readonly #components: RecordStoreComponents
  readonly #quota: RecordQuota
  readonly #byKey = new Map<string, Map<PeerIdText, ProviderRecord<Value>>>()
  /** The one heard of longest ago first. */
  readonly #announcers = new Map<PeerIdText, Announcer>()
  #count = 0

  constructor(components: RecordStoreComponents, quota: RecordQuota) {
    this.#components = components
    this.#quota = quota
  }

  get size(): number {
    return this.#count
  }

  put(record: ProviderRecord<Value>): void {
    const { key, peer } = record
    const announcer = this.#hear(peer)
    const isOwn = peer === this.#components.self
    if (!isOwn && !this.#admits(announcer, key)) {
      this.#components.onRefused(peer)
      const retryAfterMs = Math.ceil(Math.max(1, announcer.bucket.waitMs(1)))
      throw new LumosError('OVERLOADED', { details: { retryAfterMs } })
    }
    this.delete(key, peer)
    this.#makeRoomAt(key)
    const holders = this.#byKey.get(key) ?? new Map<PeerIdText, ProviderRecord<Value>>()
    this.#byKey.set(key, holders.set(peer, record))
    announcer.keys.add(key)
    this.#count += 1
  }

  delete(key: string, peer: PeerIdText): void {
    const holders = this.#byKey.get(key)
    if (holders?.delete(peer) !== true) return
    if (holders.size === 0) this.#byKey.delete(key)
    this.#announcers.get(peer)?.keys.delete(key)
    this.#count -= 1
  }

  of(key: string): readonly ProviderRecord<Value>[] {
    return [...(this.#byKey.get(key)?.values() ?? [])]
  }

  *all(): Iterable<ProviderRecord<Value>> {
    for (const holders of this.#byKey.values()) yield* holders.values()
  }

  /** All of them in one answer would be a message that whoever asks has to refuse. The latest are likeliest to live. */
  #makeRoomAt(key: string): void {
    const holders = this.#byKey.get(key)
    if (holders === undefined || holders.size < this.#quota.perKey) return
    for (const peer of holders.keys()) {
      if (peer === this.#components.self) continue
      this.delete(key, peer)
      return
    }
  }

  #hear(peer: PeerIdText): Announcer {
    const { rate, burst } = this.#quota
    const announcer = this.#announcers.get(peer) ?? {
      bucket: createTokenBucket(this.#components, { rate, burst }),
      keys: new Set<string>()
    }
    this.#announcers.delete(peer)
    this.#announcers.set(peer, announcer)
    if (this.#announcers.size > LIMITS.quotaPeers.value) this.#forgetIdle()
    return announcer
  }

  /** Who has records stays known: there are no more of those than records. */
  #forgetIdle(): void {
    for (const [peer, { keys }] of this.#announcers) {
      if (keys.size > 0) continue
      this.#announcers.delete(peer)
      return
    }
  }

  #admits({ bucket, keys }: Announcer, key: string): boolean {
    if (!bucket.take(1)) return false
    if (keys.has(key)) return true
    return keys.size < this.#quota.perPeer && this.#hasRoom(keys.size)
  }

  /**
   * When all is full, who has most gives up what it renewed longest ago; so a crowd of liars, each with
   * its full quota, cannot keep out or drive out those who have a few.
   */
  #hasRoom(held: number): boolean {
    if (this.#count < this.#quota.most) return true
    let richest: [PeerIdText, Announcer] | undefined
    for (const entry of this.#announcers) {
      if (entry[0] === this.#components.self) continue
      if (entry[1].keys.size > (richest?.[1].keys.size ?? held + 1)) richest = entry
    }
    const [oldest] = richest?.[1].keys ?? []
    if (richest === undefined || oldest === undefined) return false
    this.delete(oldest, richest[0])
    return true
  }
}
