/** The calls that the other end of a pipe makes, and how they are answered: no faster than they are taken. */
import { LumosError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { unlessAborted } from '../../core/unless-aborted.ts'
import { ProtocolFlaw } from './call-lines.ts'
import type { CallLine } from './call-lines.ts'
import type { Answer, CallPipe } from './line-calls.ts'

interface Answering {
  readonly call: string
  readonly controller: AbortController
  /** Items that may be told. */
  credit: number
  wake: (() => void) | undefined
}

type Items = AsyncGenerator<unknown, unknown, void>

export class AnsweredCalls {
  readonly #pipe: CallPipe
  readonly #open = new Map<string, Answering>()

  constructor(pipe: CallPipe) {
    this.#pipe = pipe
  }

  /** @throws ProtocolFlaw */
  hear(line: CallLine & { readonly type: 'call' | 'more' | 'drop' }, bytes: number): void {
    const entry = this.#open.get(line.call)
    if (line.type === 'call') {
      if (entry !== undefined) throw new ProtocolFlaw('a "call" of a name that is in use')
      void this.#begin(line, bytes)
      return
    }
    // What names no open call has crossed its end on the way.
    if (entry === undefined) return
    if (line.type === 'drop') return this.#end(entry, new LumosError('CANCELLED'))
    entry.credit = bounded(entry.credit + line.count)
    entry.wake?.()
  }

  close(reason: unknown): void {
    for (const entry of this.#open.values()) this.#end(entry, reason)
  }

  #end(entry: Answering, reason: unknown): void {
    this.#open.delete(entry.call)
    entry.controller.abort(reason)
    entry.wake?.()
  }

  /** Never rejects: what failed is told. */
  async #begin(line: CallLine & { readonly type: 'call' }, bytes: number): Promise<void> {
    const { run, account, say, failureOf } = this.#pipe
    const { call, window = 0 } = line
    const controller = new AbortController()
    const entry: Answering = { call, controller, credit: bounded(window), wake: undefined }
    this.#open.set(call, entry)
    account(1, bytes)
    try {
      const value = await unlessAborted(this.#answer(line, entry), controller.signal)
      if (this.#open.get(call) === entry) await say({ type: 'reply', run, call, value })
    } catch (error) {
      // Whoever dropped it knows.
      const isOpen = this.#open.get(call) === entry
      if (isOpen) await say({ type: 'reply', run, call, error: failureOf(error) })
    } finally {
      if (this.#open.get(call) === entry) this.#open.delete(call)
      account(-1, -bytes)
    }
  }

  async #answer(line: CallLine & { readonly type: 'call' }, entry: Answering): Promise<Json> {
    const { method, params, window } = line
    const { answers } = this.#pipe
    const answer = Object.hasOwn(answers, method) ? answers[method] : undefined
    if (answer === undefined) throw unknownMethod(method)
    const { signal } = entry.controller
    const streams = window !== undefined
    const given: Answer = answer({ method, params, streams, signal })
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- answers are JSON
    if (given instanceof Promise) return ((await given) ?? null) as Json
    return streams ? this.#tell(given, entry) : gathered(given)
  }

  async #tell(items: Items, entry: Answering): Promise<Json> {
    const { run, say } = this.#pipe
    const { call, controller } = entry
    try {
      for (;;) {
        // oxlint-disable-next-line no-await-in-loop -- one item after the other
        await room(entry)
        // oxlint-disable-next-line no-await-in-loop -- as above
        const { done, value } = await unlessAborted(items.next(), controller.signal)
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- answers are JSON
        const json = (value ?? null) as Json
        if (done === true) return json
        entry.credit -= 1
        // oxlint-disable-next-line no-await-in-loop -- as above
        await say({ type: 'item', run, call, value: json })
      }
    } finally {
      // It may hang in whatever it waits for; whoever called has nothing to do with that.
      items.return(undefined).catch(() => undefined)
    }
  }
}

/** Waits until an item may be told; the end of the call wakes it, too. */
async function room(entry: Answering): Promise<void> {
  const { signal } = entry.controller
  signal.throwIfAborted()
  while (entry.credit <= 0) {
    // oxlint-disable-next-line no-await-in-loop -- until there is room
    await new Promise<void>((resolve) => (entry.wake = resolve))
    signal.throwIfAborted()
  }
}

/** Enough for whoever has a larger window than ours; nobody can make it grow for ever. */
function bounded(credit: number): number {
  return Math.min(credit, LIMITS.hostCallWindow.value * 16)
}

/** For those who want the answer in one piece: its items as a list, unless it has a value. */
async function gathered(items: Items): Promise<Json> {
  const list: Json[] = []
  const limit = LIMITS.hostLineBytes.value
  let bytes = 0
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one item after the other
    const { done, value } = await items.next()
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- answers are JSON
    const json = (value ?? null) as Json
    if (done === true) return json ?? list
    bytes += JSON.stringify(json).length
    if (bytes > limit) {
      // oxlint-disable-next-line no-await-in-loop -- it ends here
      await items.return(undefined)
      throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes, limit } })
    }
    list.push(json)
  }
}

function unknownMethod(method: string): LumosError {
  return new LumosError('UNSUPPORTED_OPERATION', { details: { operation: method.slice(0, 64) } })
}
