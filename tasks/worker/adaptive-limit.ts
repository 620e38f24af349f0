/**
 * How many tasks of an agent to work on at the same time: the fewest that do as much as more would.
 *
 * Climbs by throughput, which needs no idea of how long a task ought to take: while tasks wait, the
 * limit is now and then lowered by a step; if as much gets done, it goes on, else it goes back. An
 * agent that waits for others (a model, a disk) loses with each step down and keeps its places; one
 * that computes is left with as many as there are cores for it, and each of its tasks ends sooner.
 */
import type { Clock } from '../../core/clock.ts'

/** From one limit to the next. Large, so that its effect stands out of the noise of one window. */
const STEP = 1.5
/** Halfway (geometrically) between no effect and a proportional one. */
const EFFECT = Math.sqrt(STEP)
/** Tasks that are counted for one measurement at least; its error is about their inverse root, 1/8. */
const WINDOW_TASKS = 64
/** A measurement lasts for as many rounds of all places at least. */
const WINDOW_ROUNDS = 3
/** Windows without a trial after one that went back: trying costs a part of a window's throughput. */
const CALM_WINDOWS = 8
/** With more than this share of the tasks out of time, it is worth a trial sooner. */
const LATE_SHARE = 0.1
const HURRIED_WINDOWS = 2

export interface AdaptiveLimit {
  readonly value: number
  /**
   * A task has ended: by itself, or (`late`) because its time was over.
   *
   * @param waiting whether others wait; while none does, how much gets done says nothing
   */
  ended(task: { readonly late: boolean; readonly waiting: boolean }): void
}

export interface AdaptiveLimitComponents {
  readonly clock: Pick<Clock, 'monotonic'>
}

export interface AdaptiveLimitInit {
  readonly most: number
}

export function createAdaptiveLimit(
  components: AdaptiveLimitComponents,
  init: AdaptiveLimitInit
): AdaptiveLimit {
  return new ClimbingLimit(components, init)
}

class ClimbingLimit implements AdaptiveLimit {
  readonly #clock: AdaptiveLimitComponents['clock']
  readonly #most: number
  value: number
  #trial: 'none' | 'down' | 'up' = 'none'
  /** Windows since the last trial that went back. */
  #calm = 0
  /** Tasks that began under the limit before, and say nothing of this one. */
  #stale = 0
  /** Tasks a millisecond in the window before. */
  #before = 0
  #window

  constructor({ clock }: AdaptiveLimitComponents, { most }: AdaptiveLimitInit) {
    this.#clock = clock
    this.#most = most
    this.value = most
    this.#window = this.#newWindow()
  }

  ended({ late, waiting }: Parameters<AdaptiveLimit['ended']>[0]): void {
    const window = this.#window
    if (this.#stale > 0) {
      this.#stale -= 1
      window.since = this.#clock.monotonic()
      return
    }
    if (late) window.late += 1
    else window.done += 1
    window.waited &&= waiting
    const enough = Math.max(WINDOW_TASKS, WINDOW_ROUNDS * this.value)
    if (window.done + window.late >= enough || window.late >= WINDOW_TASKS) this.#close()
  }

  #newWindow() {
    return { since: this.#clock.monotonic(), done: 0, late: 0, waited: true }
  }

  #close(): void {
    const { since, done, late, waited } = this.#window
    this.#window = this.#newWindow()
    const rate = done / Math.max(1, this.#window.since - since)
    const hurried = late > (done + late) * LATE_SHARE
    if ((waited || hurried) && this.#before > 0) {
      this.#judge(rate / this.#before, hurried ? HURRIED_WINDOWS : CALM_WINDOWS)
    }
    this.#before = rate
  }

  #judge(effect: number, patience: number): void {
    if (this.#trial === 'down') {
      if (effect < 1 / EFFECT) this.#raise()
      else this.#lower()
      return
    }
    if (this.#trial === 'up' && effect > EFFECT) return this.#raise()
    this.#trial = 'none'
    this.#calm += 1
    // What is done changed by itself: what was learnt of it is out of date.
    if (effect > STEP) this.#raise()
    else if (this.#calm >= patience) this.#lower()
  }

  #lower(): void {
    this.#trial = this.value > 1 ? 'down' : 'none'
    this.#set(Math.min(this.value - 1, Math.round(this.value / STEP)))
  }

  #raise(): void {
    this.#set(Math.max(this.value + 1, Math.round(this.value * STEP)))
    this.#trial = this.value < this.#most ? 'up' : 'none'
    this.#calm = 0
  }

  #set(value: number): void {
    this.value = Math.min(this.#most, Math.max(1, value))
    this.#stale = this.value
  }
}
