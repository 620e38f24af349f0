/** A log whose losses show: every record is chained to the one before it, and the chain is checked at start. */
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import { readFileBounded, writeJsonAtomic } from './atomic-file.ts'
import { fileTime } from './file-time.ts'
import type { GroupCommit } from './group-commit.ts'
import type { AppendRecordOptions, CheckpointWindow } from './journal-chain.ts'
import { createChain, createCheckpointWindow } from './journal-chain.ts'
import type { JournalKeys } from './journal-keys.ts'
import { journalKeys } from './journal-keys.ts'
import type { JournalRecord, Position } from './journal-record.ts'
import { decodeRecord, origin } from './journal-record.ts'
import type { JournalBreak, Verified } from './journal-verify.ts'
import {
  acceptBreaks,
  isKnownBreak,
  keepEvidence,
  readCheckpoint,
  verifyChain
} from './journal-verify.ts'
import type { KeyRange, Operation, Store } from './store.ts'

/** What the check at start found. */
export interface JournalReport {
  /** Records checked: those since the checkpoint. */
  readonly records: number
  /** The first hundred breaks. */
  readonly breaks: readonly JournalBreak[]
  readonly breakCount: number
  /** Records that are known to have been at the end and are not. */
  readonly tailLost: number
  /** The file with every record from the first break on as it was found. */
  readonly evidence?: string
}

export interface JournalComponents {
  readonly clock: Clock
  readonly store: Store
  /** Group commit over the same Store. */
  readonly commit: GroupCommit
}

export interface JournalInit {
  /** Letters, digits, hyphens. */
  readonly name: string
  /** Folder for the file that remembers the end, and for evidence. */
  readonly directory: string
}

export interface Journal {
  readonly report: JournalReport
  /** Number of the last record that was given to the disk; 0 when there is none. */
  readonly sequence: number
  /**
   * Adds a record, together with `operations`: both are there or neither. Resolves with its number.
   *
   * @throws STORE_BUSY, STORE_CLOSED, STORE_FULL, STORE_FAILED: as `GroupCommit.append`
   */
  append(payload: Uint8Array, options: AppendRecordOptions): Promise<number>
  /**
   * The records after `sequence`, checked as they are read.
   *
   * @throws STORE_CORRUPT
   */
  read(sequence: number): AsyncIterable<JournalRecord>
  /**
   * Forgets records before `sequence`, but never those that the next start would check.
   *
   * @throws STORE_CLOSED, STORE_FULL, STORE_FAILED: some may be left
   */
  trim(sequence: number): Promise<void>
  /**
   * Remembers the end beside the database, so that the next start knows if it lost something.
   *
   * @throws STORE_FULL, STORE_FAILED or the file system's own error: nothing but that is lost
   */
  close(): Promise<void>
}

/**
 * A start checks the records of so many bytes of writes anew, at least. A hole can only come from
 * LevelDB's log (LOG_BYTES, two at a time); tables have checksums of their own.
 */
export const JOURNAL_WINDOW_BYTES = 16 * 1024 * 1024

const WITNESS_BYTES = 256
const REMOVED_AT_ONCE = 512

const witnessSchema = z.object({ sequence: z.int().nonnegative() })

/** Checks the journal since its checkpoint and opens it for writing, whatever was found. */
export async function openJournal(
  components: JournalComponents,
  init: JournalInit
): Promise<Journal> {
  const { store, commit } = components
  const keys = journalKeys(init.name)
  const { window, verified, evidence } = await verify(components, keys, init)
  const chain = createChain({ store, commit, keys }, { head: verified.head, window })
  const witnessPath = join(init.directory, `${init.name}.head.json`)
  /** Before it there is nothing but what LevelDB has not cleared away yet. */
  let first = 0

  return {
    report: {
      records: verified.records,
      breaks: verified.breaks,
      breakCount: verified.breakCount,
      tailLost: Math.max(0, (await readWitness(witnessPath)) - verified.head.sequence),
      ...(evidence !== undefined && { evidence })
    },
    get sequence() {
      return chain.head.sequence
    },
    append: (payload, options) => chain.append(payload, options),
    read: (sequence) => readRecords(store, keys, sequence),
    async trim(sequence) {
      // What is on disk counts: the checkpoint in memory may be ahead of it after a failed write.
      const end = Math.min(sequence, (await readCheckpoint(store, keys))?.sequence ?? 0)
      await remove(components, { gte: keys.record(first), lt: keys.record(end) })
      await remove(components, keys.marksBefore(end))
      first = Math.max(first, end)
    },
    async close() {
      await writeJsonAtomic(witnessPath, { sequence: await chain.sync() })
    }
  }
}

async function verify(
  { clock, store }: JournalComponents,
  keys: JournalKeys,
  { name, directory }: JournalInit
): Promise<{ window: CheckpointWindow; verified: Verified; evidence?: string }> {
  const base = (await readCheckpoint(store, keys)) ?? origin(name)
  const window = createCheckpointWindow(base, JOURNAL_WINDOW_BYTES)
  const verified = await verifyChain(store, { keys, base }, (record, bytes) => {
    window.pass(record, bytes)
  })
  const from = verified.breaks[0]?.sequence
  if (from === undefined) return { window, verified }
  const evidence = join(directory, `${name}.damaged-${fileTime(clock)}.jsonl`)
  await keepEvidence(store, { keys, from }, evidence)
  await acceptBreaks(store, keys, base)
  return { window, verified, evidence }
}

async function readWitness(path: string): Promise<number> {
  try {
    const file = await readFileBounded(path, WITNESS_BYTES)
    if (file === undefined) return 0
    return witnessSchema.parse(JSON.parse(Buffer.from(file.content).toString())).sequence
  } catch {
    // Unreadable is as good as none.
    return 0
  }
}

async function* readRecords(
  store: Store,
  keys: JournalKeys,
  after: number
): AsyncGenerator<JournalRecord> {
  let previous: Position | undefined
  for await (const [key, value] of store.iterate(keys.recordsAfter(after))) {
    const sequence = keys.sequenceOf(key)
    const record = decodeRecord(sequence, value)
    const linked =
      record !== undefined &&
      (previous === undefined ||
        (sequence === previous.sequence + 1 && record.previous.equals(previous.hash)) ||
        (await isKnownBreak(store, keys, record)))
    if (!linked) {
      const reason = `record ${sequence} of the journal`
      throw new LumosError('STORE_CORRUPT', { details: { path: keys.records, reason } })
    }
    yield { sequence, payload: record.payload }
    previous = record
  }
}

/** Deletes a range bit by bit, so that nothing else waits long for the disk. */
async function remove({ store, commit }: JournalComponents, range: KeyRange): Promise<void> {
  let operations: Operation[] = []
  for await (const [key] of store.iterate(range)) {
    operations.push({ type: 'del', key })
    if (operations.length < REMOVED_AT_ONCE) continue
    await commit.append(operations, { sync: false })
    operations = []
  }
  if (operations.length > 0) await commit.append(operations, { sync: false })
}
