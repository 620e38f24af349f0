/** The story of one task that this node asked for: every event is kept, then shown, under its number. */
import { LumosError, toLumosError } from '../../core/errors.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'
import { NO_MODEL_USE, withStep } from '../edge/use.ts'
import type { ModelUse } from '../edge/use.ts'
import { createEventLog } from '../event-log.ts'
import type { EventLog } from '../event-log.ts'
import { sizeOf } from '../task-fold.ts'
import type { DelegationEvent } from './delegation-events.ts'
import type {
  EndOptions,
  NumberedEvent,
  OutboxEnd,
  OutboxEvent,
  OutboxStore
} from './outbox-store.ts'
import type { Recall } from './recalls.ts'

export interface DelegationLogInit {
  readonly id: string
  /** What an earlier process told. */
  readonly told: readonly OutboxEvent[]
  /** Called when an event could not be kept. */
  readonly onBroken: (error: LumosError) => void
}

export class DelegationLog {
  readonly #log: EventLog<DelegationEvent> = createEventLog<DelegationEvent>()
  readonly #store: Pick<OutboxStore, 'tell' | 'end'>
  readonly #init: DelegationLogInit
  /** What models took, step by step, runs that count no more included. */
  modelUse: ModelUse = NO_MODEL_USE
  #broken = false

  constructor(store: Pick<OutboxStore, 'tell' | 'end'>, init: DelegationLogInit) {
    this.#store = store
    this.#init = init
    for (const { event } of init.told) this.#take(event)
    this.#log.reveal(init.told.length)
  }

  read(from: number, signal?: AbortSignal): AsyncIterable<DelegationEvent> {
    return this.#log.read(from, signal)
  }

  /** What readers have seen. */
  *told(from: number): Iterable<DelegationEvent> {
    const { visible } = this.#log
    for (let number = from; number < visible; number += 1) {
      const event = this.#log.at(number)
      if (event !== undefined) yield event
    }
  }

  get bytes(): number {
    return this.#log.bytes
  }

  /** Whether an event could not be kept: what follows it is not kept either, so that none is missing. */
  get broken(): boolean {
    return this.#broken
  }

  /** Resolves when the events are kept, all of them or none; with `sync`, on disk. Never rejects. */
  async tell(
    events: readonly DelegationEvent[],
    {
      position,
      sync = false
    }: { readonly position?: Position | undefined; readonly sync?: boolean }
  ): Promise<void> {
    if (this.#broken || events.length === 0) return
    const kept = events.map((event) => this.#append(event, position))
    const commit = this.#store.tell(this.#init.id, kept, sync)
    for (const { number, event } of kept) {
      // A piece of text may be seen before it is kept: it is no state, and waiting would be felt.
      if (isPiece(event) && this.#log.visible === number) this.#log.reveal(number + 1)
    }
    const { length } = this.#log
    try {
      await commit
      this.#log.reveal(length)
    } catch (error) {
      this.#break(toLumosError(error))
    }
  }

  /** The end as its worker told it, who has it on disk: a caller without power asks again. */
  async finish(end: OutboxEnd, result: DelegationEvent, recalls: readonly Recall[]): Promise<void> {
    await this.#end(end, result, { elsewhere: true, recalls })
  }

  /** An end that only this node knows, on disk before it is shown; an error is no event. */
  async end(
    end: OutboxEnd,
    result: DelegationEvent | LumosError,
    recalls: readonly Recall[]
  ): Promise<void> {
    await this.#end(end, result, { recalls })
  }

  /** Readers are told; the task itself goes on in the next process. */
  leave(reason: LumosError): void {
    this.#log.end(reason)
  }

  async #end(
    end: OutboxEnd,
    result: DelegationEvent | LumosError,
    options: EndOptions
  ): Promise<void> {
    if (this.#broken) return
    const error = result instanceof LumosError ? result : undefined
    const last = result instanceof LumosError ? undefined : this.#append(result)
    try {
      await this.#store.end(this.#init.id, end, { ...options, ...(last && { last }) })
      this.#log.reveal(this.#log.length)
      this.#log.end(error)
    } catch (cause) {
      this.#break(toLumosError(cause))
    }
  }

  #append(event: DelegationEvent, position?: Position): NumberedEvent {
    const number = this.#log.length
    this.#take(event)
    return { number, event, ...(position && { position }) }
  }

  #take(event: DelegationEvent): void {
    this.#log.append(event, sizeOfEvent(event))
    this.modelUse = withStep(this.modelUse, event)
  }

  #break(error: LumosError): void {
    if (this.#broken) return
    this.#broken = true
    this.#log.end(error)
    this.#init.onBroken(error)
  }
}

function isPiece(event: DelegationEvent): boolean {
  return event.type === 'artifact' && !event.lastChunk
}

/** Bytes, near enough for the backlog of readers. */
function sizeOfEvent(event: DelegationEvent): number {
  if (event.type !== 'artifact') return 256
  return sizeOf({ artifactUpdate: { taskId: '', contextId: '', artifact: event.artifact } })
}
