/** The calls that this end of a pipe makes, and what comes back for them. */
import { isErrorCode, LumosError, wireDetails } from '../../core/errors.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { ProtocolFlaw } from './call-lines.ts'
import type { CallFailure, CallLine } from './call-lines.ts'
import type { CallPipe } from './line-calls.ts'
import { createRunQueue } from './run-queue.ts'
import type { RunQueue } from './run-queue.ts'

interface Asked {
  readonly queue: RunQueue<Json>
  /** Items that may still come. */
  credit: number
  value: Json
}

export interface AskedInit {
  readonly signal: AbortSignal | undefined
  /** Items on their way at the same time; 0 for an answer in one piece. */
  readonly window: number
}

export class AskedCalls {
  readonly #pipe: CallPipe
  readonly #open = new Map<string, Asked>()
  #closed: { readonly reason: unknown } | undefined
  #count = 0

  constructor(pipe: CallPipe) {
    this.#pipe = pipe
  }

  /** Items as they come, then the value. */
  async *open(
    method: string,
    params: object,
    { signal, window }: AskedInit
  ): AsyncGenerator<Json, Json, void> {
    const { run, account, say } = this.#pipe
    signal?.throwIfAborted()
    // oxlint-disable-next-line typescript/only-throw-error -- the reason of a signal is what it is
    if (this.#closed !== undefined) throw this.#closed.reason
    const call = String(++this.#count)
    const queue = createRunQueue<Json>((bytes) => account(0, -bytes))
    const entry: Asked = { queue, credit: window, value: null }
    const onAbort = (): void => queue.finish(signal?.reason)
    let taken = 0
    this.#open.set(call, entry)
    signal?.addEventListener('abort', onAbort)
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- methods take JSON (docs/protocols/hosted-agents.md)
      const made = { method, params: params as JsonObject, ...(window > 0 && { window }) }
      void say({ type: 'call', run, call, ...made })
      for await (const item of queue) {
        yield item
        taken += 1
        if (taken < window / 2 || !this.#open.has(call)) continue
        entry.credit += taken
        void say({ type: 'more', run, call, count: taken })
        taken = 0
      }
      return entry.value
    } finally {
      signal?.removeEventListener('abort', onAbort)
      if (this.#open.delete(call)) void say({ type: 'drop', run, call })
    }
  }

  /** What names no open call has crossed its end on the way. @throws ProtocolFlaw */
  hear(line: CallLine & { readonly type: 'item' | 'reply' }, bytes: number): void {
    const entry = this.#open.get(line.call)
    if (entry === undefined) return
    if (line.type === 'item') {
      entry.credit -= 1
      if (entry.credit < 0) throw new ProtocolFlaw('more items than it may')
      this.#pipe.account(0, bytes)
      entry.queue.push(line.value, bytes)
      return
    }
    this.#open.delete(line.call)
    entry.value = line.value ?? null
    entry.queue.finish(line.error && errorOf(line.error))
  }

  close(reason: unknown): void {
    this.#closed = { reason }
    for (const { queue } of this.#open.values()) queue.finish(reason)
    this.#open.clear()
  }
}

function errorOf({ code, message, details = {} }: CallFailure): Error {
  if (code !== undefined && isErrorCode(code)) {
    return new LumosError(code, { details: wireDetails(details) })
  }
  return new Error(message)
}
