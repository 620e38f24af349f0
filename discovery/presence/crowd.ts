/** What each of many nodes does when it starts, done by each at a moment of its own. */
import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'

/** The crowd is not known at first, and grows while its nodes meet: it is counted again so often. */
const LOOK_MS = 1000

export interface CrowdComponents {
  readonly clock: Clock
  readonly random: Random
}

export interface CrowdInit {
  /** The least to wait, in milliseconds, as known now. */
  readonly least: () => number
  /** Added for a node whose lot is the last, in milliseconds, as known now. */
  readonly spread: () => number
}

/** Waits for the least time and a random part of the spread. False when `stopped` ended the wait. */
export async function waitInCrowd(
  { clock, random }: CrowdComponents,
  { least, spread }: CrowdInit,
  stopped: AbortSignal
): Promise<boolean> {
  const share = random.next()
  const began = clock.monotonic()
  while (!stopped.aborted) {
    const left = began + least() + share * spread() - clock.monotonic()
    if (left <= 0) return true
    await clock.sleep(Math.min(left, LOOK_MS), stopped)
  }
  return false
}
