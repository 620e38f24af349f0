/** The control API's documents about shared memory. */
import type { PeerIdText } from '../core/ids.ts'
import type { Json } from '../core/json.ts'
import type { Fact, FactHits, FactSearch } from '../core/memory.ts'

interface InSpace {
  readonly v: 1
  /** Name of the space. */
  readonly space: string
}

export interface NodeName {
  readonly id: PeerIdText
  /** Empty when this node has not heard of it. */
  readonly name: string
}

export interface FactDocument extends InSpace, Fact {}

export interface FactList extends InSpace {
  readonly facts: readonly Fact[]
  /** Give it back as `after` for the next page; empty at the end. */
  readonly next: string
}

export type SearchRequest = FactSearch

export interface FactHitList extends InSpace, FactHits {}

export interface FactHistory extends InSpace {
  readonly key: string
  readonly current: Fact | null
  /** Newest first: writes that lost against one that had not seen them. */
  readonly lost: readonly Fact[]
}

export interface FactKey extends InSpace {
  readonly key: string
}

export interface PutRequest {
  readonly key: string
  readonly value: Json
  readonly ttlMs?: number
}

/** One line of `lumos memory watch --json`. */
export type MemoryEvent = InSpace & { readonly position: string } & (
    | ({ readonly type: 'put' } & Fact)
    | { readonly type: 'delete'; readonly key: string }
    | { readonly type: 'ready' | 'reset' }
  )

export interface ImportRequest {
  readonly facts: readonly Pick<Fact, 'key' | 'value' | 'expiresAt'>[]
}

export interface ImportResult extends InSpace {
  readonly written: number
  /** Had expired meanwhile, and were left out. */
  readonly expired: number
}

export interface SpacePeer extends NodeName {
  readonly inSync: boolean
  /** Records that this node has and the peer lacks; `null`: it did not answer. */
  readonly behind: number | null
  /** Records that the peer has and this node lacks. */
  readonly ahead: number | null
}

export interface SpaceState {
  readonly name: string
  readonly id: string
  /** Tombstones included. */
  readonly keys: number
  readonly bytes: number
  readonly writers: number
  /** Replicas with equal roots are equal to the byte. */
  readonly root: string
  /** Was alone for so long that it takes from others, and gives only what is new. */
  readonly stale: boolean
  readonly peers: readonly SpacePeer[]
}

export interface MemoryStatus {
  readonly v: 1
  readonly spaces: readonly SpaceState[]
}

export type SpaceMode = 'open' | 'members' | 'owner-only'

export interface SpaceSummary {
  readonly name: string
  readonly id: string
  readonly mode: SpaceMode
  readonly sealed: boolean
  /** `null`: the space of everybody. */
  readonly owner: NodeName | null
  /** Whether this node is the owner. */
  readonly own: boolean
}

export interface SpaceList {
  readonly v: 1
  readonly spaces: readonly SpaceSummary[]
  /** Those that it was told to forget, the longest ago first. */
  readonly forgotten: readonly SpaceSummary[]
}

export interface ForgetSpaceRequest {
  /** Also a space that this node owns. */
  readonly force?: boolean
}

export interface ForgottenSpace {
  readonly v: 1
  readonly space: SpaceSummary
}

export interface SpaceGrant {
  readonly peer: NodeName
  readonly role: 'read' | 'write'
  /** Empty: all keys. */
  readonly prefix: string
  /** ISO 8601. */
  readonly until?: string
}

export interface SpaceDocument {
  readonly v: 1
  readonly space: SpaceSummary & {
    readonly limits: {
      readonly valueBytes: number
      readonly authorRecords: number
      readonly authorBytes: number
      readonly tombstoneMs: number
    }
    /** Those that count. */
    readonly grants: readonly SpaceGrant[]
    /** Whose grants were taken back, without later ones. */
    readonly revoked: readonly NodeName[]
  }
}

export interface CreateSpaceRequest {
  readonly name: string
  readonly mode?: SpaceMode
  /** Keys and values are encrypted for its members. */
  readonly sealed?: boolean
}

export interface GrantRequest {
  /** Name, PeerId, or a unique prefix of at least 6 characters. */
  readonly peer: string
  readonly role: 'read' | 'write'
  /** Ends with `/`; default: all keys. */
  readonly prefix?: string
  /** Milliseconds from now; default: until it is revoked. */
  readonly ttlMs?: number
}
