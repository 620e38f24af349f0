/** Waiting in a process of the swarm until something holds: looked at often, for at most so long. */
import { setTimeout as delay } from 'node:timers/promises'
import { nowMs } from '../memory/clock.ts'

/** Finer than any promise by an order; at 50 ms, looking cost a tenth of what a hundred starting nodes did. */
const LOOK_MS = 250

export interface Waiting<T> {
  /** When it held for each, on the clock of the machine; those for whom it never did are missing. */
  readonly at: ReadonlyMap<T, number>
  readonly missing: readonly T[]
}

/** Looks at each of `things` until `holds` was true once for it. */
export async function whenEach<T>(
  things: readonly T[],
  holds: (thing: T) => boolean | Promise<boolean>,
  timeoutMs: number
): Promise<Waiting<T>> {
  const at = new Map<T, number>()
  const until = nowMs() + timeoutMs
  let missing = things
  for (;;) {
    for (const thing of missing) if (await holds(thing)) at.set(thing, nowMs())
    missing = missing.filter((thing) => !at.has(thing))
    if (missing.length === 0 || nowMs() >= until) return { at, missing }
    await delay(LOOK_MS)
  }
}

/**
 * Looks until `holds` is true of all at the same time; what stops to hold counts anew. When it began to hold
 * for the last of them, or `undefined` if it was never true of all.
 */
export async function whenAll<T>(
  things: readonly T[],
  holds: (thing: T) => boolean,
  timeoutMs: number
): Promise<{ readonly at: readonly number[]; readonly missing: number }> {
  const since = new Map<T, number>()
  const until = nowMs() + timeoutMs
  for (;;) {
    for (const thing of things) {
      if (!holds(thing)) since.delete(thing)
      else if (!since.has(thing)) since.set(thing, nowMs())
    }
    const missing = things.length - since.size
    if (missing === 0 || nowMs() >= until) return { at: [...since.values()], missing }
    await delay(LOOK_MS)
  }
}
