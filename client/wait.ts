/** Time as clients have it: in Node and in browsers, without anything injected. */

/** Calls once; the returned function cancels it. Keeps a process alive: it waits for something. */
export function after(ms: number, action: () => void): () => void {
  // oxlint-disable-next-line no-restricted-globals -- a client of user programs has no clock of ours
  const timer = setTimeout(action, ms)
  return () => clearTimeout(timer)
}

/** False when the signal cut it short. */
export function sleep(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false)
    const onAbort = (): void => {
      cancel()
      resolve(false)
    }
    const cancel = after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve(true)
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
