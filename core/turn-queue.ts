/** Gives work that others cause a share of each turn of the event loop, in the order in which it came. */
import type { Clock } from './clock.ts'
import type { Defer } from './turn.ts'

export interface TurnQueueComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly defer: Defer
}

export interface TurnQueue {
  /** Begins `work` at once if the share of this turn is not used up, else in a later one. */
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createTurnQueue({ clock, defer }: TurnQueueComponents, shareMs: number): TurnQueue {
  const waiting: (() => void)[] = []
  let usedMs = 0
  let isTurnAwaited = false

  function awaitTurn(): void {
    if (isTurnAwaited) return
    isTurnAwaited = true
    defer(() => {
      isTurnAwaited = false
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
        const turn = new Promise<void>((resolve) => waiting.push(resolve))
        awaitTurn()
        await turn
      }
      awaitTurn()
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
        count()
        beginNext()
      }
    }
  }
}
