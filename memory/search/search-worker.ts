/** Starts the thread in which searching happens, and asks it. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { SearchTask, SearchTasks } from './search-desk.ts'

export interface SearchRequest {
  readonly id: number
  readonly task: SearchTask
  readonly space: string
  // The desk knows what belongs to which task.
  readonly ask: never
}

export type SearchReply<Answer = unknown> =
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly error: string }

export interface SearchWorker {
  /** @throws SEARCH_FAILED when the task fails or the thread ends, for want of memory perhaps */
  ask<T extends SearchTask>(
    task: T,
    space: string,
    ask: SearchTasks[T]['ask']
  ): Promise<SearchTasks[T]['answer']>
  /** Resolves when the thread is gone, for whatever reason: its indexes are gone, too. */
  readonly gone: Promise<void>
  stop(): Promise<void>
}

const MIB = 1024 * 1024

export function startSearchWorker(): SearchWorker {
  const script = new URL(`search-thread${extname(import.meta.url)}`, import.meta.url)
  const worker = new Worker(script, {
    // The node's variables and arguments are none of its business.
    env: {},
    argv: [],
    resourceLimits: { maxOldGenerationSizeMb: LIMITS.searchHeap.value / MIB }
  })
  const waiting = new Map<number, PromiseWithResolvers<never>>()
  const gone = Promise.withResolvers<void>()
  let asked = 0
  let failure: unknown

  worker.on('message', (reply: SearchReply<never>) => {
    const promise = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (waiting.size === 0) worker.unref()
    if ('answer' in reply) promise?.resolve(reply.answer)
    else promise?.reject(failed(reply.error))
  })
  worker.on('error', (error) => (failure = error))
  worker.on('exit', () => {
    for (const { reject } of waiting.values()) reject(failed(failure ?? 'its thread has ended'))
    waiting.clear()
    gone.resolve()
  })
  worker.unref()

  return {
    gone: gone.promise,
    ask(task, space, ask) {
      const id = ++asked
      const promise = Promise.withResolvers<never>()
      waiting.set(id, promise)
      worker.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
      worker.postMessage({ id, task, space, ask })
      return promise.promise
    },
    async stop() {
      await worker.terminate()
    }
  }
}

function failed(cause: unknown): LumosError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new LumosError('SEARCH_FAILED', { cause, details: { reason } })
}
