/** How a moment looks in the name of a file that was moved aside: sorted by time, without colons. */
import type { Clock } from '../core/clock.ts'

/** `2026-11-21T04-30-00.000Z` */
export function fileTime(clock: Clock): string {
  return new Date(clock.now()).toISOString().replaceAll(':', '-')
}
