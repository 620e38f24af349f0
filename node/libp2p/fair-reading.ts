/** Reads a connection in shares of the event loop's turns: who sends much keeps nobody else from being read. */
import type { MessageStream } from '@libp2p/interface'
import { LIMITS } from '../../core/limits.ts'
import type { Defer } from '../../core/turn.ts'

export interface FairReadingComponents {
  readonly connection: Pick<MessageStream, 'pause' | 'resume'>
  readonly defer: Defer
}

/** A socket alone would hand over 2 MiB in one go: libuv reads 32 times before it looks at another (read). */
export class FairReading {
  readonly #components: FairReadingComponents
  /** Read in this turn. */
  #bytes = 0
  /** Had its share of the turn. */
  #resting = false
  /** By whoever reads. */
  #paused = false

  constructor(components: FairReadingComponents) {
    this.#components = components
  }

  received(bytes: number): void {
    if (this.#bytes === 0) this.#components.defer(() => this.#nextTurn())
    this.#bytes += bytes
    if (this.#resting || this.#bytes < LIMITS.turnBytes.value) return
    this.#resting = true
    if (!this.#paused) this.#components.connection.pause()
  }

  pause(): void {
    this.#paused = true
    if (!this.#resting) this.#components.connection.pause()
  }

  resume(): void {
    this.#paused = false
    if (!this.#resting) this.#components.connection.resume()
  }

  #nextTurn(): void {
    this.#bytes = 0
    if (!this.#resting) return
    this.#resting = false
    if (this.#paused) return
    try {
      this.#components.connection.resume()
    } catch {
      // Closed meanwhile: there is nothing left to read.
    }
  }
}
