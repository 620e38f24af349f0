/** Lets many writers share one fsync: a disk makes hundreds of them a second, a node thousands of writes. */
import { LumosError, toLumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Operation, Store } from './store.ts'
import { assertKeys } from './store.ts'

export interface AppendOptions {
  /** Whether the promise waits for the disk; without it, for the operating system only. */
  readonly sync: boolean
  /** Size of operations that are not made yet, for the limits. */
  readonly bytes?: number
  /** Called when the write failed, before the next one is put together. */
  readonly failed?: (error: LumosError) => void
}

export interface GroupCommit {
  /**
   * Commits `operations` whole or not at all, in the order of the calls. A function is called when
   * its turn has come: all earlier writes are then done or have failed, or are in the same batch.
   * What it throws rejects this write alone.
   *
   * @throws STORE_BUSY when too much waits already
   * @throws STORE_CLOSED, STORE_FULL, STORE_FAILED
   */
  append(
    operations: readonly Operation[] | (() => readonly Operation[]),
    options: AppendOptions
  ): Promise<void>
  /** Writes not yet acknowledged. */
  readonly waiting: number
  /** Refuses new writes and waits for those that were taken. The Store stays open. */
  close(): Promise<void>
}

interface Write {
  readonly operations: () => readonly Operation[]
  readonly options: AppendOptions
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * One batch is written at a time; meanwhile the next one gathers. So a lone write waits for nobody,
 * and the more there are, the more share an fsync: no timer, nothing to tune.
 */
export function createGroupCommit({
  store
}: {
  readonly store: Pick<Store, 'commit'>
}): GroupCommit {
  const queue = createQueue()
  let underWay = 0
  let closed = false
  let writing: Promise<void> | undefined

  async function drain(): Promise<void> {
    // Writes of the same tick belong together.
    await Promise.resolve()
    for (let batch = queue.take(); batch.length > 0; batch = queue.take()) {
      underWay = batch.length
      await commit(store, batch)
      underWay = 0
    }
    writing = undefined
  }

  return {
    append(operations, options) {
      const made = typeof operations === 'function' ? operations : () => operations
      const bytes = options.bytes ?? (typeof operations === 'function' ? 0 : size(operations))
      if (closed) return Promise.reject(new LumosError('STORE_CLOSED'))
      if (!queue.fits(bytes)) {
        const waiting = queue.length + underWay
        return Promise.reject(new LumosError('STORE_BUSY', { details: { waiting } }))
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      queue.push({ operations: made, options, bytes, resolve, reject })
      writing ??= drain()
      return promise
    },
    get waiting() {
      return queue.length + underWay
    },
    async close() {
      closed = true
      await writing
    }
  }
}

interface Queue {
  readonly length: number
  fits(bytes: number): boolean
  push(write: Write): void
  /** Removes what one batch holds: at least one write if there is any. */
  take(): readonly Write[]
}

function createQueue(): Queue {
  let writes: Write[] = []
  let queuedBytes = 0

  return {
    get length() {
      return writes.length
    },
    fits: (bytes) =>
      writes.length === 0 ||
      (writes.length < LIMITS.storeQueue.value &&
        queuedBytes + bytes <= LIMITS.storeQueueBytes.value),
    push(write) {
      writes.push(write)
      queuedBytes += write.bytes
    },
    take() {
      let bytes = 0
      const end = writes.findIndex((write, index) => {
        bytes += write.bytes
        return index > 0 && bytes > LIMITS.storeBatchBytes.value
      })
      const batch = end === -1 ? writes : writes.slice(0, end)
      writes = end === -1 ? [] : writes.slice(end)
      for (const write of batch) queuedBytes -= write.bytes
      return batch
    }
  }
}

async function commit(store: Pick<Store, 'commit'>, batch: readonly Write[]): Promise<void> {
  const operations: Operation[] = []
  const taken = batch.filter((write) => {
    try {
      const made = write.operations()
      // A bad key must not fail those who share its batch.
      for (const { key } of made) assertKeys(key)
      for (const operation of made) operations.push(operation)
      return true
    } catch (error) {
      write.reject(error)
      return false
    }
  })
  if (taken.length === 0) return
  try {
    await store.commit(operations, { sync: taken.some(({ options }) => options.sync) })
  } catch (cause) {
    const error = toLumosError(cause)
    for (const { options } of taken) options.failed?.(error)
    for (const { reject } of taken) reject(error)
    return
  }
  for (const { resolve } of taken) resolve()
}

function size(operations: readonly Operation[]): number {
  let bytes = 0
  for (const operation of operations) {
    bytes += operation.key.length + (operation.type === 'put' ? operation.value.length : 0)
  }
  return bytes
}
