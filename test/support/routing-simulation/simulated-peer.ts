/** A worker of the routing simulation: places, a line before them, and everything that can go wrong with it. */
import type { Clock } from '../../../core/clock.ts'
import type { Random } from '../../../core/random.ts'
import { serviceMs } from './distributions.ts'
import type { Place } from './distributions.ts'

/** `gone`: its host answers that nobody is there. `silent`: nothing comes back at all. */
export type Health = 'up' | 'gone' | 'silent'

export interface PeerTraits {
  readonly id: string
  /** From 0. */
  readonly number: number
  readonly place: Place
  /** Tasks at a time. */
  readonly slots: number
  /** Accepted tasks that wait; more are refused. */
  readonly queue: number
  /** Milliseconds that its median task takes. */
  medianMs: number
  /** Added to every task, as a slow disk or an overloaded host does. */
  delayMs: number
}

export interface Job {
  /** Resolves when it is its turn. */
  readonly started: Promise<void>
  /** Resolves when it is done; neither does when the peer dies first. */
  readonly ended: Promise<void>
  /** Nobody wants it any more. */
  drop(): void
}

interface Waiting {
  readonly begin: () => void
}

export class SimulatedPeer {
  readonly traits: PeerTraits
  health: Health = 'up'
  /** When it died last. */
  diedAt = -Infinity
  /** Milliseconds of work done, for everybody. */
  busyMs = 0
  /** What it said of its load last, 0 to 1; older than the truth. */
  told = 0
  readonly #time: Clock
  readonly #random: Random
  #working = 0
  #waiting: Waiting[] = []
  /** Aborts when the peer ends; a new one for each life. */
  #life = new AbortController()

  constructor(parts: { readonly time: Clock; readonly random: Random }, traits: PeerTraits) {
    this.#time = parts.time
    this.#random = parts.random
    this.traits = traits
  }

  /** Aborts when what is under way here is lost. */
  get life(): AbortSignal {
    return this.#life.signal
  }

  get load(): number {
    return Math.min(1, (this.#working + this.#waiting.length) / this.traits.slots)
  }

  get isFull(): boolean {
    return this.#working >= this.traits.slots && this.#waiting.length >= this.traits.queue
  }

  /** Milliseconds until somebody who is refused now would have a place. */
  get waitMs(): number {
    return (this.#waiting.length / this.traits.slots) * this.traits.medianMs
  }

  die(health: Exclude<Health, 'up'>): void {
    if (this.health !== 'up') return
    this.health = health
    this.diedAt = this.#time.monotonic()
    this.#working = 0
    this.#waiting = []
    this.#life.abort()
  }

  revive(): void {
    if (this.health === 'up') return
    this.health = 'up'
    this.#life = new AbortController()
  }

  take(): Job {
    const started = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<void>()
    const life = this.#life.signal
    let state: 'waiting' | 'working' | 'over' = 'waiting'
    let cancelEnd: (() => void) | undefined
    const release = (): void => {
      if (life.aborted) return
      this.#working -= 1
      this.#pump()
    }
    const waiting = {
      begin: () => {
        state = 'working'
        started.resolve()
        const tookMs = serviceMs(this.#random, this.traits.medianMs) + this.traits.delayMs
        cancelEnd = this.#time.after(tookMs, () => {
          if (life.aborted) return
          state = 'over'
          this.busyMs += tookMs
          ended.resolve()
          release()
        })
      }
    }
    this.#waiting.push(waiting)
    this.#pump()
    return {
      started: started.promise,
      ended: ended.promise,
      drop: () => {
        if (state === 'waiting') this.#waiting = this.#waiting.filter((one) => one !== waiting)
        if (state === 'working') {
          cancelEnd?.()
          release()
        }
        state = 'over'
      }
    }
  }

  #pump(): void {
    while (this.#working < this.traits.slots) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#working += 1
      next.begin()
    }
  }
}
