/** Makes two replicas equal: roots, version vectors, what either lacks, and an audit where they still differ. */
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { InTurn } from '../../protocols/replication/schema.ts'
import type { Digest } from '../replica/digests.ts'
import type { MemoryId } from '../replica/record.ts'
import { decodeRecord } from '../replica/record.ts'
import type { Receipt, RecordBatch, Replica, ReplicaSummary, Vector } from '../replica/replica.ts'
import type { RecordName } from '../replica/rows.ts'
import { includes, NOTHING } from '../replica/sequence-set.ts'
import { createSlices } from '../slices.ts'
import { writerId } from '../replica/writer.ts'
import type { AuditPlace } from './audit-notes.ts'
import { auditNotesOf } from './audit-notes.ts'

/**
 * The other side of a repair, whatever lies in between. Every call may fail; what was moved until
 * then stays moved. Answers of a peer are claims: nothing but signatures is believed.
 */
export interface RepairPeer {
  /**
   * Who it is, as its session proves. On the word of one peer a stale replica destroys nothing, and
   * all peers without this are one: with them alone it forgets nothing.
   */
  readonly id?: string
  summary(): Promise<ReplicaSummary>
  statements(): Promise<readonly Uint8Array[]>
  admit(statements: readonly Uint8Array[], inTurn?: InTurn): Promise<void>
  vector(): Promise<Vector>
  /** What the peer has and `vector` does not cover. */
  pull(vector: Vector): AsyncIterable<RecordBatch>
  push(batch: RecordBatch): Promise<Receipt>
  writers(): Promise<ReadonlyMap<MemoryId, Digest>>
  blocks(writer: MemoryId): Promise<ReadonlyMap<number, Digest>>
  names(writer: MemoryId, block: number): Promise<readonly RecordName[]>
  records(writer: MemoryId, names: readonly RecordName[]): AsyncIterable<RecordBatch>
}

export interface RepairResult {
  /** Records that came, and that went, by the version vectors. */
  readonly pulled: number
  readonly pushed: number
  /**
   * Records that only the audit moved. Where nobody was restored, revoked or lying, there are none:
   * a peer for which there are some time and again is not to be relied on.
   */
  readonly audited: number
  /** Records that this replica forgot, since it was stale and the others had forgotten them. */
  readonly dropped: number
  readonly equal: boolean
}

type Side = Pick<Replica, keyof RepairPeer & keyof Replica> &
  Pick<
    Replica,
    | 'space'
    | 'refused'
    | 'noteVector'
    | 'missing'
    | 'receive'
    | 'drop'
    | 'mend'
    | 'recheck'
    | 'horizon'
    | 'compared'
  >

/** The answers of `replica`; what it is asked for is never more than it has. */
export function createResponder(replica: Replica): RepairPeer {
  return {
    summary: () => replica.summary(),
    statements: async () => replica.statements.map(({ bytes }) => bytes),
    admit: (statements, inTurn) => replica.admit(statements, inTurn),
    vector: async () => replica.vector,
    pull(vector) {
      replica.noteVector(vector)
      return replica.missing(vector)
    },
    push: (batch) => replica.receive(batch),
    writers: () => replica.writers(),
    blocks: (writer) => replica.blocks(writer),
    names: (writer, block) => replica.names(writer, block),
    records: (writer, names) => replica.records(writer, names)
  }
}

/**
 * Repairs `replica` with `peer`, both ways. Ends without an error when they are still different: one
 * of them may lie, or be stale, or have got something new meanwhile.
 *
 * @throws RECORD_INVALID, SPACE_INVALID, REPAIR_REFUSED: the peer is to blame; what the calls throw
 */
export async function repair(replica: Side, peer: RepairPeer): Promise<RepairResult> {
  const moved = { pulled: 0, pushed: 0, audited: 0, dropped: 0 }
  let [mine, theirs] = await summaries(replica, peer)
  // It counts as one that is there, whatever becomes of this repair.
  if (!theirs.stale) await replica.compared(peer.id, false)
  if (mine.statements !== theirs.statements) {
    await exchangeStatements(replica, peer)
    ;[mine, theirs] = await summaries(replica, peer)
  }
  if (mine.root === theirs.root && mine.vector !== theirs.vector) {
    // Nothing but claims. A replica that has not heard what became of a number would take it for
    // new when a stale one brings it back, long after all that could tell better is forgotten.
    moved.pulled = await pull(replica, peer)
    moved.pushed = await push(replica, peer, bounded(await peer.vector()))
    ;[mine, theirs] = await summaries(replica, peer)
  }
  if (mine.root !== theirs.root) {
    moved.pulled = await pull(replica, peer)
    const vector = bounded(await peer.vector())
    replica.noteVector(vector)
    moved.pushed = await push(replica, peer, vector)
    ;[mine, theirs] = await summaries(replica, peer)
    if (mine.root !== theirs.root) {
      const audit = createAudit(replica, peer, { vector, mine, theirs })
      await audit.run()
      moved.audited = audit.moved
      moved.dropped = audit.dropped
      ;[mine, theirs] = await summaries(replica, peer)
    }
  }
  const equal = mine.root === theirs.root && mine.statements === theirs.statements
  // Two that were alone together are not back among the others yet.
  if (!theirs.stale && (await replica.compared(peer.id, equal))) {
    auditNotesOf(replica).forgetLacks()
  }
  return { ...moved, equal }
}

function summaries(replica: Side, peer: RepairPeer): Promise<[ReplicaSummary, ReplicaSummary]> {
  return Promise.all([replica.summary(), peer.summary()])
}

/** Before records: what follows is judged by them on both sides. */
async function exchangeStatements(replica: Side, peer: RepairPeer): Promise<void> {
  const theirs = await peer.statements()
  if (theirs.length > LIMITS.memoryStatements.value) throw refused('too many statements')
  await replica.admit(theirs)
  const known = new Set(theirs.map((bytes) => Buffer.from(bytes).toString('latin1')))
  const lacking = replica.statements
    .map(({ bytes }) => bytes)
    .filter((bytes) => !known.has(Buffer.from(bytes).toString('latin1')))
  if (lacking.length > 0) await peer.admit(lacking)
}

function pull(replica: Side, peer: RepairPeer): Promise<number> {
  const vector = replica.refused.addedTo(replica.vector, peer.id)
  return moveAll(peer.pull(vector), (batch) => replica.receive(batch))
}

function push(replica: Side, peer: RepairPeer, vector: Vector): Promise<number> {
  return moveAll(replica.missing(replica.refused.addedTo(vector, peer.id)), async (batch) => {
    const receipt = await peer.push(batch)
    const isRefused = receipt.refused.filter(({ reason }) => reason === 'quota')
    const isNew = !vector.has(writerId(replica.space.id, batch.writer))
    if (isNew && batch.records.length > 0 && isRefused.length === batch.records.length) {
      replica.refused.note(peer.id, batch)
    }
    return receipt
  })
}

/**
 * Moves batches, some at a time: while the signatures of one are checked, another is written. In
 * which order they end does not matter. Resolves with how many records were new to the receiver.
 */
async function moveAll(
  batches: AsyncIterable<RecordBatch>,
  move: (batch: RecordBatch) => Promise<Receipt>
): Promise<number> {
  const moving: Promise<Receipt>[] = []
  let records = 0
  try {
    for await (const batch of batches) {
      const receipt = move(batch)
      // Its failure is told when its turn comes.
      receipt.catch(() => undefined)
      moving.push(receipt)
      if (moving.length < LIMITS.memoryBatchesMoving.value) continue
      const first = await moving.shift()
      records += first?.applied ?? 0
    }
    for (const receipt of moving) records += (await receipt).applied
  } finally {
    await Promise.allSettled(moving)
  }
  return records
}

interface AuditInit {
  readonly vector: Vector
  readonly mine: ReplicaSummary
  readonly theirs: ReplicaSummary
}

interface Audit {
  readonly moved: number
  readonly dropped: number
  run(): Promise<void>
}

/** Compares what both hold, block by block, and moves what one of them lacks. */
function createAudit(replica: Side, peer: RepairPeer, { vector, mine, theirs }: AuditInit): Audit {
  const mineStale = mine.stale && !theirs.stale
  const theirsStale = theirs.stale && !mine.stale
  const notes = auditNotesOf(replica)
  let moved = 0
  let dropped = 0
  let blocks = 0

  async function auditBlock(writer: MemoryId, block: number): Promise<void> {
    const ours = await replica.names(writer, block)
    const others = await peer.names(writer, block)
    const lacked = without(others, ours).slice(0, LIMITS.memoryAuditNames.value)
    // A stale peer has to find out by itself what the others have forgotten.
    const wanted = theirsStale ? unseen(lacked, replica.vector.get(writer)) : lacked
    const { applied, unlogged } = await take(replica, peer.records(writer, wanted))
    moved += applied
    const surplus = without(ours, others)
    if (lacked.length + surplus.length === 0) await replica.recheck(writer, block)
    const unread = without(surplus, await give(writer, surplus))
    moved += await replica.mend({ writer, unread, unlogged })
  }

  /** Returns those that could be read. */
  async function give(writer: MemoryId, surplus: RecordName[]): Promise<RecordName[]> {
    const fresh = mineStale ? unseen(surplus, vector.get(writer)) : surplus
    const old = without(surplus, fresh)
    const read = [...old]
    for await (const batch of replica.records(writer, fresh)) {
      read.push(...batch.records.map(decodeRecord))
      if (batch.records.length > 0) moved += (await peer.push(batch)).applied
    }
    if (old.length > 0) await giveOld(writer, old)
    return read
  }

  /**
   * What the peer has seen and holds no more was deleted, unless it is too young for that, or the peer
   * lies: until another one says the same it is kept, and not given.
   */
  async function giveOld(writer: MemoryId, names: readonly RecordName[]): Promise<void> {
    const gone = new Set<MemoryId>()
    for await (const batch of replica.records(writer, names)) {
      const { young, old } = byAge(batch, replica.horizon)
      for (const id of old) gone.add(id)
      if (young.records.length > 0) moved += (await peer.push(young)).applied
    }
    const lacked = names.filter(({ id }) => gone.has(id))
    const forgotten = notes.lackedByAnother(peer.id, lacked)
    dropped += forgotten.length
    if (forgotten.length > 0) await replica.drop(writer, forgotten)
  }

  return {
    get moved() {
      return moved
    },
    get dropped() {
      return dropped
    },
    async run() {
      for await (const { writer, block } of differences(replica, peer, notes.placeOf(peer.id))) {
        blocks += 1
        // A liar must not keep this repair busy for ever. The next one goes on, also after an error.
        if (blocks > LIMITS.memoryAuditBlocks.value) return
        notes.move(peer.id, { writer, block: block + 1 })
        await auditBlock(writer, block)
      }
    }
  }
}

/** Takes what an audit asked for; `unlogged` are keys of records that were here, though the log said otherwise. */
async function take(
  replica: Side,
  batches: AsyncIterable<RecordBatch>
): Promise<{ readonly applied: number; readonly unlogged: readonly string[] }> {
  const unlogged: string[] = []
  let sum = 0
  for await (const batch of batches) {
    const { applied, repeated } = await replica.receive(withoutClaim(batch))
    sum += applied
    if (repeated > 0) unlogged.push(...batch.records.map((bytes) => decodeRecord(bytes).key))
  }
  return { applied: sum, unlogged }
}

/**
 * All blocks that differ, from `start` on and around: blocks that stay different would else keep
 * audits from those behind them.
 */
async function* differences(
  replica: Side,
  peer: RepairPeer,
  start: AuditPlace
): AsyncGenerator<AuditPlace> {
  const differ = await differing(await replica.writers(), await peer.writers())
  const resting = replica.refused.of(peer.id)
  const writers = differ.filter((writer) => !resting.has(writer)).toSorted()
  const first = writers.filter((writer) => writer >= start.writer)
  // The writer it starts in comes last, too, with the blocks before.
  const last = writers.filter((writer) => writer <= start.writer)
  for (const [round, writer] of [...first, ...last].entries()) {
    const pair = [await replica.blocks(writer), await peer.blocks(writer)] as const
    for (const block of (await differing(...pair)).toSorted((a, b) => a - b)) {
      const isBefore = writer === start.writer && block < start.block
      if (writer !== start.writer || isBefore === round >= first.length) yield { writer, block }
    }
  }
}

/** What only one of two maps has, or both have differently. */
async function differing<K extends string | number>(
  a: ReadonlyMap<K, Digest>,
  b: ReadonlyMap<K, Digest>
): Promise<K[]> {
  const slices = createSlices()
  const found: K[] = []
  for (const [one, other] of [
    [a, b],
    [b, a]
  ] as const) {
    for (const [key, digest] of one) {
      const theirs = other.get(key)
      // The second time round only what the first has not seen.
      if (theirs !== digest && (one === a || theirs === undefined)) found.push(key)
      const pause = slices.spend(1)
      if (pause !== undefined) await pause
    }
  }
  return found
}

function without(names: readonly RecordName[], others: readonly RecordName[]): RecordName[] {
  const known = new Set(others.map(({ id }) => id))
  return names.filter(({ id }) => !known.has(id))
}

function unseen(names: readonly RecordName[], covered = NOTHING): RecordName[] {
  return names.filter(({ sequence }) => !includes(covered, sequence))
}

interface Aged {
  readonly old: readonly MemoryId[]
  readonly young: RecordBatch
}

function byAge({ writer, records }: RecordBatch, horizon: number): Aged {
  const old: MemoryId[] = []
  const young = records.filter((bytes) => {
    const { id, time } = decodeRecord(bytes)
    if (time.ms < horizon) old.push(id)
    return time.ms >= horizon
  })
  return { old, young: { writer, records: young } }
}

/** An audit names records; that there are no others is nothing its peer could know. */
function withoutClaim({ writer, records, from }: RecordBatch): RecordBatch {
  return { writer, records, ...(from !== undefined && { from }) }
}

function bounded(vector: Vector): Vector {
  if (vector.size > LIMITS.memoryWriters.value) throw refused('too many writers')
  return vector
}

function refused(reason: string): LumosError {
  return new LumosError('REPAIR_REFUSED', { details: { reason } })
}
