/** Shares out how many push notifications are on their way, so that slow receivers delay nobody but themselves. */
import { Counts } from '../../core/counts.ts'
import { LIMITS } from '../../core/limits.ts'

export interface PlaceRequest {
  /** Origin of the URL. */
  readonly receiver: string
  /**
   * Whether it failed last time. Such requests share half of the places, and a receiver gets one of
   * them at a time: who is down, or never asked for this, is not hammered.
   */
  readonly failing: boolean
}

export interface PushPlaces {
  /** Waits for a place; the result gives it back. `undefined` when `signal` aborts before. */
  take(request: PlaceRequest, signal: AbortSignal): Promise<(() => void) | undefined>
}

interface Waiter {
  readonly request: PlaceRequest
  readonly enter: () => void
}

export function createPushPlaces(): PushPlaces {
  const { pushesInFlight, pushesPerReceiver } = LIMITS
  const perReceiver = new Counts<string>()
  /** At most one for each config. */
  let waiting: Waiter[] = []
  /** Receivers with a request that failed last time. */
  const probed = new Set<string>()
  let taken = 0

  function hasRoom({ receiver, failing }: PlaceRequest): boolean {
    if (taken >= pushesInFlight.value) return false
    if (failing && (probed.has(receiver) || probed.size >= pushesInFlight.value / 2)) return false
    return perReceiver.of(receiver) < pushesPerReceiver.value
  }

  function count({ receiver, failing }: PlaceRequest, by: 1 | -1): void {
    taken += by
    if (failing && by === 1) probed.add(receiver)
    else if (failing) probed.delete(receiver)
    if (by === 1) perReceiver.add(receiver)
    else perReceiver.remove(receiver)
  }

  function leave(request: PlaceRequest): void {
    count(request, -1)
    const before = waiting
    waiting = []
    for (const waiter of before) {
      if (hasRoom(waiter.request)) waiter.enter()
      else waiting.push(waiter)
    }
  }

  return {
    take(request, signal) {
      if (signal.aborted) return Promise.resolve(undefined)
      const { promise, resolve } = Promise.withResolvers<(() => void) | undefined>()
      const waiter = { request, enter }
      function enter(): void {
        signal.removeEventListener('abort', onAbort)
        count(request, 1)
        resolve(() => leave(request))
      }
      function onAbort(): void {
        waiting = waiting.filter((other) => other !== waiter)
        resolve(undefined)
      }
      signal.addEventListener('abort', onAbort)
      if (hasRoom(request)) enter()
      else waiting.push(waiter)
      return promise
    }
  }
}
