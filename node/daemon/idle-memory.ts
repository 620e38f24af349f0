/** Gives memory back whenever the node rests: V8 keeps a heap sized for the busiest moment. */
import type { Clock } from '../../core/clock.ts'
import type { DaemonHost } from './host.ts'

/** By then what starting took (two thirds of the heap: modules, keys, first dials) is garbage. */
export const SETTLED_MS = 10_000
/** So many times as long a node rests before more is given back: between two tasks nobody should wait for that. */
const RESTS = 3

/** Share of the time in which the event loop did something; an idle node needs 0.01 (measured). */
const REST = 0.05

/** What is worth that releasing stops everything else for a collection in full (50 ms for 70 MB of heap, measured), in bytes. */
const WORTHWHILE = 32 * 1024 * 1024

/** The returned function ends it. */
export function keepMemoryLow(
  clock: Clock,
  host: Pick<DaemonHost, 'activity' | 'releaseMemory'>
): () => void {
  /** What releasing came to, in bytes; unknown while the node has not rested afterwards. */
  let lowest: number | undefined
  let rests = 0
  let isFirst = true
  let hasReleased = false
  let cancel = clock.after(SETTLED_MS, look)

  function look(): void {
    const { busy, rssBytes } = host.activity()
    const isAtRest = busy < REST
    rests = isAtRest ? rests + 1 : 0
    if (hasReleased) lowest = isAtRest ? rssBytes : undefined
    const isWorthwhile = lowest === undefined || rssBytes > lowest + WORTHWHILE
    hasReleased = isFirst || (rests >= RESTS && isWorthwhile)
    isFirst = false
    if (hasReleased) host.releaseMemory()
    cancel = clock.after(SETTLED_MS, look)
  }

  return () => cancel()
}
