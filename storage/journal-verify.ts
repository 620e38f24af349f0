/** Looks for what a journal has lost, and keeps the evidence. */
import { open } from 'node:fs/promises'
import type { DecodedRecord, Position } from './journal-record.ts'
import { decodePosition, decodeRecord } from './journal-record.ts'
import type { JournalKeys } from './journal-keys.ts'
import type { Operation, Store } from './store.ts'
import { prefixRange } from './store.ts'

export interface JournalBreak {
  /** The first record after the break, or the damaged one. */
  readonly sequence: number
  /**
   * `missing`: records before it are not there; `damaged`: its bytes are not what was written;
   * `unlinked`: it follows another record than the one before it.
   */
  readonly reason: 'missing' | 'damaged' | 'unlinked'
}

export interface Verified {
  /** The last sound record. */
  readonly head: Position
  readonly records: number
  readonly breaks: readonly JournalBreak[]
  readonly breakCount: number
}

/** Breaks listed one by one; a journal with more is damaged throughout. */
const LISTED_BREAKS = 100
const REMOVED_AT_ONCE = 256

/** Follows the chain after `base`, and calls `seen` with every sound record. */
export async function verifyChain(
  store: Pick<Store, 'get' | 'iterate'>,
  { keys, base }: { readonly keys: JournalKeys; readonly base: Position },
  seen: (record: DecodedRecord, bytes: number) => void
): Promise<Verified> {
  const breaks: JournalBreak[] = []
  let breakCount = 0
  let records = 0
  let head = base

  function broken(sequence: number, reason: JournalBreak['reason']): void {
    breakCount += 1
    if (breaks.length < LISTED_BREAKS) breaks.push({ sequence, reason })
  }

  for await (const [key, value] of store.iterate(keys.recordsAfter(base.sequence))) {
    const sequence = keys.sequenceOf(key)
    const record = decodeRecord(sequence, value)
    if (record === undefined) {
      broken(sequence, 'damaged')
      continue
    }
    const gap = sequence !== head.sequence + 1
    if ((gap || !record.previous.equals(head.hash)) && !(await isKnownBreak(store, keys, record))) {
      broken(sequence, gap ? 'missing' : 'unlinked')
    }
    head = record
    records += 1
    seen(record, value.length)
  }
  return { head: { sequence: head.sequence, hash: head.hash }, records, breaks, breakCount }
}

/** A break that an earlier start has reported already. */
export async function isKnownBreak(
  store: Pick<Store, 'get'>,
  keys: JournalKeys,
  record: DecodedRecord
): Promise<boolean> {
  const mark = await store.get(keys.mark(record.sequence))
  return mark !== undefined && record.previous.equals(mark)
}

/**
 * Copies every record from the first break on into the file `path` (JSON lines of key and base64
 * value), on disk before it returns.
 */
export async function keepEvidence(
  store: Pick<Store, 'iterate'>,
  { keys, from }: { readonly keys: JournalKeys; readonly from: number },
  path: string
): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    for await (const [key, value] of store.iterate(keys.recordsAfter(from - 1))) {
      const base64 = Buffer.from(value).toString('base64')
      await handle.writeFile(`${JSON.stringify({ key, value: base64 })}\n`)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Marks the breaks after `base` as known, and removes damaged records: the evidence has them.
 * Sound records after a break stay where they are.
 */
export async function acceptBreaks(
  store: Pick<Store, 'commit' | 'iterate'>,
  keys: JournalKeys,
  base: Position
): Promise<void> {
  let head = base
  let operations: Operation[] = []
  for await (const [key, value] of store.iterate(keys.recordsAfter(base.sequence))) {
    const record = decodeRecord(keys.sequenceOf(key), value)
    if (record === undefined) operations.push({ type: 'del', key })
    else if (record.sequence !== head.sequence + 1 || !record.previous.equals(head.hash)) {
      operations.push({ type: 'put', key: keys.mark(record.sequence), value: record.previous })
    }
    head = record ?? head
    if (operations.length < REMOVED_AT_ONCE) continue
    await store.commit(operations, { sync: false })
    operations = []
  }
  await store.commit(operations, { sync: true })
}

/** The checkpoint that verification may start from. */
export async function readCheckpoint(
  store: Pick<Store, 'get'>,
  keys: JournalKeys
): Promise<Position | undefined> {
  return decodePosition(await store.get(keys.checkpoint))
}

/** The last record as it stands in the store, sound or not. */
export async function readHead(
  store: Pick<Store, 'iterate'>,
  keys: JournalKeys
): Promise<DecodedRecord | undefined> {
  const last = store.iterate(prefixRange(keys.records), { limit: 1, reverse: true })
  for await (const [key, value] of last) return decodeRecord(keys.sequenceOf(key), value)
  return undefined
}
