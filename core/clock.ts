/** The only source of time, so that tests can move it by hand. */
import { setTimeout as delay } from 'node:timers/promises'

/** Production uses {@link systemClock}; tests use `ManualClock`. */
export interface Clock {
  /** Milliseconds since the Unix epoch: for display and for times that cross the wire. */
  now(): number
  /** Milliseconds that never jump: for durations and deadlines. */
  monotonic(): number
  /** Waits, and reports whether the whole wait passed: `false` means `signal` cut it short. */
  sleep(ms: number, signal?: AbortSignal): Promise<boolean>
  /** A signal that aborts with a `TimeoutError` after `ms`. */
  timeout(ms: number): AbortSignal
  /** Runs `action` once after `ms`; the returned function cancels it. Never keeps a process alive. */
  after(ms: number, action: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    delay(ms, true, { ...(signal && { signal }), ref: false }).catch(() => false),
  timeout: (ms) => AbortSignal.timeout(ms),
  after(ms, action) {
    const timer = setTimeout(action, ms)
    timer.unref()
    return () => clearTimeout(timer)
  }
}
