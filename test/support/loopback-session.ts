/** Calls the methods of another node without a network: bytes go through, nothing else. */
import { LumosError } from '../../core/errors.ts'
import type { Methods } from '../../protocols/session/methods.ts'
import type { CallContext, Session } from '../../protocols/session/session.ts'

export type LoopbackSession = Pick<Session, 'peer' | 'request' | 'stream'>

/** What `caller` has of the node whose `methods` these are. */
export function loopbackSession(
  { peer, methods }: { readonly peer: string; readonly methods: Methods },
  caller: string
): LoopbackSession {
  function contextOf(signal: AbortSignal | undefined): CallContext {
    return {
      peer: caller,
      headers: {},
      signal: signal ?? new AbortController().signal,
      remainingMs: () => Infinity
    }
  }

  function messages(
    method: string,
    body: Uint8Array,
    signal: AbortSignal | undefined
  ): AsyncIterableIterator<Uint8Array> {
    const handler = methods.findStream(method)?.handle
    if (handler === undefined) throw unknown(method)
    const answers = handler(body, contextOf(signal))[Symbol.asyncIterator]()
    const reader: AsyncIterableIterator<Uint8Array> = {
      [Symbol.asyncIterator]: () => reader,
      next: () => unlessAborted(() => answers.next(), signal),
      async return() {
        // A handler that hangs is left behind, as a cancelled call is.
        void answers.return?.()
        return { done: true, value: undefined }
      }
    }
    return reader
  }

  return {
    peer,
    async request(method, body, { signal } = {}) {
      const handler = methods.findRequest(method)?.handle
      if (handler === undefined) throw unknown(method)
      return unlessAborted(async () => handler(body, contextOf(signal)), signal)
    },
    stream: (method, body, { signal } = {}) => messages(method, body, signal)
  }
}

async function unlessAborted<T>(
  work: () => Promise<T>,
  signal: AbortSignal | undefined
): Promise<T> {
  if (signal === undefined) return work()
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([work(), promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function unknown(method: string): LumosError {
  return new LumosError('UNKNOWN_METHOD', { details: { method } })
}
