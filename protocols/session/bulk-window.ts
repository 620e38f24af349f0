/** Keeps bulk from filling the way to the peer, where small calls would have to queue behind it. */
import { LIMITS } from '../../core/limits.ts'

/** Two chunks: one on its way while the next is made. */
const LEAST_BULK_BYTES = 2 * LIMITS.chunkBytes.value

/** Queueing that bulk may cause, beyond what the way takes when it is empty. */
const TARGET_DELAY_MS = 5

/** The shortest transit is forgotten after this time, because routes change. */
const BASE_AGE_MS = 30_000

interface Probe {
  /** Bytes sent in all when the probe left. */
  readonly sent: number
  readonly at: number
}

/**
 * Bytes of bulk in flight that cause about the target delay, by the idea of LEDBAT (RFC 6817):
 * grow while chunks arrive as fast as on an empty way, shrink when they queue.
 */
export class BulkWindow {
  #bytes = LEAST_BULK_BYTES
  #sent = 0
  #acknowledged = 0
  #probe: Probe | undefined
  #base = Infinity
  #baseAt = 0

  /** Whether a chunk may leave now. One always may when nothing is in flight. */
  admits(bytes: number): boolean {
    const inFlight = this.#sent - this.#acknowledged
    return inFlight === 0 || inFlight + bytes <= this.#bytes
  }

  /** Every charged byte counts, those of small calls too: they share the way. */
  sent(cost: number): void {
    this.#sent += cost
  }

  /** A chunk of bulk has left; its way is measured unless another's is. */
  mark(now: number): void {
    this.#probe ??= { sent: this.#sent, at: now }
  }

  /** Nothing waits to be sent: a probe could wait for an acknowledgement that is not due. */
  idle(): void {
    this.#probe = undefined
  }

  acknowledged(cost: number, now: number): void {
    this.#acknowledged += cost
    const probe = this.#probe
    if (probe === undefined || this.#acknowledged < probe.sent) return
    this.#probe = undefined
    this.#adapt(now - probe.at, now)
  }

  #adapt(transit: number, now: number): void {
    if (transit < this.#base || now - this.#baseAt > BASE_AGE_MS) {
      this.#base = transit
      this.#baseAt = now
    }
    const allowed = this.#base + TARGET_DELAY_MS
    if (transit > allowed) {
      this.#bytes = Math.max(LEAST_BULK_BYTES, this.#bytes * Math.max(0.5, allowed / transit))
    } else {
      this.#bytes = Math.min(LIMITS.sessionWindow.value, this.#bytes + LIMITS.chunkBytes.value)
    }
  }
}
