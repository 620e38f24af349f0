/** An abort of one's own that follows a signal, too, for what is done many times a second. */

export interface LinkedAbort {
  readonly signal: AbortSignal
  readonly abort: (reason: unknown) => void
  /** To be called at the end: the signal that is followed may live on. */
  readonly release: () => void
}

/**
 * `AbortSignal.any` does the same without a `release`, for ten times the price: 10 µs of CPU, and weak
 * references that only a finalizer clears away (Node 24, measured).
 */
export function linkedAbort(followed: AbortSignal): LinkedAbort {
  const controller = new AbortController()
  const follow = (): void => controller.abort(followed.reason)
  if (followed.aborted) follow()
  else followed.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => followed.removeEventListener('abort', follow)
  }
}
