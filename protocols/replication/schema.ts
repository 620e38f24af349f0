/** What two replicas of a memory space say to each other: the words of repair, without their bytes. */

/** Ids of spaces, writers and records, and digests: 16 bytes in hex. */
export type WireId = string

/** From first to last, both included. */
export type WireRange = readonly [first: number, last: number]

/** Which numbers of which writers a replica has done with; ranges ascend and do not touch. */
export type WireVector = ReadonlyMap<WireId, readonly WireRange[]>

export interface WireWriter {
  /** Ed25519 public key: 32 bytes in hex. */
  readonly author: string
  /** 16 bytes in hex. */
  readonly nonce: string
}

export interface WireBatch {
  readonly writer: WireWriter
  readonly records: readonly Uint8Array[]
  /** The sender has nothing else of these numbers. */
  readonly complete?: WireRange
}

/** In the order of their numbers on the wire. */
export const REFUSALS = ['misfit', 'denied', 'expired', 'future', 'quota'] as const

export interface WireReceipt {
  readonly applied: number
  readonly repeated: number
  readonly refused: readonly {
    readonly sequence: number
    readonly reason: (typeof REFUSALS)[number]
  }[]
}

export interface WireSummary {
  readonly root: WireId
  readonly statements: WireId
  readonly vector: WireId
  readonly stale: boolean
}

export interface WireName {
  readonly sequence: number
  readonly id: WireId
}

/** The other side of a repair: what memory/repair/repair.ts asks, and a replica answers. */
/** Runs a part of long work when whoever causes it has its turn; the part costs as much as so many records. */
export type InTurn = (records: number, part: () => Promise<void>) => Promise<void>

export interface ReplicationPeer {
  summary(): Promise<WireSummary>
  statements(): Promise<readonly Uint8Array[]>
  /**
   * Takes all or, when one is invalid or `inTurn` fails, none: a grant may give back what a revocation before it took.
   * Without `inTurn` it is done as fast as may be.
   */
  admit(statements: readonly Uint8Array[], inTurn?: InTurn): Promise<void>
  vector(): Promise<WireVector>
  pull(vector: WireVector): AsyncIterable<WireBatch>
  push(batch: WireBatch): Promise<WireReceipt>
  writers(): Promise<ReadonlyMap<WireId, WireId>>
  blocks(writer: WireId): Promise<ReadonlyMap<number, WireId>>
  names(writer: WireId, block: number): Promise<readonly WireName[]>
  records(writer: WireId, names: readonly WireName[]): AsyncIterable<WireBatch>
}
