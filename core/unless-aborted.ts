/** Waiting that can be given up: most of what is waited for knows nothing of signals. */

/**
 * `wait`, or the reason of `signal`, whichever is first. Who is cancelled need not wait for an
 * answer, nor until whoever was to give it has cleaned up.
 */
export async function unlessAborted<T>(wait: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([wait, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
