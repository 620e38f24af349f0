/** Shared memory as the rest of a node sees it: spaces by name, and in them what agents read and write. */
import type { Component } from '../core/component.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Digest } from './replica/digests.ts'
import type { HybridTime } from './replica/hlc.ts'
import type { AuthorKey, MemoryId } from './replica/record.ts'
import type { EntryQuery } from './replica/replica-reader.ts'
import type { Genesis, Space } from './spaces/space.ts'
import type { SpaceOwner } from './spaces/space-owner.ts'
import type { Statement } from './spaces/statement.ts'

/** What readers of a key see. */
export interface MemoryEntry {
  readonly key: string
  /** Bytes as they were put; they look into a buffer that must not be changed. */
  readonly value: Uint8Array
  /** Who wrote it: the Ed25519 public key inside that node's PeerId. */
  readonly author: AuthorKey
  /** Under which of the author's writer ids. */
  readonly writer: MemoryId
  readonly time: HybridTime
  /** Milliseconds since the epoch from which on nobody reads it. */
  readonly expires?: number
}

export interface PutOptions {
  /** Milliseconds from now until it vanishes for readers; without it, never. */
  readonly ttlMs?: number
}

export interface WatchQuery {
  /** What keys begin with. */
  readonly prefix?: string
  /** Only what changed after this number of an earlier event; without it, all that is there first. */
  readonly after?: Position
}

/** Where a watcher stands in the changes of this node's replica: means nothing on another node. */
export interface Position {
  readonly lsn: number
  readonly epoch: number
}

/**
 * - `put`, `delete`: the key's last change; a slow watcher misses those in between, never the last;
 * - `ready`: all that was there, or had changed, has been told: what follows is new;
 * - `reset`: records vanished that had not had their time (a revocation): forget everything, it is
 *   told again. So also when a secret
 *   lets this node read more of a sealed space. What merely expires is not told.
 */
export type WatchEvent =
  | { readonly type: 'put'; readonly position: Position; readonly entry: MemoryEntry }
  | { readonly type: 'delete'; readonly position: Position; readonly key: string }
  | { readonly type: 'ready' | 'reset'; readonly position: Position }

/** How a peer's replica compares with this node's, as far as could be learned just now. */
export interface PeerSync {
  readonly peer: PeerIdText
  readonly inSync: boolean
  /** Records that this node has done with and the peer has not; `undefined`: it did not answer. */
  readonly behind: number | undefined
  /** Records that the peer has done with and this node has not. */
  readonly ahead: number | undefined
}

export interface SpaceStatus {
  readonly root: Digest
  /** Tombstones included. */
  readonly keys: number
  /** Of records, without the database's own cost. */
  readonly bytes: number
  readonly writers: number
  /** Was alone for so long that it takes from others, and gives only what is new. */
  readonly stale: boolean
  readonly peers: readonly PeerSync[]
}

export interface ForgetOptions {
  /** Also a space that this node owns. */
  readonly force?: boolean
}

/** What is chosen when a space is made; its owner is this node, its quotas are `DEFAULT_QUOTAS`. */
export type SpaceInit = Pick<Genesis, 'name' | 'mode' | 'sealed'>

/** One space of this node. Every method but `status` and `watch` is local: peers follow by themselves. */
export interface MemorySpace extends SpaceOwner {
  readonly space: Space
  /** All that its owner has said; see {@link currentGrants}. */
  readonly statements: readonly Statement[]
  get(key: string): Promise<MemoryEntry | undefined>
  /**
   * Resolves when the entry is on this node's disk; it is then readable here, and on its way to
   * the others. Many puts at once share a write to the disk.
   *
   * @throws WRITE_DENIED, SPACE_FULL, RECORD_INVALID, STORE_BUSY; STORE_FULL, STORE_FAILED: unknown whether it was written
   */
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<MemoryEntry>
  /** Writes a tombstone, also for a key that is not there: another node may be about to tell of it. */
  delete(key: string): Promise<void>
  /** In the order of the keys' UTF-8 bytes. */
  list(query?: EntryQuery): AsyncIterable<MemoryEntry>
  /**
   * The last `limit` entries whose keys begin with `folder`, which ends with `/`; in the order of keys. Kept
   * at hand for those who ask again; `value` is the same object until its key is written.
   */
  newest(folder: string, limit: number): Promise<readonly MemoryEntry[]>
  /** What is there, then what changes, until the loop is left or `signal` aborts. */
  watch(query?: WatchQuery, signal?: AbortSignal): AsyncIterable<WatchEvent>
  /**
   * What readers of `key` see and, newest first, what it was perhaps overwritten by mistake: writes
   * that lost against one that had not seen them. Kept here for a day, and only the last few.
   */
  history(key: string): Promise<readonly MemoryEntry[]>
  /** Asks the peers of this node how they stand: takes as long as the slowest, 2 s at most. */
  status(): Promise<SpaceStatus>
}

export interface SharedMemory extends Component {
  /**
   * The space of that name, this node's own before those of others, or of that id; `shared` is the one
   * that every node of the swarm has.
   *
   * @throws SPACE_UNKNOWN also before the start and after the stop; SPACE_AMBIGUOUS
   */
  space(name: string): MemorySpace
  spaces(): readonly MemorySpace[]
  /**
   * Makes a space that this node owns, under a name that no other space of this node has.
   *
   * @throws SPACE_EXISTS, SPACE_INVALID, STORE_FULL, STORE_FAILED
   */
  create(init: SpaceInit): Promise<MemorySpace>
  /**
   * Drops this node's copy of a space; others keep theirs. Its name or id, as for {@link SharedMemory.space}.
   * Resolves when it is neither seen nor repaired any more; its rows are deleted afterwards, after a restart
   * if need be. No offer brings it back.
   *
   * @throws SPACE_UNKNOWN, SPACE_AMBIGUOUS, SPACE_OF_EVERYBODY, SPACE_OWNED, STORE_FULL, STORE_FAILED
   */
  forget(name: string, options?: ForgetOptions): Promise<Space>
  /** What was forgotten, the longest ago first. */
  forgotten(): readonly Space[]
  /**
   * Takes up again what was forgotten: empty, until peers have brought what is in it. Does nothing for a
   * space that is here.
   *
   * @throws SPACE_UNKNOWN, SPACE_AMBIGUOUS, STORE_FULL, STORE_FAILED
   */
  join(name: string): Promise<MemorySpace>
}
