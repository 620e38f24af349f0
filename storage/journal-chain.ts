/** The growing end of a journal: which record comes next, and what it follows, also after a failed write. */
import type { LumosError } from '../core/errors.ts'
import type { GroupCommit } from './group-commit.ts'
import type { JournalKeys } from './journal-keys.ts'
import type { Position } from './journal-record.ts'
import { encodePosition, encodeRecord } from './journal-record.ts'
import { readCheckpoint, readHead } from './journal-verify.ts'
import type { Operation, Store } from './store.ts'

/** Decides which record a start may take for granted: always one with `bytes` of others behind it. */
export interface CheckpointWindow {
  readonly checkpoint: Position
  /** Tells of a record of so many bytes; `true` when the checkpoint has moved. */
  pass(position: Position, bytes: number): boolean
}

export function createCheckpointWindow(base: Position, bytes: number): CheckpointWindow {
  let checkpoint = base
  let next = base
  let since = 0

  return {
    get checkpoint() {
      return checkpoint
    },
    pass({ sequence, hash }, size) {
      since += size
      if (since < bytes) return false
      checkpoint = next
      next = { sequence, hash }
      since = 0
      return true
    }
  }
}

export interface AppendRecordOptions {
  readonly sync: boolean
  /** Committed with the record, both or neither. */
  readonly operations?: readonly Operation[]
}

export interface Chain {
  readonly head: Position
  append(payload: Uint8Array, options: AppendRecordOptions): Promise<number>
  /** Waits until all records are on disk; the number of the last one. */
  sync(): Promise<number>
}

export interface ChainComponents {
  readonly store: Pick<Store, 'get' | 'iterate'>
  readonly commit: Pick<GroupCommit, 'append'>
  readonly keys: JournalKeys
}

export function createChain(
  { store, commit, keys }: ChainComponents,
  start: { readonly head: Position; readonly window: CheckpointWindow }
): Chain {
  let { head } = start
  const { window } = start
  /** There when nobody knows whether the last records are on disk. */
  let failure: LumosError | undefined
  let settling: Promise<void> | undefined

  /** A failed write may have reached the disk nevertheless: look what is there. */
  async function settle(): Promise<void> {
    // Only a store that takes writes again has decided what became of the failed one.
    await commit.append([probeOperation(keys)], { sync: false })
    head = (await readHead(store, keys)) ?? (await readCheckpoint(store, keys)) ?? start.head
    failure = undefined
  }

  function settled(): Promise<void> {
    settling ??= settle().finally(() => {
      settling = undefined
    })
    return settling
  }

  function next(payload: Uint8Array, operations: readonly Operation[]): readonly Operation[] {
    const { value, position } = encodeRecord(head, payload)
    head = position
    // What is written with the record goes into LevelDB's log, too, and drives old records out of it.
    const moved = window.pass(position, value.length + bytesOf(operations))
    return [
      { type: 'put', key: keys.record(position.sequence), value },
      ...(moved ? [checkpointOperation(keys, window)] : []),
      ...operations
    ]
  }

  /** Commits what `make` says once its turn has come; resolves with the last record's number then. */
  async function write(
    make: () => readonly Operation[],
    { sync, bytes }: { readonly sync: boolean; readonly bytes: number }
  ): Promise<number> {
    if (failure !== undefined) await settled()
    let sequence = 0
    const prepare = (): readonly Operation[] => {
      if (failure !== undefined) throw failure
      const operations = make()
      sequence = head.sequence
      return operations
    }
    await commit.append(prepare, { sync, bytes, failed: (error) => void (failure = error) })
    return sequence
  }

  return {
    get head() {
      return head
    },
    append: (payload, { sync, operations = [] }) =>
      write(() => next(payload, operations), {
        sync,
        bytes: payload.length + bytesOf(operations)
      }),
    sync: () => write(() => [probeOperation(keys)], { sync: true, bytes: 0 })
  }
}

function probeOperation(keys: JournalKeys): Operation {
  return { type: 'put', key: keys.probe, value: new Uint8Array() }
}

function checkpointOperation(keys: JournalKeys, { checkpoint }: CheckpointWindow): Operation {
  return { type: 'put', key: keys.checkpoint, value: encodePosition(checkpoint) }
}

function bytesOf(operations: readonly Operation[]): number {
  return operations.reduce(
    (sum, operation) => sum + (operation.type === 'put' ? operation.value.length : 0),
    0
  )
}
