/** Gives memory back whenever the node rests: V8 keeps a heap sized for the busiest moment. */
import type { Clock } from '../../core/clock.ts'
import type { DaemonHost } from './host.ts'

/**
 * By then what starting took (two thirds of the heap: modules, keys, first dials) is garbage. Later
 * on it is how long a node has to rest.
 */
export const SETTLED_MS = 10_000

/** Share of the time in which the event loop did something; an idle node needs 0.01 (measured). */
const REST = 0.05

/** What is worth the 0.1 s that releasing stops everything else, in bytes. */
const WORTHWHILE = 32 * 1024 * 1024

/** The returned function ends it. */
export function keepMemoryLow(
  clock: Clock,
  host: Pick<DaemonHost, 'activity' | 'releaseMemory'>
): () => void {
  let lowest = 0
  let cancel = clock.after(SETTLED_MS, look)

  function look(): void {
    const { busy, rssBytes } = host.activity()
    if (lowest === 0 || (busy < REST && rssBytes > lowest + WORTHWHILE)) {
      host.releaseMemory()
      lowest = host.activity().rssBytes
    }
    cancel = clock.after(SETTLED_MS, look)
  }

  return () => cancel()
}
