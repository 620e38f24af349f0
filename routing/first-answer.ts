/** Ends a stream that does not begin: a peer with a live session may never answer all the same. */
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import { linkedAbort } from '../core/linked-abort.ts'

/** Throws TIMED_OUT when the first item of `open` takes longer than `timeoutMs`; the signal ends it, too. */
export async function* beginningWithin<T>(
  clock: Clock,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
  open: (signal: AbortSignal) => AsyncIterable<T>
): AsyncIterable<T> {
  const late = linkedAbort(signal)
  const disarm = clock.after(timeoutMs, () => {
    late.abort(new LumosError('TIMED_OUT', { details: { timeoutMs } }))
  })
  try {
    for await (const item of open(late.signal)) {
      disarm()
      yield item
    }
  } finally {
    disarm()
    late.release()
  }
}
