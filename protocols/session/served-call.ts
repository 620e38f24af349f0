/** A call that the peer makes, as its handler sees it. */
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { JsonObject } from '../../core/json.ts'
import type { CallContext } from './session.ts'

export interface ServedCallInit {
  readonly clock: Clock
  readonly peer: PeerIdText
  readonly headers: JsonObject
  /** Monotonic milliseconds. */
  readonly deadline: number
}

export class ServedContext implements CallContext {
  readonly peer: PeerIdText
  readonly headers: JsonObject
  readonly #clock: Clock
  readonly #deadline: number
  readonly #begunAt: number
  #controller: AbortController | undefined
  #reason: Error | undefined

  constructor({ clock, peer, headers, deadline }: ServedCallInit) {
    this.peer = peer
    this.headers = headers
    this.#clock = clock
    this.#deadline = deadline
    this.#begunAt = clock.monotonic()
  }

  /** Made when first asked for: most handlers answer before anything could be aborted. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** Milliseconds since it came. */
  ageMs(): number {
    return this.#clock.monotonic() - this.#begunAt
  }

  remainingMs(): number {
    return Math.max(0, this.#deadline - this.#clock.monotonic())
  }

  abort(reason: Error): void {
    this.#reason ??= reason
    this.#controller?.abort(reason)
  }
}
