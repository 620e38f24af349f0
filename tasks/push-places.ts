/** Shares out how many push notifications are on their way, so that slow receivers delay nobody but themselves. */
import { LIMITS } from '../core/limits.ts'

export interface PlaceRequest {
  /** Origin of the URL. */
  readonly receiver: string
  /** Whether the receiver failed last time: such share half of the places. */
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
  const perReceiver = new Map<string, number>()
  /** At most one for each config. */
  let waiting: Waiter[] = []
  let taken = 0
  let takenByFailing = 0

  function hasRoom({ receiver, failing }: PlaceRequest): boolean {
    if (taken >= pushesInFlight.value) return false
    if (failing && takenByFailing >= pushesInFlight.value / 2) return false
    return (perReceiver.get(receiver) ?? 0) < pushesPerReceiver.value
  }

  function count({ receiver, failing }: PlaceRequest, by: 1 | -1): void {
    taken += by
    if (failing) takenByFailing += by
    const left = (perReceiver.get(receiver) ?? 0) + by
    if (left === 0) perReceiver.delete(receiver)
    else perReceiver.set(receiver, left)
  }

  function leave(request: PlaceRequest): void {
    count(request, -1)
    const next = waiting.find((waiter) => hasRoom(waiter.request))
    if (next === undefined) return
    waiting = waiting.filter((waiter) => waiter !== next)
    next.enter()
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
