/** A replica of a space: one node's copy, which ends equal to all others that it can repair with. */
import { EventEmitter } from 'node:events'
import type { InTurn } from '../../protocols/replication/schema.ts'
import { ALL_KNOWN } from '../spaces/known-authors.ts'
import type { KnownAuthors } from '../spaces/known-authors.ts'
import type { Refusal } from '../spaces/policy.ts'
import { isStale } from '../spaces/space.ts'
import type { Space } from '../spaces/space.ts'
import type { Statement } from '../spaces/statement.ts'
import type { Change, Conflict, Usage } from './changeset.ts'
import type { Digest } from './digests.ts'
import { digestOfVector, rootOf } from './digests.ts'
import { mendRows } from './mending.ts'
import type { Suspects } from './mending.ts'
import { isVisible } from './merge.ts'
import type { PageRecord } from './recent-pages.ts'
import type { AuthorKey, MemoryId, MemoryRecord } from './record.ts'
import type { RefusedWriters } from './refused-writers.ts'
import { createIntake } from './replica-intake.ts'
import type { EntryQuery } from './replica-reader.ts'
import {
  readChanges,
  readEntries,
  readLast,
  readMissing,
  readNamed,
  readNames,
  readNewest
} from './replica-reader.ts'
import type { ReplicaComponents, ReplicaInit, ReplicaState } from './replica-state.ts'
import { loadState } from './replica-state.ts'
import { createUpkeep } from './replica-upkeep.ts'
import type { Upkeep } from './replica-upkeep.ts'
import type { Draft } from './replica-writer.ts'
import { createLocalWriter } from './replica-writer.ts'
import type { RecordName } from './rows.ts'
import { NOTHING } from './sequence-set.ts'
import type { SequenceRange, SequenceSet } from './sequence-set.ts'
import type { WriterName } from './writer.ts'

/** Which numbers of which writers a replica has done with. */
export type Vector = ReadonlyMap<MemoryId, SequenceSet>

/** Records of one writer on their way to another replica. */
export interface RecordBatch {
  readonly writer: WriterName
  /** As {@link MemoryRecord.bytes}. */
  readonly records: readonly Uint8Array[]
  /**
   * A claim of the sender: of these numbers it has nothing but what is in this batch. Gossip makes
   * no claims. It saves asking again, and a false one is found by comparing digests.
   */
  readonly complete?: SequenceRange
  /** The peer that brought it, as its session proves; never sent. All without it are one. */
  readonly from?: string
}

export interface Refused {
  readonly sequence: number
  readonly reason: Refusal
}

/** How a batch fared. */
export interface Receipt {
  readonly applied: number
  readonly repeated: number
  /** What may have to come again; see `FINAL_REFUSALS`. */
  readonly refused: readonly Refused[]
}

export interface ReplicaSummary {
  readonly root: Digest
  /** Of all statements. */
  readonly statements: string
  /** Of the version vector. */
  readonly vector: Digest
  /** Was alone so long that it may hold what the others have deleted and forgotten. */
  readonly stale: boolean
}

export interface ReplicaEvents {
  changed: [changes: readonly Change[]]
  conflict: [conflict: Conflict]
  /** What the owner has said counts from now on. */
  admitted: []
  /** Somebody knows more of this replica's writer than it does itself: its disk is a copy. */
  renamed: [writer: WriterName]
}

export interface Replica {
  readonly space: Space
  readonly events: EventEmitter<ReplicaEvents>
  /** As whom this replica writes at present. */
  readonly writer: WriterName
  /** Whom a writer that this replica knows stands for. */
  nameOf(writer: MemoryId): WriterName | undefined
  /** Whether `author` may be told what is in the space. */
  mayRead(author: AuthorKey): boolean
  /** What it holds: tombstones included, without the database's own cost. */
  readonly held: Usage
  /** The record that readers of `key` see. */
  get(key: string): Promise<MemoryRecord | undefined>
  /** The records that readers see, in the order of their keys. */
  entries(query: EntryQuery): AsyncIterable<MemoryRecord>
  /** The last `limit` of those that readers see below `folder`, which ends with `/`; by key. */
  newest(folder: string, limit: number): Promise<readonly PageRecord[]>
  /**
   * What changed after `lsn`, tombstones included, only the last change of each key. What expired
   * is not told; when `epoch` has grown, begin anew: records vanished before their time.
   */
  changes(lsn: number): AsyncIterable<Change>
  readonly epoch: number
  /** Number of the last change. */
  readonly lsn: number
  /**
   * Resolves when the record is on disk. Many at once share a batch.
   *
   * @throws WRITE_DENIED, SPACE_FULL, RECORD_INVALID; STORE_FULL, STORE_FAILED: unknown whether it was written
   */
  write(draft: Draft): Promise<MemoryRecord>
  /**
   * Takes records of another replica, by whatever way they came.
   *
   * @throws RECORD_INVALID when any of them cannot be honest: nothing of the batch is taken
   */
  receive(batch: RecordBatch): Promise<Receipt>
  /** The same array until there are others. */
  readonly statements: readonly Statement[]
  /**
   * Takes statements of the owner, all together, and forgets records that they make invalid.
   *
   * @throws SPACE_INVALID when any of them is not the owner's
   */
  admit(statements: readonly Uint8Array[], inTurn?: InTurn): Promise<void>
  readonly vector: Vector
  /** The part of the vector that is about `writer`. */
  covered(writer: MemoryId): SequenceSet
  /**
   * Number of the last record of `writer` that it holds, 0 without any. That one was signed: what the
   * vector says beyond may be nothing but somebody's claim.
   */
  lastHeld(writer: MemoryId): Promise<number>
  /** The greatest time that a record it took or wrote bears: milliseconds since the epoch. */
  readonly lastSeen: number
  /** Under which ids `author` has written, as far as this replica knows. */
  writersOf(author: AuthorKey): readonly MemoryId[]
  /** Becomes another writer if `vector` knows numbers of this one that it has not given out. */
  noteVector(vector: Vector): void
  /** Writers for whom this replica, or a peer, had no room. */
  readonly refused: RefusedWriters
  /** What `theirs` lacks, writer by writer, with claims. */
  missing(theirs: Vector): AsyncIterable<RecordBatch>
  summary(): Promise<ReplicaSummary>
  /** Forgets what has had its time; every comparison with a peer begins so, too. */
  sweep(): Promise<void>
  /** Before the database is closed: saves what the next start would have to work out again. */
  rest(): Promise<void>
  writers(): Promise<ReadonlyMap<MemoryId, Digest>>
  blocks(writer: MemoryId): Promise<ReadonlyMap<number, Digest>>
  names(writer: MemoryId, block: number): Promise<readonly RecordName[]>
  /** The named records that are still here, without claims. */
  records(writer: MemoryId, names: readonly RecordName[]): AsyncIterable<RecordBatch>
  /** Forgets the named records: only for a stale replica whose peers have forgotten them. */
  drop(writer: MemoryId, names: readonly RecordName[]): Promise<void>
  /** Mends rows that do not fit each other; resolves with how many records that were about. */
  mend(suspects: Suspects): Promise<number>
  /** Works the digest of a block out again: all that it is about is equal, and it is not. */
  recheck(writer: MemoryId, block: number): Promise<void>
  /** Records older than this (milliseconds since the epoch) may have been deleted without a trace. */
  readonly horizon: number
  /**
   * Remembers whether this replica was just found equal to `peer`, which is not stale, if its word is enough for
   * it: for one that is stale only where there are no others, or when another one said so before. Resolves with
   * whether it was.
   */
  compared(peer: string | undefined, isEqual: boolean): Promise<boolean>
}

/**
 * Opens the replica of a space in the database, or begins an empty one.
 *
 * @throws STORE_CORRUPT, STORE_CLOSED, STORE_FAILED
 */
export async function openReplica(
  { known = ALL_KNOWN, ...components }: ReplicaComponents & { readonly known?: KnownAuthors },
  init: ReplicaInit
): Promise<Replica> {
  const state = await loadState(components, init)
  const events = new EventEmitter<ReplicaEvents>()
  const upkeep = createUpkeep(state, events)
  const intake = createIntake({ state, events, known })
  const local = createLocalWriter(state, events)

  return {
    ...createComparing(state, upkeep),
    space: state.space,
    events,
    get writer() {
      return state.writer
    },
    nameOf: (writer) => state.entries.get(writer)?.name,
    mayRead: (author) => state.access.mayRead(author, components.clock.now()),
    get held() {
      return heldBy(state)
    },
    async get(key) {
      const { record } = (await state.winners([key])).get(key) ?? {}
      return record && isVisible(record, components.clock.now()) ? record : undefined
    },
    entries: (query) => readEntries(state, query),
    newest: (folder, limit) => readNewest(state, folder, limit),
    changes: (lsn) => readChanges(state, lsn),
    get epoch() {
      return state.epoch
    },
    get lsn() {
      return state.lsn
    },
    write: (draft) => local.write(draft),
    receive: (batch) => intake.receive(batch),
    get statements() {
      return state.statementList
    },
    admit: (statements, inTurn) => upkeep.admit(statements, inTurn),
    get vector() {
      return vectorOf(state)
    },
    covered: (writer) => state.entries.get(writer)?.covered ?? NOTHING,
    lastHeld: (writer) => readLast(state, writer),
    get lastSeen() {
      return state.hlc.mark.ms
    },
    writersOf: (author) => writersOf(state, author),
    noteVector: (vector) => intake.noteVector(vector),
    refused: intake.refused,
    missing: (theirs) => readMissing(state, theirs),
    names: (writer, block) => readNames(state, writer, block),
    records: (writer, names) => readNamed(state, writer, names),
    get horizon() {
      return upkeep.horizon()
    },
    ...createHealing(state, upkeep)
  }
}

/** What a repair does to a replica besides giving and taking records. */
function createHealing(
  state: ReplicaState,
  upkeep: Upkeep
): Pick<Replica, 'drop' | 'mend' | 'recheck' | 'compared'> {
  const { clock } = state.components
  return {
    drop: (writer, names) => upkeep.drop(writer, names),
    async mend(suspects) {
      if (suspects.unread.length + suspects.unlogged.length === 0) return 0
      return state.exclusive(() => mendRows(state, suspects))
    },
    recheck: (writer, block) => state.exclusive(() => state.recheck(writer, block)),
    async compared(peer, isEqual) {
      const now = clock.now()
      const stale = isStale(state.space, state.verifiedAt, now)
      const at = state.agreement.compared(peer, { isEqual, isStale: stale, now })
      if (at === undefined) return false
      if (at >= state.verifiedAt) await state.exclusive(() => state.setVerifiedAt(at))
      return true
    }
  }
}

/** What is compared with peers, never before all that had its time is gone. */
function createComparing(
  state: ReplicaState,
  upkeep: Upkeep
): Pick<Replica, 'summary' | 'sweep' | 'rest' | 'writers' | 'blocks'> {
  const { space, components } = state
  const all = (): Iterable<MemoryId> => state.entries.keys()

  async function summary(): Promise<ReplicaSummary> {
    const writers = await upkeep.fresh(() => state.digests.writers(all()), all)
    const stale = isStale(space, state.verifiedAt, components.clock.now())
    const { statementsDigest: statements } = state
    const vector = await digestOfVector(vectorOf(state))
    return { root: rootOf(writers), statements, vector, stale }
  }

  return {
    summary,
    sweep: () => upkeep.fresh(async () => undefined),
    rest: () => upkeep.rest(),
    writers: () => upkeep.fresh(() => state.digests.writers(all()), all),
    blocks: (writer) =>
      upkeep.fresh(
        () => state.digests.blocks(writer),
        () => [writer]
      )
  }
}

function heldBy({ entries }: ReplicaState): Usage {
  let [records, bytes] = [0, 0]
  for (const entry of entries.values()) {
    records += entry.records
    bytes += entry.bytes
  }
  return { records, bytes }
}

function vectorOf({ entries }: ReplicaState): Vector {
  return new Map(Array.from(entries, ([writer, { covered }]) => [writer, covered]))
}

function writersOf({ entries }: ReplicaState, author: AuthorKey): MemoryId[] {
  return Array.from(entries).flatMap(([id, { name }]) => (name.author === author ? [id] : []))
}
