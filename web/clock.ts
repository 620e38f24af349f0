/** Time as the dashboard has it: the one place that asks the browser, so that tests can move it by hand. */

export interface WebClock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls once after `ms`; the returned function cancels it. */
  after(ms: number, action: () => void): () => void
}

export const webClock: WebClock = {
  now: () => Date.now(),
  after(ms, action) {
    const timer = setTimeout(action, ms)
    return () => clearTimeout(timer)
  }
}
