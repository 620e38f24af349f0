/** The events of one task in order, for any number of readers: replay and live without a seam. */
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'

export interface EventLogInit {
  /** Bytes a reader may be behind what came since it began; then it is cut with SUBSCRIBER_SLOW. */
  readonly backlogBytes?: number
  readonly readers?: number
  /** Called when a reader has read everything and waits: the moment to append what was held back. */
  readonly refill?: () => void
}

/**
 * An append-only log in memory. Event numbers are positions, from 0.
 *
 * Appending and showing are two steps, because an event that must be durable is shown only when
 * its write has been committed. Readers hold a position and nothing else, so their number does not
 * make appending dearer.
 */
export interface EventLog<E> {
  /** Number of events appended. */
  readonly length: number
  /** Number of events that readers can see. */
  readonly visible: number
  /** Bytes of all events appended. */
  readonly bytes: number
  readonly readers: number
  /** Whether a reader has read everything and waits for more. */
  readonly awaited: boolean
  append(event: E, bytes: number): void
  /** Lets readers see the first `count` events. */
  reveal(count: number): void
  at(index: number): E | undefined
  /** No more events: readers end, or throw `error`, when they have read what is visible. */
  end(error?: LumosError): void
  /**
   * Events from number `from` on, first the old ones, then new ones as they come.
   * Throws OVERLOADED when there are too many readers; `signal` ends the reading with its reason.
   */
  read(from: number, signal?: AbortSignal): AsyncIterableIterator<E>
}

export function createEventLog<E>(init: EventLogInit = {}): EventLog<E> {
  return new MemoryEventLog<E>(init)
}

interface Entry<E> {
  readonly event: E
  /** Bytes of the log up to and including this event. */
  readonly end: number
}

class MemoryEventLog<E> implements EventLog<E> {
  readonly #entries: Entry<E>[] = []
  readonly #readers = new Set<Reader<E>>()
  readonly #backlogBytes: number
  readonly #maxReaders: number
  readonly #refill: () => void
  #visible = 0
  #ended = false
  #error: LumosError | undefined

  constructor({ backlogBytes, readers, refill }: EventLogInit) {
    this.#backlogBytes = backlogBytes ?? LIMITS.subscriberBacklog.value
    this.#maxReaders = readers ?? LIMITS.subscribersPerTask.value
    this.#refill = refill ?? (() => {})
  }

  get length(): number {
    return this.#entries.length
  }

  get visible(): number {
    return this.#visible
  }

  get bytes(): number {
    return this.#entries.at(-1)?.end ?? 0
  }

  get readers(): number {
    return this.#readers.size
  }

  get awaited(): boolean {
    for (const reader of this.#readers) if (reader.waiting) return true
    return false
  }

  append(event: E, bytes: number): void {
    this.#entries.push({ event, end: this.bytes + bytes })
  }

  reveal(count: number): void {
    if (count <= this.#visible) return
    this.#visible = Math.min(count, this.#entries.length)
    for (const reader of this.#readers) reader.wake()
  }

  at(index: number): E | undefined {
    return this.#entries[index]?.event
  }

  end(error?: LumosError): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    for (const reader of this.#readers) reader.wake()
  }

  read(from: number, signal?: AbortSignal): AsyncIterableIterator<E> {
    signal?.throwIfAborted()
    if (this.#readers.size >= this.#maxReaders) {
      throw new LumosError('OVERLOADED', { details: { retryAfterMs: 1000 } })
    }
    const reader = new Reader<E>(
      {
        next: (index, floor) => this.#next(index, floor),
        leave: (self) => this.#readers.delete(self)
      },
      { from, floor: this.#bytesBefore(this.#visible) },
      signal
    )
    this.#readers.add(reader)
    return reader
  }

  /** What a reader at `index` gets; what was there when it began (`floor`) is no backlog of its. */
  #next(index: number, floor: number): Step<E> {
    if (index >= this.#visible && !this.#ended) this.#refill()
    if (index >= this.#visible) return this.#ended ? endOf(this.#error) : { kind: 'wait' }
    const behind = this.#bytesBefore(this.#visible) - Math.max(floor, this.#bytesBefore(index))
    if (behind > this.#backlogBytes) {
      return endOf(new LumosError('SUBSCRIBER_SLOW', { details: { limit: this.#backlogBytes } }))
    }
    const entry = this.#entries[index]
    return entry === undefined ? endOf(undefined) : { kind: 'event', event: entry.event }
  }

  #bytesBefore(index: number): number {
    return this.#entries[index - 1]?.end ?? 0
  }
}

type Step<E> =
  | { readonly kind: 'event'; readonly event: E }
  | { readonly kind: 'wait' }
  | { readonly kind: 'end'; readonly error: unknown }

function endOf<E>(error: unknown): Step<E> {
  return { kind: 'end', error }
}

interface Source<E> {
  next(index: number, floor: number): Step<E>
  leave(reader: Reader<E>): void
}

type Waiter<E> = PromiseWithResolvers<IteratorResult<E, undefined>>

/** Written by hand because a generator that waits cannot be left: `return()` would queue. */
class Reader<E> implements AsyncIterableIterator<E> {
  readonly #source: Source<E>
  readonly #floor: number
  readonly #signal: AbortSignal | undefined
  #index: number
  #waiter: Waiter<E> | undefined
  #done = false

  constructor(
    source: Source<E>,
    { from, floor }: { readonly from: number; readonly floor: number },
    signal: AbortSignal | undefined
  ) {
    this.#source = source
    this.#index = from
    this.#floor = floor
    this.#signal = signal
    signal?.addEventListener('abort', this.#abort)
  }

  get waiting(): boolean {
    return this.#waiter !== undefined
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<E, undefined>> {
    if (this.#signal?.aborted) return Promise.reject(this.#signal.reason)
    if (this.#done) return Promise.resolve({ done: true, value: undefined })
    const step = this.#source.next(this.#index, this.#floor)
    if (step.kind === 'wait') {
      this.#waiter = Promise.withResolvers()
      return this.#waiter.promise
    }
    return this.#settle(step)
  }

  return(): Promise<IteratorResult<E, undefined>> {
    this.#close()
    this.#waiter?.resolve({ done: true, value: undefined })
    return Promise.resolve({ done: true, value: undefined })
  }

  /** Something new is visible, or the log has ended. */
  wake(): void {
    const waiter = this.#waiter
    if (waiter === undefined) return
    this.#waiter = undefined
    const step = this.#source.next(this.#index, this.#floor)
    if (step.kind === 'wait') this.#waiter = waiter
    else waiter.resolve(this.#settle(step))
  }

  #settle(step: Exclude<Step<E>, { kind: 'wait' }>): Promise<IteratorResult<E, undefined>> {
    if (step.kind === 'event') {
      this.#index += 1
      return Promise.resolve({ done: false, value: step.event })
    }
    this.#close()
    if (step.error === undefined) return Promise.resolve({ done: true, value: undefined })
    return Promise.reject(step.error)
  }

  readonly #abort = (): void => {
    this.#close()
    this.#waiter?.reject(this.#signal?.reason)
  }

  #close(): void {
    this.#done = true
    this.#signal?.removeEventListener('abort', this.#abort)
    this.#source.leave(this)
  }
}
