/** Starts the parts of a node in order and stops them in reverse, within a time that is kept. */
import type { Clock } from '../core/clock.ts'
import type { Component } from '../core/component.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'

export interface Part {
  /** For the log. */
  readonly name: string
  readonly component: Component
}

export interface LifeCycleComponents {
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * A component made of `parts`. When one fails to start, those already started are stopped and the
 * failure is thrown. `stop` never throws and ends within `LIMITS.nodeStop`: a part that hangs is
 * left behind and reported, and the next one has its turn.
 */
export function createLifeCycle(
  { clock, logger }: LifeCycleComponents,
  parts: readonly Part[]
): Component {
  const started: Part[] = []
  let turn: Promise<void> = Promise.resolve()

  async function startAll(): Promise<void> {
    for (const part of parts.slice(started.length)) {
      // Counted first: a part that fails halfway must be stopped, too.
      started.push(part)
      await part.component.start()
    }
  }

  async function stopAll(): Promise<void> {
    const end = clock.monotonic() + LIMITS.nodeStop.value
    while (started.length > 0) {
      const part = started.pop()
      if (part === undefined) break
      const left = Math.max(0, end - clock.monotonic())
      // Each may use half of what is left, so that one that hangs leaves time for the others.
      await stopOne(part, left / 2)
    }
  }

  async function stopOne({ name, component }: Part, timeoutMs: number): Promise<void> {
    const late = new AbortController()
    const timer = clock.sleep(timeoutMs, late.signal).then((passed) => passed && 'late')
    const stopped = component.stop().catch((error: unknown) => {
      logger.warn('a part failed to stop', { part: name, error })
    })
    if ((await Promise.race([stopped, timer])) === 'late') {
      logger.warn('a part did not stop in time', { part: name, timeoutMs })
    }
    late.abort()
  }

  /** Starting and stopping take turns, whoever calls them when. */
  function inTurn(action: () => Promise<void>): Promise<void> {
    const done = turn.then(action)
    turn = done.catch(() => undefined)
    return done
  }

  return {
    start: () =>
      inTurn(async () => {
        try {
          await startAll()
        } catch (error) {
          await stopAll()
          throw error
        }
      }),
    stop: () => inTurn(stopAll)
  }
}
