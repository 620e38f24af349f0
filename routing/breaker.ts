/** Keeps tasks away from an agent that fails at one peer, and lets one through now and then to see. */
import { LIMITS } from '../core/limits.ts'

/** The window is counted in so many parts. */
const BUCKETS = 6
/** Fewer failures are chance (Hystrix and its heirs use 5 to 20). */
const LEAST_FAILURES = 5
/** Of all calls in the window. */
const LEAST_PART = 0.5

export type BreakerState = 'closed' | 'open' | 'half-open'

/** All times are monotonic milliseconds. */
export class Breaker {
  readonly #calls = new Uint32Array(BUCKETS)
  readonly #failures = new Uint32Array(BUCKETS)
  /** Number of the newest bucket, counted from the beginning of time. */
  #newest = 0
  /** There while it is not closed. */
  #openMs: number | undefined
  #until = 0
  #probing = false

  state(now: number): BreakerState {
    if (this.#openMs === undefined) return 'closed'
    return now < this.#until ? 'open' : 'half-open'
  }

  /** Whether a task may go there now: half open, one at a time. */
  allows(now: number): boolean {
    const state = this.state(now)
    return state === 'closed' || (state === 'half-open' && !this.#probing)
  }

  /** Milliseconds until it lets a task through; 0 when it does. */
  opensIn(now: number): number {
    return this.state(now) === 'open' ? this.#until - now : 0
  }

  /** A task goes there. Returns what its end is to be told with, for it may be the one that decides. */
  begin(now: number): BreakerCall {
    const probe = this.state(now) === 'half-open' && !this.#probing
    if (probe) this.#probing = true
    return { probe }
  }

  end({ probe }: BreakerCall, outcome: 'success' | 'failure' | 'neither', now: number): void {
    if (probe) this.#probing = false
    if (outcome === 'neither') return
    if (outcome === 'success' && probe) return this.#close()
    this.#count(outcome === 'failure', now)
    if (outcome === 'failure' && (probe || this.#isBroken())) this.#open(now)
  }

  #open(now: number): void {
    const { breakerOpenFirst, breakerOpenMost } = LIMITS
    // Those that were on their way when it opened say nothing new.
    if (this.state(now) === 'open') return
    this.#openMs = Math.min(breakerOpenMost.value, 2 * (this.#openMs ?? breakerOpenFirst.value / 2))
    this.#until = now + this.#openMs
  }

  #close(): void {
    this.#openMs = undefined
    this.#calls.fill(0)
    this.#failures.fill(0)
  }

  #isBroken(): boolean {
    const failures = this.#failures.reduce((sum, count) => sum + count, 0)
    const calls = this.#calls.reduce((sum, count) => sum + count, 0)
    return failures >= LEAST_FAILURES && failures >= LEAST_PART * calls
  }

  #count(failed: boolean, now: number): void {
    const bucket = Math.floor((now * BUCKETS) / LIMITS.breakerWindow.value)
    const passed = Math.min(BUCKETS, bucket - this.#newest)
    for (let age = 0; age < passed; age += 1) {
      this.#calls[(bucket - age) % BUCKETS] = 0
      this.#failures[(bucket - age) % BUCKETS] = 0
    }
    this.#newest = Math.max(this.#newest, bucket)
    const at = this.#newest % BUCKETS
    this.#calls[at] = (this.#calls[at] ?? 0) + 1
    if (failed) this.#failures[at] = (this.#failures[at] ?? 0) + 1
  }
}

export interface BreakerCall {
  readonly probe: boolean
}
