/** Ends a request that stays silent for too long, at no cost for each of its chunks. */
import type { Clock } from '../../core/clock.ts'

export interface Patience {
  /** Aborts when it ran out, and when the caller's signal does. */
  readonly signal: AbortSignal
  /** The milliseconds of silence that were too many; `undefined` while it has not run out. */
  exceeded(): number | undefined
  /** From now on something has to come within `ms`. */
  wait(ms: number): void
  /** Something came, and nothing more is wanted until the next `wait`. */
  rest(): void
  /** Aborts what is under way: nobody wants the rest of it. */
  giveUp(): void
  end(): void
}

/** Waits from the start. */
export function startPatience(clock: Clock, ms: number, caller: AbortSignal): Patience {
  const controller = new AbortController()
  let limit = ms
  let since = clock.monotonic()
  let resting = false
  let exceeded: number | undefined
  let cancel = clock.after(ms, look)
  const follow = (): void => controller.abort(caller.reason)
  caller.addEventListener('abort', follow, { once: true })
  if (caller.aborted) follow()

  function look(): void {
    const left = resting ? limit : since + limit - clock.monotonic()
    if (left > 0) {
      cancel = clock.after(left, look)
      return
    }
    exceeded = limit
    controller.abort(new DOMException('too long silent', 'TimeoutError'))
  }

  return {
    signal: controller.signal,
    exceeded: () => exceeded,
    wait(next) {
      since = clock.monotonic()
      resting = false
      if (next === limit) return
      limit = next
      cancel()
      cancel = clock.after(next, look)
    },
    rest() {
      resting = true
    },
    giveUp: () => controller.abort(),
    end() {
      cancel()
      caller.removeEventListener('abort', follow)
    }
  }
}
