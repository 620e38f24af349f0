/** Remembers peers that broke the protocol, so that they do not get to do it all day. */
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'

/** Offenders remembered; beyond that the oldest is forgotten. */
const MAX_OFFENDERS = 1024

const WINDOW_MS = 60_000

interface Offender {
  readonly count: number
  /** Monotonic milliseconds of the first strike that counts. */
  readonly since: number
  readonly bannedUntil: number
}

export class Strikes {
  readonly #clock: Clock
  readonly #offenders = new Map<PeerIdText, Offender>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(peer: PeerIdText): void {
    const now = this.#clock.monotonic()
    const old = this.#offenders.get(peer)
    const fresh = old === undefined || now - old.since > WINDOW_MS
    const count = fresh ? 1 : old.count + 1
    const banned = count >= LIMITS.sessionStrikes.value
    this.#offenders.delete(peer)
    this.#offenders.set(peer, {
      count,
      since: fresh ? now : old.since,
      bannedUntil: banned ? now + LIMITS.sessionPenalty.value : 0
    })
    if (this.#offenders.size <= MAX_OFFENDERS) return
    for (const [oldest] of this.#offenders) {
      this.#offenders.delete(oldest)
      return
    }
  }

  banned(peer: PeerIdText): boolean {
    const offender = this.#offenders.get(peer)
    return offender !== undefined && offender.bannedUntil > this.#clock.monotonic()
  }
}
