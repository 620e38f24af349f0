/** Counts the runs of one hosted project, so that whoever takes it away can let them end first. */
import type { AgentOutput } from '../agent.ts'

export interface Running {
  readonly count: () => number
  /** The same run, counted from its first step to its last. */
  during(run: AsyncIterable<AgentOutput>): AsyncGenerator<AgentOutput, void>
  /** Aborts when none is left; at once when there is none. */
  idle(): AbortSignal
}

export function createRunning(): Running {
  let count = 0
  const waiting = new Set<AbortController>()

  function left(): void {
    count -= 1
    if (count > 0) return
    for (const controller of waiting) controller.abort()
    waiting.clear()
  }

  return {
    count: () => count,
    async *during(run) {
      count += 1
      try {
        yield* run
      } finally {
        left()
      }
    },
    idle() {
      const controller = new AbortController()
      if (count === 0) controller.abort()
      else waiting.add(controller)
      return controller.signal
    }
  }
}
