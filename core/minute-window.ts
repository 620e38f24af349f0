/** What happened in the last minute: how often, how often badly, and how long it took. */

const SLOTS = 6
const SLOT_MS = 10_000
/** Durations are told apart to 12 %, from a quarter of a millisecond to an hour. */
const LEAST_MS = 0.25
const STEP = 1.25
const STEPS = 74

interface Slot {
  /** Counts slots from the beginning of time. */
  readonly number: number
  done: number
  failed: number
  readonly durations: Uint32Array
}

export interface MinuteReport {
  /** Those that failed included. */
  readonly done: number
  readonly failed: number
  /** Milliseconds; null when nothing happened. */
  readonly p50Ms: number | null
  readonly p95Ms: number | null
}

/** Takes no room while nothing happens, and some 2 kB when much does. All times are monotonic milliseconds. */
export class MinuteWindow {
  #slots: Slot[] = []

  add(tookMs: number, { failed, now }: { readonly failed: boolean; readonly now: number }): void {
    const slot = this.#slotAt(now)
    slot.done += 1
    if (failed) slot.failed += 1
    const step = stepOf(tookMs)
    slot.durations[step] = (slot.durations[step] ?? 0) + 1
  }

  report(now: number): MinuteReport {
    this.#forget(now)
    const durations = new Float64Array(STEPS)
    let done = 0
    let failed = 0
    for (const slot of this.#slots) {
      done += slot.done
      failed += slot.failed
      for (let step = 0; step < STEPS; step += 1) {
        durations[step] = (durations[step] ?? 0) + (slot.durations[step] ?? 0)
      }
    }
    return {
      done,
      failed,
      p50Ms: quantile(durations, 0.5 * done),
      p95Ms: quantile(durations, 0.95 * done)
    }
  }

  #slotAt(now: number): Slot {
    const number = Math.floor(now / SLOT_MS)
    const newest = this.#slots.at(-1)
    if (newest?.number === number) return newest
    const slot = { number, done: 0, failed: 0, durations: new Uint32Array(STEPS) }
    this.#slots.push(slot)
    this.#forget(now)
    return slot
  }

  #forget(now: number): void {
    const oldest = Math.floor(now / SLOT_MS) - SLOTS + 1
    if ((this.#slots[0]?.number ?? oldest) >= oldest) return
    this.#slots = this.#slots.filter(({ number }) => number >= oldest)
  }
}

function stepOf(ms: number): number {
  if (ms <= LEAST_MS) return 0
  return Math.min(STEPS - 1, Math.ceil(Math.log(ms / LEAST_MS) / Math.log(STEP)))
}

/** The middle of the step in which the one of that rank is. */
function quantile(durations: Float64Array, rank: number): number | null {
  if (rank === 0) return null
  let seen = 0
  for (const [step, count] of durations.entries()) {
    seen += count
    if (seen >= rank) return Number((LEAST_MS * STEP ** (step - 0.5)).toPrecision(3))
  }
  return null
}
