/** Gives memory back whenever the node rests: V8 keeps a heap sized for the busiest moment. */
import type { Clock } from '../../core/clock.ts'
import type { DaemonHost } from './host.ts'

/** By then what starting took (two thirds of the heap: modules, keys, first dials) is garbage. */
export const SETTLED_MS = 10_000
/** So many times as long a node rests before more is given back: between two tasks nobody should wait for that. */
const RESTS = 3

/** Share of the time in which the event loop did something; an idle node needs 0.01 (measured). */
const REST = 0.05

/** What is worth the 0.1 to 0.5 s that releasing stops everything else (100 MB of heap, measured in an hour of work), in bytes. */
const WORTHWHILE = 32 * 1024 * 1024

/** The returned function ends it. */
export function keepMemoryLow(
  clock: Clock,
  host: Pick<DaemonHost, 'activity' | 'releaseMemory'>
): () => void {
  let lowest = 0
  let rests = 0
  let cancel = clock.after(SETTLED_MS, look)

  function look(): void {
    const { busy, rssBytes } = host.activity()
    rests = busy < REST ? rests + 1 : 0
    if (lowest === 0 || (rests >= RESTS && rssBytes > lowest + WORTHWHILE)) {
      host.releaseMemory()
      lowest = host.activity().rssBytes
    }
    cancel = clock.after(SETTLED_MS, look)
  }

  return () => cancel()
}
