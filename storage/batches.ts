/** Gathers the writes of many users into one record of a journal, while the record before is written. */
import { setImmediate as turn } from 'node:timers/promises'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Journal } from './journal.ts'
import type { Operation } from './store.ts'

export interface Batches {
  /**
   * Writes all of `operations` or none, after all that was given before. Resolves when they are
   * written; with `sync`, when they are on disk.
   *
   * @throws STORE_BUSY when too much waits already
   * @throws STORE_CLOSED, STORE_FULL, STORE_FAILED
   */
  write(operations: readonly Operation[], sync: boolean): Promise<void>
  /**
   * Forgets a put that is still waiting; false when there is none, and the key has to be deleted.
   * Only for a key that was never put before: what is on disk stays there.
   */
  withdraw(key: string): boolean
}

interface Batch {
  readonly operations: Map<string, Operation>
  readonly done: PromiseWithResolvers<void>
  bytes: number
  writes: number
  sync: boolean
}

/** One record a batch instead of one a write: chaining and fsync then cost next to nothing each. */
export function createBatches(journal: Pick<Journal, 'append'>): Batches {
  let next: Batch | undefined
  let writing = false

  async function drain(): Promise<void> {
    // What a quick task says in this turn of the event loop shares the fsync of its acceptance.
    await turn()
    for (let batch = take(); batch !== undefined; batch = take()) await append(journal, batch)
    writing = false
  }

  function take(): Batch | undefined {
    const batch = next
    next = undefined
    return batch
  }

  return {
    write(operations, sync) {
      next ??= newBatch()
      const bytes = sizeOf(operations)
      if (next.writes > 0 && next.bytes + bytes > LIMITS.storeQueueBytes.value) {
        return Promise.reject(new LumosError('STORE_BUSY', { details: { waiting: next.writes } }))
      }
      next.bytes += bytes
      next.writes += 1
      next.sync ||= sync
      for (const operation of operations) next.operations.set(operation.key, operation)
      if (!writing) {
        writing = true
        void drain()
      }
      return next.done.promise
    },
    withdraw(key) {
      if (next?.operations.get(key)?.type !== 'put') return false
      return next.operations.delete(key)
    }
  }
}

async function append(
  journal: Pick<Journal, 'append'>,
  { operations, writes, sync, done }: Batch
): Promise<void> {
  try {
    const payload = Buffer.from(`${writes} writes`)
    await journal.append(payload, { sync, operations: [...operations.values()] })
    done.resolve()
  } catch (error) {
    done.reject(error)
  }
}

function newBatch(): Batch {
  const done = Promise.withResolvers<void>()
  // Whoever wrote hears of it; that nobody listens is no reason to end the process.
  done.promise.catch(() => {})
  return { operations: new Map(), done, bytes: 0, writes: 0, sync: false }
}

function sizeOf(operations: readonly Operation[]): number {
  let bytes = 0
  for (const operation of operations) {
    bytes += operation.key.length + (operation.type === 'put' ? operation.value.length : 0)
  }
  return bytes
}
