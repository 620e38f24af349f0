/** How many requests one provider is sent at once: the others wait in the order they came. */
import { LumosError } from '../../core/errors.ts'

export interface Slots {
  /**
   * Resolves when it is this one's turn, with the function that ends it.
   *
   * @throws MODEL_LIMITED when too many wait; the reason of the signal
   */
  take(model: string, signal: AbortSignal): Promise<() => void>
}

export interface SlotsInit {
  readonly concurrency: number
  readonly queue: number
}

export function createSlots({ concurrency, queue }: SlotsInit): Slots {
  /** Insertion order is the order of turns. */
  const waiting = new Set<() => void>()
  let taken = 0

  function release(): () => void {
    let held = true
    return () => {
      if (!held) return
      held = false
      const [next] = waiting
      if (next === undefined) taken -= 1
      else next()
    }
  }

  return {
    async take(model, signal) {
      signal.throwIfAborted()
      if (taken < concurrency) {
        taken += 1
        return release()
      }
      if (waiting.size >= queue) {
        const reason = `${waiting.size} requests wait for it`
        throw new LumosError('MODEL_LIMITED', { details: { model, reason } })
      }
      const { promise, resolve, reject } = Promise.withResolvers<() => void>()
      const leave = (): void => {
        waiting.delete(enter)
        reject(signal.reason)
      }
      function enter(): void {
        waiting.delete(enter)
        signal.removeEventListener('abort', leave)
        resolve(release())
      }
      waiting.add(enter)
      signal.addEventListener('abort', leave, { once: true })
      return promise
    }
  }
}
