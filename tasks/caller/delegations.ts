/** The caller's side of tasks: remembers what this node asked for, and follows each to its end. */
import type { Message } from '../../core/a2a.ts'
import type { Component } from '../../core/component.ts'
import { fromWireError, LumosError, toLumosError, invalidRequest } from '../../core/errors.ts'
import type { IdSource, PeerIdText } from '../../core/ids.ts'
import { isUuid } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { EdgeGate } from '../edge/gate.ts'
import { edgeEntryOf, edgePage, type EdgePage } from '../edge/page.ts'
import { insideOf } from '../edge/scope.ts'
import type { EdgeQuery } from '../edge/orders.ts'
import { COLLECT_INTERVAL_MS, type TaskCounts } from '../worker/engine.ts'
import { endOfOrder, type OnTaskEnd } from '../task-end.ts'
import { Delegation, type DelegationComponents, type DelegationInit } from './delegation.ts'
import type { DelegationEvent } from './delegation-events.ts'
import { recordOf, repeatOf, type DelegationRequest } from './delegation-request.ts'
import { dialogueOf, type Dialogue } from './dialogue.ts'
import { pageOf, viewOf, viewOfEnded } from './delegation-view.ts'
import type { DelegationView } from './delegation-view.ts'
import { createRecalls, type Recall, type Recalls } from './recalls.ts'
import { OrderKeys } from './order-keys.ts'
import { createRecentDelegations } from './recent-delegations.ts'
import type { EndedOrder, OutboxQuery, OutboxRecord, OutboxStore } from './outbox-store.ts'

export interface DelegationsComponents extends DelegationComponents {
  readonly ids: IdSource
  /** Holds back those outside of the swarm; absent, they are not. */
  readonly gate?: EdgeGate
  /** Asked at every start. */
  readonly openStore: () => Promise<OutboxStore>
}

export interface DelegationsInit {
  /** Milliseconds an ended delegation is remembered. */
  readonly retentionMs?: number
  /** Told of each task that was asked for here and has ended. */
  readonly onEnd?: OnTaskEnd
}

export interface WatchOptions {
  readonly from?: number
  readonly signal?: AbortSignal
  /** Whether to wait for what is to come; default true. */
  readonly follow?: boolean
}

export interface Delegations extends Component {
  /**
   * Starts the task, or finds it if it was asked for already (TASK_CONFLICT: with another request).
   * Resolves when the order is on disk: from then on it is followed to its end, whether or not
   * somebody reads its events, and by the next process if this one ends.
   */
  delegate(request: DelegationRequest): Promise<DelegationView>
  /**
   * Events from number `from` on, old and new, until the task ends. Their numbers are their places,
   * from 0. Throws when no worker took the task, TASK_NOT_FOUND for an unknown one.
   */
  watch(id: string, options?: WatchOptions): AsyncIterable<DelegationEvent>
  find(id: string): Promise<DelegationView | undefined>
  /** Youngest change of state first. */
  list(query: OutboxQuery): Promise<readonly DelegationView[]>
  /** What one at the edge asked for, that goes on and that has ended. */
  listEdge(query: EdgeQuery): Promise<EdgePage>
  /** Since the start of this process. */
  counts(): TaskCounts
  /** Asks the worker to stop. TASK_NOT_FOUND, TASK_NOT_CANCELABLE. */
  cancel(id: string): Promise<DelegationView>
  /**
   * Answers what the task asks; resolves when the answer is on disk. The same message again is the
   * same. TASK_NOT_FOUND, TASK_NOT_WAITING, TASK_CONFLICT.
   */
  answer(id: string, message: Message): Promise<DelegationView>
  /** An order that has not ended, as that worker has it, or may have it. */
  heldBy(worker: PeerIdText, id: string): OutboxRecord | undefined
  /** The same order under a new id. TASK_NOT_FOUND, TASK_RUNNING. */
  retry(id: string): Promise<DelegationView>
  /** Forgets an ended task. TASK_NOT_FOUND, TASK_RUNNING. */
  remove(id: string): Promise<void>
}

export function createDelegations(
  components: DelegationsComponents,
  init: DelegationsInit = {}
): Delegations {
  return new Outbox(components, init)
}

class Outbox implements Delegations {
  readonly #parts: DelegationsComponents
  readonly #init: Required<DelegationsInit>
  readonly #running = new Map<string, Delegation>()
  /** Orders on their way to disk: a repeat waits for the same one. */
  readonly #arriving = new Map<string, Promise<void>>()
  readonly #following = new Set<Promise<void>>()
  /** Those that could not be followed further, because what they tell could not be kept. */
  readonly #stranded = new Set<string>()
  readonly #recent = createRecentDelegations()
  readonly #counts = { completed: 0, failed: 0 }
  #store: OutboxStore | undefined
  #keys: OrderKeys | undefined
  #recalls: Recalls | undefined
  #closing = new AbortController()
  #collecting: Promise<void> = Promise.resolve()

  constructor(components: DelegationsComponents, init: DelegationsInit) {
    this.#parts = components
    this.#init = { retentionMs: LIMITS.taskRetention.value, onEnd: () => {}, ...init }
  }

  async start(): Promise<void> {
    if (this.#store !== undefined) return
    this.#closing = new AbortController()
    const store = await this.#parts.openStore()
    this.#store = store
    this.#keys = new OrderKeys(store)
    // Told twice does no harm.
    const onSettled = (recall: Recall): void => void store.settle(recall).catch(() => {})
    this.#recalls = createRecalls({ ...this.#parts, onSettled })
    for (const recall of await store.recalls()) this.#recalls.keep(recall)
    await this.#takeUp(store)
    this.#collecting = this.#collect(store, this.#closing.signal)
  }

  async stop(): Promise<void> {
    this.#closing.abort()
    this.#parts.gate?.stop()
    for (const delegation of this.#running.values()) {
      delegation.stop(new LumosError('SHUTTING_DOWN'))
    }
    const ending = [this.#collecting, this.#recalls?.stop(), this.#keys?.stop()]
    await Promise.allSettled([...this.#following, ...ending])
    this.#running.clear()
    this.#recent.clear()
    this.#stranded.clear()
    this.#store = undefined
  }

  async delegate(request: DelegationRequest, hasEntered = false): Promise<DelegationView> {
    const store = this.#open()
    const { edge } = request
    const before = await this.#keys?.endedUnder(edge?.key)
    const keyed = this.#keys?.openUnder(edge?.key) ?? before
    const { taskId = keyed ?? this.#parts.ids() } = request
    if (!isUuid(taskId)) {
      throw invalidRequest('the task id is not a UUID')
    }
    const { clock, gate } = this.#parts
    const budget = gate?.budget(edge, request.budget) ?? request.budget
    const asked = recordOf({ ...request, budget }, { taskId, createdAt: clock.now() })
    const { isNew = request.taskId === undefined && keyed === undefined } = request
    const ended = isNew || this.#running.has(taskId) ? undefined : await store.findEnded(taskId)
    // Asked after the reading, during which the same id may have come a second time.
    const known = this.#running.get(taskId)?.record ?? ended?.record
    if (known === undefined) {
      const turn = hasEntered ? undefined : gate?.enter(edge)
      // The same may have come a second time while this one waited.
      if (turn !== undefined) return this.#delegateAfter(turn, request)
      this.#begin(asked, store)
    } else if (known.payloadHash !== asked.payloadHash) {
      throw new LumosError('TASK_CONFLICT', { details: { task: taskId } })
    }
    await this.#arriving.get(taskId)
    return this.#viewOf(taskId)
  }

  async #delegateAfter(turn: Promise<void>, request: DelegationRequest): Promise<DelegationView> {
    await turn
    try {
      return await this.delegate(request, true)
    } finally {
      this.#parts.gate?.leave(request.edge)
    }
  }

  async *watch(
    id: string,
    { from = 0, signal, follow = true }: WatchOptions = {}
  ): AsyncIterable<DelegationEvent> {
    const near = this.#near(id)
    if (near !== undefined) {
      yield* follow || near.ended ? near.log.read(from, signal) : near.log.told(from)
      return
    }
    const ended = await this.#open().findEnded(id)
    if (ended === undefined) throw new LumosError('TASK_NOT_FOUND')
    let last: DelegationEvent | undefined
    for await (const event of this.#open().events(id, from)) {
      signal?.throwIfAborted()
      yield event
      last = event
    }
    // No worker took it: the end is the error itself.
    if (last?.type !== 'result' && ended.end.error) throw fromWireError(ended.end.error)
  }

  async find(id: string): Promise<DelegationView | undefined> {
    const near = this.#near(id)
    if (near !== undefined) return viewOf(near)
    const ended = await this.#open().findEnded(id)
    if (ended === undefined) return undefined
    const last = await this.#open().lastEvent(id)
    return viewOfEnded(ended, {
      artifacts: last?.type === 'result' ? last.artifacts : [],
      usage: last?.type === 'result' ? last.usage : undefined,
      ...(ended.end.dialogue && { history: (await this.#dialogueOf(ended)).history })
    })
  }

  async list(query: OutboxQuery): Promise<readonly DelegationView[]> {
    const ended = (await this.#open().listEnded(query)).map((one) => viewOfEnded(one))
    return pageOf(query, [...this.#running.values()].map(viewOf), ended)
  }

  async listEdge(query: EdgeQuery): Promise<EdgePage> {
    const ended = await this.#open().endedOf(query.owner)
    return edgePage(query, {
      live: () => [...this.#running.values()].flatMap(edgeEntryOf),
      ended,
      find: (id) => this.find(id)
    })
  }

  counts(): TaskCounts {
    return { running: this.#running.size, ...this.#counts }
  }

  async cancel(id: string): Promise<DelegationView> {
    const running = this.#running.get(id)
    if (running !== undefined) await running.cancel()
    else await this.#ended(id, 'TASK_NOT_CANCELABLE')
    return this.#viewOf(id)
  }

  async answer(id: string, message: Message): Promise<DelegationView> {
    const near = this.#near(id)
    if (near !== undefined) await near.answer(insideOf(near.record, message))
    else {
      const ended = await this.#ended(id)
      const dialogue = await this.#dialogueOf(ended)
      dialogue.wants(insideOf(ended.record, message))
    }
    return this.#viewOf(id)
  }

  heldBy(worker: PeerIdText, id: string): OutboxRecord | undefined {
    const delegation = this.#running.get(id)
    const holds = delegation?.holders.some((one) => one.worker.id === worker) ?? false
    return holds && delegation?.ended === false ? delegation.record : undefined
  }

  async retry(id: string): Promise<DelegationView> {
    const { record } = await this.#ended(id)
    return this.delegate(repeatOf(record, this.#parts.ids()))
  }

  async remove(id: string): Promise<void> {
    await this.#ended(id)
    this.#recent.delete(id)
    await this.#open().remove(id)
  }

  /** An order that has ended; throws TASK_NOT_FOUND, TASK_RUNNING, or `otherwise` when it is there. */
  async #ended(id: string, otherwise?: 'TASK_NOT_CANCELABLE'): Promise<EndedOrder> {
    if (this.#running.has(id)) throw new LumosError('TASK_RUNNING', { details: { task: id } })
    const ended = await this.#open().findEnded(id)
    if (ended === undefined) throw new LumosError('TASK_NOT_FOUND')
    if (otherwise !== undefined) throw new LumosError(otherwise, { details: { task: id } })
    return ended
  }

  #dialogueOf({ record }: EndedOrder): Promise<Dialogue> {
    return dialogueOf(record.order, this.#open().events(record.order.taskId, 0))
  }

  #open(): OutboxStore {
    if (this.#store === undefined || this.#closing.signal.aborted) {
      throw new LumosError('SHUTTING_DOWN')
    }
    return this.#store
  }

  async #viewOf(id: string): Promise<DelegationView> {
    const view = await this.find(id)
    if (view === undefined) throw new LumosError('TASK_NOT_FOUND')
    return view
  }

  #near(id: string): Delegation | undefined {
    return this.#running.get(id) ?? this.#recent.get(id)
  }

  #delegation(init: Omit<DelegationInit, 'onRecall'>): Delegation {
    return new Delegation(this.#parts, {
      ...init,
      onRecall: (recall) => this.#recalls?.add(recall)
    })
  }

  /** The search for a worker begins while the order is written. */
  #begin(record: OutboxRecord, store: OutboxStore): void {
    if (this.#running.size >= LIMITS.tasksActive.value) {
      this.#parts.gate?.leave(record.edge)
      throw new LumosError('OVERLOADED', { details: { retryAfterMs: 1000 } })
    }
    const { taskId } = record.order
    const arrival = store.add(record).finally(() => this.#arriving.delete(taskId))
    this.#arriving.set(taskId, arrival)
    const delegation = this.#delegation({ record, store })
    arrival.catch((error: unknown) => {
      delegation.stop(toLumosError(error))
      // Nothing was promised.
      this.#leave(taskId)
    })
    this.#follow(delegation)
  }

  /** Goes on with all that has not ended and that nobody follows. */
  async #takeUp(store: OutboxStore): Promise<void> {
    for (const restored of await store.open()) {
      const { record } = restored
      const { taskId } = record.order
      if (this.#running.has(taskId) && !this.#stranded.has(taskId)) continue
      // It may have been asked for and have ended since the reading began.
      if ((await store.findEnded(taskId)) !== undefined) continue
      this.#stranded.delete(taskId)
      // The run that asked for it is over, and its next attempt asks anew.
      const cancelling = restored.cancelling || record.parent !== undefined
      this.#follow(this.#delegation({ record, store, restored: { ...restored, cancelling } }))
    }
    // What is not open any more did end: only the news of it failed.
    for (const taskId of this.#stranded) this.#leave(taskId)
    this.#stranded.clear()
  }

  #follow(delegation: Delegation): void {
    const id = delegation.order.taskId
    this.#running.set(id, delegation)
    this.#keys?.open(delegation.record.edge?.key, id)
    const running = this.#parts.gate?.run(delegation) ?? delegation.run()
    const following = running.finally(() => {
      this.#following.delete(following)
      if (this.#running.get(id) !== delegation) return
      if (!delegation.kept) {
        this.#stranded.add(id)
        return
      }
      this.#leave(id)
      this.#recent.add(id, delegation)
      this.#counts[delegation.state === 'TASK_STATE_COMPLETED' ? 'completed' : 'failed'] += 1
      this.#init.onEnd(endOfOrder(delegation))
    })
    this.#following.add(following)
  }

  #leave(id: string): void {
    this.#keys?.close(this.#running.get(id)?.record.edge?.key)
    this.#running.delete(id)
  }

  async #collect(store: OutboxStore, closing: AbortSignal): Promise<void> {
    const { clock, logger } = this.#parts
    while (await clock.sleep(COLLECT_INTERVAL_MS, closing)) {
      try {
        if (this.#stranded.size > 0) await this.#takeUp(store)
        await store.collect(clock.now() - this.#init.retentionMs)
      } catch (error) {
        logger.warn('the tasks that were asked for could not be looked through', { error })
      }
    }
  }
}
