/** Where the responses of a call go: to a promise, or to the reader of a stream. */
import { Assembler } from './assembler.ts'
import type { Budget } from './assembler.ts'
import { violation } from './codec.ts'
import { FLAG, FRAME_COST } from './constants.ts'

/** What a call does with what the peer sends. Exactly one of `end` and `fail` is called, once. */
export interface Responses {
  /** Takes a chunk. Throws PROTOCOL_VIOLATION, or what fails only this call. */
  chunk(body: Uint8Array, flags: number): void
  end(): void
  fail(error: unknown): void
}

/** Gives window back to the peer after the call's reader has taken bytes. */
export type Consumed = (cost: number) => void

/** Exactly one message. */
export class SingleResponse implements Responses {
  readonly #resolve: (body: Uint8Array) => void
  readonly #reject: (error: unknown) => void
  readonly #budget: Budget
  readonly #consumed: Consumed
  #assembler: Assembler | undefined
  #held = 0
  #body: Uint8Array | undefined

  constructor(
    { resolve, reject }: Pick<PromiseWithResolvers<Uint8Array>, 'resolve' | 'reject'>,
    budget: Budget,
    consumed: Consumed
  ) {
    this.#resolve = resolve
    this.#reject = reject
    this.#budget = budget
    this.#consumed = consumed
  }

  chunk(body: Uint8Array, flags: number): void {
    if (this.#body !== undefined) throw violation('a second response')
    const last = (flags & FLAG.endMessage) !== 0
    if (!last && (flags & FLAG.endCall) !== 0) throw violation('a call ended within its response')
    if (last && this.#assembler === undefined) {
      this.#body = body
      return
    }
    this.#budget.take(body.length)
    this.#held += body.length
    this.#assembler ??= new Assembler()
    this.#body = this.#assembler.add(body, last)
    if (!last) this.#consumed(body.length + FRAME_COST)
  }

  end(): void {
    this.#budget.release(this.#held)
    // `chunk` refused an end without a body.
    if (this.#body !== undefined) this.#resolve(this.#body)
  }

  fail(error: unknown): void {
    this.#budget.release(this.#held)
    this.#reject(error)
  }
}

interface ReadyMessage {
  readonly body: Uint8Array
  /** Window that the peer gets back when the reader has taken the message. */
  readonly cost: number
}

/** Begins the call; the returned function cancels it. */
export type StartCall = (reader: ResponseReader) => () => void

/** Any number of messages, begun when first asked for, cancelled when its reader leaves early. */
export class ResponseReader implements Responses, AsyncIterableIterator<Uint8Array> {
  readonly #start: StartCall
  readonly #assembler = new Assembler()
  readonly #ready: ReadyMessage[] = []
  readonly #waiting: PromiseWithResolvers<IteratorResult<Uint8Array>>[] = []
  #budget: Budget | undefined
  #consumed: Consumed | undefined
  #cancel: (() => void) | undefined
  /** Cost and bytes of the message being assembled. */
  #cost = 0
  #held = 0
  #over = false
  #error: unknown

  constructor(start: StartCall) {
    this.#start = start
  }

  /** Called by the call's table when the call has begun. */
  attach(budget: Budget, consumed: Consumed): void {
    this.#budget = budget
    this.#consumed = consumed
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#cancel === undefined && !this.#over) this.#cancel = this.#start(this)
    const message = this.#ready.shift()
    if (message !== undefined) {
      this.#budget?.release(message.body.length)
      if (!this.#over) this.#consumed?.(message.cost)
      return Promise.resolve({ done: false, value: message.body })
    }
    if (this.#over) return this.#last()
    const waiter = Promise.withResolvers<IteratorResult<Uint8Array>>()
    this.#waiting.push(waiter)
    return waiter.promise
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#leave()
    return Promise.resolve({ done: true, value: undefined })
  }

  chunk(body: Uint8Array, flags: number): void {
    const last = (flags & FLAG.endMessage) !== 0
    if (!last && (flags & FLAG.endCall) !== 0) {
      if (body.length > 0 || this.#assembler.open) throw violation('a call ended within a message')
      return
    }
    const waiter = last && this.#held === 0 ? this.#waiting.shift() : undefined
    if (waiter !== undefined) {
      this.#consumed?.(body.length + FRAME_COST)
      waiter.resolve({ done: false, value: body })
      return
    }
    this.#budget?.take(body.length)
    this.#held += body.length
    this.#cost += body.length + FRAME_COST
    const message = this.#assembler.add(body, last)
    if (message !== undefined) this.#complete(message)
    // Only for a reader that has caught up; a slow one would otherwise be sent message on message.
    else if (this.#ready.length === 0) this.#giveBack()
  }

  end(): void {
    this.#over = true
    for (const waiter of this.#waiting.splice(0)) waiter.resolve({ done: true, value: undefined })
  }

  fail(error: unknown): void {
    this.#over = true
    this.#budget?.release(this.#held)
    this.#held = 0
    const [first, ...others] = this.#waiting.splice(0)
    if (first === undefined) this.#error = error
    else first.reject(error)
    for (const waiter of others) waiter.resolve({ done: true, value: undefined })
  }

  #complete(body: Uint8Array): void {
    const cost = this.#cost
    this.#cost = 0
    this.#held = 0
    const waiter = this.#waiting.shift()
    if (waiter === undefined) {
      this.#ready.push({ body, cost })
      return
    }
    this.#budget?.release(body.length)
    this.#consumed?.(cost)
    waiter.resolve({ done: false, value: body })
  }

  #giveBack(): void {
    this.#consumed?.(this.#cost)
    this.#cost = 0
  }

  /** What broke the call is thrown once, after every message that came before it. */
  #last(): Promise<IteratorResult<Uint8Array>> {
    const error = this.#error
    this.#error = undefined
    if (error !== undefined) return Promise.reject(error)
    return Promise.resolve({ done: true, value: undefined })
  }

  #leave(): void {
    const unread = this.#ready.splice(0)
    for (const { body } of unread) this.#budget?.release(body.length)
    if (this.#over) return
    this.#over = true
    this.#budget?.release(this.#held)
    this.#held = 0
    this.#cancel?.()
    for (const waiter of this.#waiting.splice(0)) waiter.resolve({ done: true, value: undefined })
  }
}
