/** Runs what brings a derived thing up to date: once for all who ask at the same time. */

/**
 * The returned function resolves when a run has ended that began after the call: one that was under
 * way may have read past what is asked for.
 */
export function createCatchingUp(
  run: (signal: AbortSignal) => Promise<void>
): (signal: AbortSignal) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined

  async function after(before: Promise<void>, signal: AbortSignal): Promise<void> {
    await before.catch(() => undefined)
    next = undefined
    await run(signal)
  }

  return (signal) => {
    if (next !== undefined) return next
    next = after(last, signal)
    last = next
    return next
  }
}
