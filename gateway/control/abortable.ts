/** Waiting that ends with the signal, whether or not the work below listens to it. */

/** `work`, or a rejection with `signal.reason` if that comes first; `work` itself goes on. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(signal.reason)
    const settle = (): void => signal.removeEventListener('abort', give)
    if (signal.aborted) give()
    else signal.addEventListener('abort', give, { once: true })
    work.then(resolve, reject).finally(settle)
  })
}
