/** Does what is asked for at once, and again after a pause, however often it is asked for meanwhile. */
import type { Clock } from '../../core/clock.ts'

/** Each reading asks the server for all of its lists, and may be told to the whole swarm as a new card. */
const PAUSE_MS = 1000

/** `read` must not reject. Nothing is begun after `signal` has aborted. */
export function createRefresher(
  clock: Clock,
  read: () => Promise<void>,
  signal: AbortSignal
): () => void {
  let isReading = false
  let isWanted = false

  async function readWhileWanted(): Promise<void> {
    isReading = true
    while (isWanted) {
      isWanted = false
      // oxlint-disable-next-line no-await-in-loop -- one after the other is what this is for
      await read()
      // oxlint-disable-next-line no-await-in-loop -- as above
      if (!(await clock.sleep(PAUSE_MS, signal))) return
    }
    isReading = false
  }

  return () => {
    isWanted = true
    if (!isReading) void readWhileWanted()
  }
}
