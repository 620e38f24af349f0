/** What every clock of the tests makes of its `after`, just as the system's clock does. */
import type { Clock } from '../../core/clock.ts'

type After = Clock['after']

export function sleepWith(after: After, ms: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const onAbort = (): void => {
    cancel()
    resolve(false)
  }
  const cancel = after(ms, () => {
    signal?.removeEventListener('abort', onAbort)
    resolve(true)
  })
  signal?.addEventListener('abort', onAbort, { once: true })
  return promise
}

export function timeoutWith(after: After, ms: number): AbortSignal {
  const controller = new AbortController()
  after(ms, () => controller.abort(new DOMException('timed out', 'TimeoutError')))
  return controller.signal
}
