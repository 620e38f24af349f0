/** Both ends of a credit window: the sender spends, the receiver gives back what was consumed. */
import { violation } from './codec.ts'

/** No window ever grows beyond this (the field that carries credit is as wide). */
const MAX_CREDIT = 0xffffffff

/** What may still be sent. */
export class SendCredit {
  available: number

  constructor(initial: number) {
    this.available = initial
  }

  /** Throws PROTOCOL_VIOLATION when the peer grants more than the format can mean. */
  grant(bytes: number): void {
    this.available += bytes
    if (this.available > MAX_CREDIT) throw violation('credit overflow')
  }
}

/** What the peer may still send, and what it is owed. */
export class ReceiveCredit {
  readonly #step: number
  #available: number
  #consumed = 0

  /** Consumed bytes are given back once they reach `step`: few CREDIT frames, and the pipe stays full. */
  constructor(window: number, step: number) {
    this.#available = window
    this.#step = step
  }

  /** Throws PROTOCOL_VIOLATION when the peer sends more than it was granted. */
  receive(cost: number): void {
    this.#available -= cost
    if (this.#available < 0) throw violation('credit overrun')
  }

  /** Returns the credit to send to the peer now, often 0. */
  consume(cost: number): number {
    this.#consumed += cost
    if (this.#consumed < this.#step) return 0
    const grant = this.#consumed
    this.#consumed = 0
    this.#available += grant
    return grant
  }
}
