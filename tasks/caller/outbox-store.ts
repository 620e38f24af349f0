/** Keeps what this node asked for: who asked once need not ask again, whatever happens to the process. */
import type { TaskState } from '../../core/a2a.ts'
import type { WireError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'
import type { BatchOperation, Batches, LineOperation } from '../../storage/batches.ts'
import type { Operation, Store } from '../../storage/store.ts'
import { createOwnedLists, endedOwn, keying, listing, unlisting } from '../edge/orders.ts'
import type { EdgeMark, EndedOwn } from '../edge/orders.ts'
import type { EdgeAccounts } from '../edge/accounts.ts'
import type { ModelUse } from '../edge/use.ts'
import { lastEvent, lineOf, readEvents } from '../event-lines.ts'
import { del, parse, put } from '../stored-json.ts'
import type { ListPlace } from '../worker/task-store.ts'
import type { DelegationEvent } from './delegation-events.ts'
import type { NodeName, WorkOrder } from './dispatcher.ts'
import { outboxKeys } from './outbox-keys.ts'
import type { Recall } from './recalls.ts'

/** What was asked; never changes. */
export interface OutboxRecord {
  readonly order: WorkOrder
  /** Tells a repeat from a conflict (tasks/worker/payload-hash.ts). */
  readonly payloadHash: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Milliseconds since the epoch; absent without a deadline. */
  readonly deadlineAt?: number
  /** Nobody waits at the terminal: that there is no worker now is no reason to give up. */
  readonly patient?: boolean
  /** The task whose agent asked: nobody wants the answer once the process of that run has ended. */
  readonly parent?: string
  /** There when somebody outside the swarm asked. */
  readonly edge?: EdgeMark
}

/** An event, and where the worker's log stood with it. */
export interface OutboxEvent {
  readonly event: DelegationEvent
  readonly position?: Position
}

/** `number` counts the events of one order, from 0. */
export interface NumberedEvent extends OutboxEvent {
  readonly number: number
}

export interface OutboxEnd {
  readonly state: TaskState
  /** Milliseconds since the epoch. */
  readonly updatedAt: number
  readonly tookMs: number
  readonly worker?: NodeName
  readonly agentId?: string
  readonly error?: WireError
  /** There when the worker asked: what was said is among the events. */
  readonly dialogue?: true
  /** As in its record. */
  readonly edge?: EdgeMark
  /** What models took, of an order with `edge`. */
  readonly spent?: ModelUse
}

export interface EndOptions {
  readonly last?: NumberedEvent
  /** Workers that may have the task, and have to be told that nobody wants it from them. */
  readonly recalls?: readonly Recall[]
  /** Somebody else has it on disk: it is brought there here, too, but nobody waits for it. */
  readonly elsewhere?: boolean
}

/** The value at `end/` and `ended/`. */
interface StoredEnd extends OutboxEnd {
  /** Of everything that is kept about it, near enough. */
  readonly bytes: number
}

/** What is on its way to the disk of an open order. */
interface Written {
  bytes: number
  /** The number under which its last event lies. */
  last: number | undefined
}

/** One that has not ended, with all that is known of it. */
export interface OpenOrder {
  readonly record: OutboxRecord
  readonly events: readonly OutboxEvent[]
  readonly cancelling: boolean
}

export interface EndedOrder {
  readonly record: OutboxRecord
  readonly end: OutboxEnd
}

export interface OutboxQuery {
  readonly limit: number
  readonly state?: TaskState
  /** Only those behind this place. */
  readonly before?: ListPlace
}

/**
 * Writes are made in the order of the calls, without waiting for each other. With `sync` they
 * resolve when they are on disk, else when they outlive the process.
 */
export interface OutboxStore {
  add(record: OutboxRecord): Promise<void>
  /** All of the events or none. */
  tell(id: string, events: readonly NumberedEvent[], sync: boolean): Promise<void>
  cancel(id: string): Promise<void>
  /** What workers are still to be told of ended orders. */
  recalls(): Promise<readonly Recall[]>
  /** This worker need not be told any more. */
  settle(recall: Recall): Promise<void>
  /** The end, and what belongs to it: all or nothing. */
  end(id: string, end: OutboxEnd, options?: EndOptions): Promise<void>
  /** Everything of an ended order. */
  remove(id: string): Promise<void>
  open(): Promise<readonly OpenOrder[]>
  findEnded(id: string): Promise<EndedOrder | undefined>
  /** The id of the order with this key in its mark. */
  findKey(key: string): Promise<string | undefined>
  /** All keys under which orders were given. */
  keys(): AsyncIterable<string>
  events(id: string, from: number): AsyncIterable<DelegationEvent>
  lastEvent(id: string): Promise<DelegationEvent | undefined>
  /** Youngest end first. */
  listEnded(query: OutboxQuery): Promise<readonly EndedOrder[]>
  /** Those that one at the edge asked for. */
  endedOf(owner: string): Promise<EndedOwn>
  /** Forgets those that ended before `horizon`, and the oldest that are too many. */
  collect(horizon: number): Promise<void>
}

export interface OutboxStoreComponents {
  readonly store: Pick<Store, 'get' | 'getMany' | 'iterate'>
  readonly batches: Batches
  /** Where it is counted what those at the edge use; absent, it is not. */
  readonly accounts?: Pick<EdgeAccounts, 'ended' | 'notEnded' | 'forgotten'>
}

export interface OutboxStoreInit {
  /** Ended orders to keep. */
  readonly maxEnded?: number
  /** Bytes of ended orders to keep. */
  readonly maxBytes?: number
}

/** Operations of one portion of forgetting: more would keep others waiting for the disk. */
const PORTION = 2048

/** How many ended orders there are; the value at `out/total`. */
interface Total {
  orders: number
  bytes: number
}

export async function openOutboxStore(
  components: OutboxStoreComponents,
  init: OutboxStoreInit = {}
): Promise<OutboxStore> {
  const kept = await components.store.get(outboxKeys.total)
  const total = kept === undefined ? { orders: 0, bytes: 0 } : parse<Total>(kept)
  return new JournalOutboxStore(components, { ...init, total })
}

class JournalOutboxStore implements OutboxStore {
  readonly #store: OutboxStoreComponents['store']
  readonly #batches: Batches
  readonly #accounts: OutboxStoreComponents['accounts']
  readonly #maxEnded: number
  readonly #maxBytes: number
  readonly #total: Total
  readonly #lists: ReturnType<typeof createOwnedLists>
  /** Of open orders. */
  readonly #written = new Map<string, Written>()
  /** Open orders whose wish to be cancelled is on disk. */
  readonly #cancelled = new Set<string>()

  constructor(
    { store, batches, accounts }: OutboxStoreComponents,
    init: OutboxStoreInit & { readonly total: Total }
  ) {
    this.#store = store
    this.#batches = batches
    this.#accounts = accounts
    this.#maxEnded = init.maxEnded ?? LIMITS.delegationsOnDisk.value
    this.#maxBytes = init.maxBytes ?? LIMITS.delegationsOnDiskBytes.value
    this.#total = init.total
    this.#lists = createOwnedLists(store)
  }

  add(record: OutboxRecord): Promise<void> {
    const { taskId } = record.order
    const kept = put(outboxKeys.record(taskId), record)
    this.#written.set(taskId, { bytes: kept.value.length, last: undefined })
    return this.#batches.write([kept, put(outboxKeys.open(taskId), {}), ...keying(record)], true)
  }

  tell(id: string, events: readonly NumberedEvent[], sync: boolean): Promise<void> {
    const operations = events.map((event) => this.#line(id, event))
    return this.#batches.write(operations, sync)
  }

  cancel(id: string): Promise<void> {
    this.#cancelled.add(id)
    return this.#batches.write([put(outboxKeys.cancel(id), {})], true)
  }

  async recalls(): Promise<readonly Recall[]> {
    const recalls: Recall[] = []
    for await (const [, value] of this.#store.iterate(outboxKeys.allRecalls)) {
      recalls.push(parse<Recall>(value))
    }
    return recalls
  }

  settle(recall: Recall): Promise<void> {
    return this.#batches.write([del(outboxKeys.recall(recall))], false)
  }

  async end(
    id: string,
    end: OutboxEnd,
    { last, elsewhere = false, recalls = [] }: EndOptions = {}
  ): Promise<void> {
    const operations: BatchOperation[] = last === undefined ? [] : [this.#line(id, last)]
    const { bytes } = this.#writtenOf(id)
    const named = put(outboxKeys.end(id), { ...end, bytes } satisfies StoredEnd)
    operations.push(named, { ...named, key: outboxKeys.ended(id, end.updatedAt) })
    operations.push(...listing(id, end))
    // A quick task has ended before it was written that it began.
    operations.push({ type: 'drop', key: outboxKeys.open(id) })
    if (this.#cancelled.delete(id)) operations.push(del(outboxKeys.cancel(id)))
    for (const recall of recalls) {
      // Else its worker has ended the task by itself before the next process could tell it.
      if (recall.until > end.updatedAt) operations.push(put(outboxKeys.recall(recall), recall))
    }
    operations.push(this.#count(1, bytes), ...(this.#accounts?.ended(end, bytes) ?? []))
    try {
      await this.#batches.write(operations, !elsewhere)
    } catch (error) {
      this.#count(-1, -bytes)
      this.#accounts?.notEnded(end, bytes)
      throw error
    }
    this.#lists.wrote(operations)
    if (elsewhere) this.#batches.write([], true).catch(() => {})
    this.#written.delete(id)
  }

  async remove(id: string): Promise<void> {
    const value = await this.#store.get(outboxKeys.end(id))
    if (value === undefined) return
    await this.#forget(await this.#forgetting(id, parse<StoredEnd>(value)), true)
  }

  async open(): Promise<readonly OpenOrder[]> {
    const orders: OpenOrder[] = []
    for await (const [name] of this.#store.iterate(outboxKeys.allOpen)) {
      const id = outboxKeys.idOf(name)
      const keys = [outboxKeys.record(id), outboxKeys.cancel(id)]
      const [record, cancel] = await this.#store.getMany(keys)
      if (record === undefined) continue
      if (cancel !== undefined) this.#cancelled.add(id)
      const events: OutboxEvent[] = []
      const written: Written = { bytes: record.length, last: undefined }
      const read = readEvents<OutboxEvent>(this.#store, outboxKeys.place(id))
      for await (const { under, event, size } of read) {
        events.push(event)
        written.bytes += size
        written.last = under
      }
      this.#written.set(id, written)
      orders.push({ record: parse<OutboxRecord>(record), events, cancelling: cancel !== undefined })
    }
    return orders
  }

  async findEnded(id: string): Promise<EndedOrder | undefined> {
    const keys = [outboxKeys.record(id), outboxKeys.end(id)]
    const [record, end] = await this.#store.getMany(keys)
    if (record === undefined || end === undefined) return undefined
    return { record: parse<OutboxRecord>(record), end: parse<OutboxEnd>(end) }
  }

  async findKey(key: string): Promise<string | undefined> {
    const id = await this.#store.get(outboxKeys.keyed(key))
    return id && Buffer.from(id).toString()
  }

  async *keys(): AsyncIterable<string> {
    for await (const [name] of this.#store.iterate(outboxKeys.allKeyed)) {
      yield outboxKeys.idOf(name)
    }
  }

  async *events(id: string, from: number): AsyncIterable<DelegationEvent> {
    for await (const { event } of readEvents<OutboxEvent>(
      this.#store,
      outboxKeys.place(id),
      from
    )) {
      yield event.event
    }
  }

  async lastEvent(id: string): Promise<DelegationEvent | undefined> {
    return (await lastEvent<OutboxEvent>(this.#store, outboxKeys.place(id)))?.event
  }

  async listEnded({ limit, state, before }: OutboxQuery): Promise<readonly EndedOrder[]> {
    const range = before === undefined ? outboxKeys.allEnded : outboxKeys.endedBehind(before)
    const found: { readonly id: string; readonly end: OutboxEnd }[] = []
    for await (const [name, value] of this.#store.iterate(range, { reverse: true })) {
      const end = parse<OutboxEnd>(value)
      if (state === undefined || end.state === state) found.push({ id: outboxKeys.idOf(name), end })
      if (found.length === limit) break
    }
    const records = await this.#store.getMany(found.map(({ id }) => outboxKeys.record(id)))
    return found.flatMap(({ end }, index) => {
      const record = records[index]
      // Forgotten between the two readings.
      return record === undefined ? [] : [{ record: parse<OutboxRecord>(record), end }]
    })
  }

  async endedOf(owner: string): Promise<EndedOwn> {
    return endedOwn(owner, await this.#lists.of(owner))
  }

  async collect(horizon: number): Promise<void> {
    this.#lists.tidy()
    const portion: Operation[] = []
    for await (const [name, value] of this.#store.iterate(outboxKeys.allEnded)) {
      const at = outboxKeys.timeOf(name)
      const { orders, bytes } = this.#total
      if (at >= horizon && orders <= this.#maxEnded && bytes <= this.#maxBytes) break
      portion.push(...(await this.#forgetting(outboxKeys.idOf(name), parse<StoredEnd>(value))))
      if (portion.length >= PORTION) await this.#forget(portion.splice(0), false)
    }
    if (portion.length > 0) await this.#forget(portion, false)
  }

  async #forget(operations: readonly Operation[], sync: boolean): Promise<void> {
    await this.#batches.write(operations, sync)
    this.#lists.wrote(operations)
  }

  #writtenOf(id: string): Written {
    const written = this.#written.get(id) ?? { bytes: 0, last: undefined }
    this.#written.set(id, written)
    return written
  }

  #line(id: string, { number, ...event }: NumberedEvent): LineOperation {
    const written = this.#writtenOf(id)
    const { last } = written
    const { operation, under } = lineOf(this.#batches, outboxKeys.place(id), {
      number,
      ...(last !== undefined && { last }),
      event
    })
    written.last = under
    written.bytes += operation.line.length
    return operation
  }

  /** Counting anew at each start took a second for 100,000 orders. */
  #count(orders: number, bytes: number): Operation {
    this.#total.orders += orders
    this.#total.bytes += bytes
    return put(outboxKeys.total, this.#total)
  }

  async #forgetting(id: string, end: StoredEnd): Promise<Operation[]> {
    const keys = [outboxKeys.record(id), outboxKeys.end(id), outboxKeys.ended(id, end.updatedAt)]
    for await (const [name] of this.#store.iterate(outboxKeys.events(id))) keys.push(name)
    const forgotten = this.#accounts?.forgotten(end, end.bytes) ?? []
    return [...keys.map(del), ...unlisting(id, end), ...forgotten, this.#count(-1, -end.bytes)]
  }
}
