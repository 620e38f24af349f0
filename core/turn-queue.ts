/** Gives work that others cause a share of each turn of the event loop, in the order in which it came. */
import type { Clock } from './clock.ts'
import type { Defer } from './turn.ts'

export interface TurnQueueComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly defer: Defer
}

/** Of each turn, in milliseconds. */
export interface TurnQueueShare {
  readonly leastMs: number
  /** Of long turns a quarter, up to this. */
  readonly mostMs: number
}

/** Of the time: a fixed share of each turn would be next to nothing where others make turns long. */
const PART = 1 / 4

export interface TurnQueue {
  /** Begins `work` at once if the share of this turn is not used up, else in a later one. */
  run<T>(work: () => Promise<T>): Promise<T>
}

/** For work that awaits microtasks: of what awaits others, one piece begins when one ends, and one in each turn. */
export function createTurnQueue(
  { clock, defer }: TurnQueueComponents,
  { leastMs, mostMs }: TurnQueueShare
): TurnQueue {
  const waiting: (() => void)[] = []
  let shareMs = leastMs
  let usedMs = 0
  let turn = 0
  let isTurnAwaited = false

  function awaitTurn(): void {
    if (isTurnAwaited) return
    isTurnAwaited = true
    const beganAt = clock.monotonic()
    defer(() => {
      isTurnAwaited = false
      turn += 1
      shareMs = Math.min(mostMs, Math.max(leastMs, (clock.monotonic() - beganAt) * PART))
      usedMs = 0
      beginNext()
    })
  }

  function beginNext(): void {
    if (usedMs < shareMs) waiting.shift()?.()
    // One that never ends must not keep the others waiting for ever.
    if (waiting.length > 0) awaitTurn()
  }

  return {
    async run(work) {
      if (usedMs >= shareMs || waiting.length > 0) {
        const begin = new Promise<void>((resolve) => waiting.push(resolve))
        awaitTurn()
        await begin
      }
      awaitTurn()
      const begunIn = turn
      let countedAt = clock.monotonic()
      const count = (): void => {
        const now = clock.monotonic()
        usedMs += now - countedAt
        countedAt = now
      }
      const working = work()
      // What it did at once is known before the next begins.
      count()
      try {
        return await working
      } finally {
        // Of later turns, what passed while it waited is that of others.
        if (turn === begunIn) count()
        beginNext()
      }
    }
  }
}
