/** Tells soon when a peer is not heard any more: long before its session counts as dead, for those who wait for it. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'

export interface SilenceComponents {
  readonly clock: Clock
  /** When the peer was heard last, monotonic milliseconds. */
  readonly heardAt: () => number
  readonly roundTripMs: () => number | undefined
  /** Asks for a sign of life, unless one was asked for already. */
  readonly probe: () => void
}

/** Called when it changes. */
export type SilenceWatcher = (isSilent: boolean) => void

/** As many times the round trip is no silence: the way may be long. */
const ROUND_TRIPS = 4
/** Looked at so often in the time after which it is silent. */
const LOOKS = 6

/** Costs nothing while nobody watches. */
export class Silence {
  readonly #parts: SilenceComponents
  readonly #watchers = new Set<SilenceWatcher>()
  #lookedAt = 0
  /** Silence before this says nothing: nobody had asked, or this process stood still itself. */
  #since = 0
  /** There while it is silent. */
  #silentAt: number | undefined
  #cancel: (() => void) | undefined

  constructor(components: SilenceComponents) {
    this.#parts = components
  }

  /** Returns what ends it. */
  watch(watcher: SilenceWatcher): () => void {
    // The same function twice is two watchers.
    const own: SilenceWatcher = (isSilent) => watcher(isSilent)
    this.#watchers.add(own)
    if (this.#cancel === undefined) this.#begin()
    return () => {
      this.#watchers.delete(own)
      if (this.#watchers.size === 0) this.#end()
    }
  }

  #begin(): void {
    this.#lookedAt = this.#parts.clock.monotonic()
    this.#since = this.#lookedAt
    this.#arm()
  }

  #end(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#silentAt = undefined
  }

  #arm(): void {
    const { clock } = this.#parts
    this.#cancel = clock.after(LIMITS.peerSilence.value / LOOKS, () => this.#look())
  }

  #look(): void {
    const { clock, heardAt, roundTripMs, probe } = this.#parts
    const now = clock.monotonic()
    // What the peer said meanwhile is read after this timer.
    if (now - this.#lookedAt > (2 * LIMITS.peerSilence.value) / LOOKS) this.#since = now
    this.#lookedAt = now
    const quietMs = now - Math.max(heardAt(), this.#since)
    const mostMs = Math.max(LIMITS.peerSilence.value, ROUND_TRIPS * (roundTripMs() ?? 0))
    if (quietMs >= (2 * LIMITS.peerSilence.value) / LOOKS) probe()
    this.#arm()
    if (this.#silentAt === undefined && quietMs >= mostMs) this.#tell(now)
    else if (this.#silentAt !== undefined && heardAt() > this.#silentAt) this.#tell(undefined)
  }

  #tell(silentAt: number | undefined): void {
    this.#silentAt = silentAt
    for (const watcher of this.#watchers) watcher(silentAt !== undefined)
  }
}
