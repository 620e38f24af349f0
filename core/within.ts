/** Work that is given up when it takes too long, whether or not it heeds a signal. */
import type { Clock } from './clock.ts'
import { linkedAbort } from './linked-abort.ts'
import { unlessAborted } from './unless-aborted.ts'

export interface WithinInit {
  /** Milliseconds. */
  readonly ms: number
  /** Ends it sooner. */
  readonly signal?: AbortSignal
}

const NEVER = new AbortController().signal

/** @throws a DOMException `TimeoutError` after `ms`; the reason of the signal; what `use` throws */
export async function within<T>(
  clock: Pick<Clock, 'after'>,
  { ms, signal = NEVER }: WithinInit,
  use: (signal: AbortSignal) => Promise<T>
): Promise<T> {
  const link = linkedAbort(signal)
  const cancel = clock.after(ms, () => {
    link.abort(new DOMException(`not done within ${ms} ms`, 'TimeoutError'))
  })
  try {
    return await unlessAborted(use(link.signal), link.signal)
  } finally {
    cancel()
    link.release()
  }
}
