/** All tasks of this node in one list: those it asked for and those it works on for others. */
import type { Artifact, Message, StreamResponse, TaskState } from '../core/a2a.ts'
import { TERMINAL_STATES } from '../core/a2a.ts'
import type { Usage } from '../core/budget.ts'
import type { Chain } from '../core/chain.ts'
import { LumosError } from '../core/errors.ts'
import type { WireError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { positionOf } from '../protocols/a2a/extensions.ts'
import { turnOf } from '../protocols/a2a/turn.ts'
import { eventsOf, failureOf } from './caller/delegation-events.ts'
import type { DelegationEvent } from './caller/delegation-events.ts'
import type { DelegationView } from './caller/delegation-view.ts'
import type { Delegations, WatchOptions } from './caller/delegations.ts'
import type { QuestionEvent } from './caller/dialogue.ts'
import type { NodeName } from './caller/dispatcher.ts'
import type { TaskEngine, TaskHandle } from './worker/engine.ts'
import { order } from './worker/memory-task-store.ts'
import type { OutboxQuery } from './caller/outbox-store.ts'
import { formatCursor, parseCursor } from './worker/task-list.ts'
import type { StoredTask, TaskKey, TaskQuery } from './worker/task-store.ts'
import { questionOf } from './worker/turns.ts'

export interface LedgerComponents {
  readonly engine: TaskEngine
  readonly delegations: Delegations
}

export interface LedgerInit {
  readonly self: NodeName
  /** The readable name of a peer. */
  readonly nameOf: (peer: PeerIdText) => string
}

export interface LedgerEntry {
  readonly id: string
  /** The task whose agent asked for this one, when that was on this node. */
  readonly parent: string | undefined
  readonly contextId: string
  readonly state: TaskState
  /** Agent id; of a task that found no worker, what was asked for. */
  readonly agent: string
  /** True when this node asked, even of itself; false when it works for a peer. */
  readonly outgoing: boolean
  readonly caller: NodeName
  /** `undefined` while no worker is chosen. */
  readonly worker: NodeName | undefined
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly tookMs: number | undefined
  readonly message: Message
  /** In lists only of tasks that this node asked for. */
  readonly error: WireError | undefined
  /** What a task that this node asked for waits to be answered. */
  readonly question: QuestionEvent | undefined
}

export interface LedgerDetails extends LedgerEntry {
  /** Absent in tasks from before there were any. */
  readonly chain: Chain | undefined
  /** What was spent on it, as far as it is told. */
  readonly usage: Usage | undefined
  readonly artifacts: readonly Artifact[]
  readonly history: readonly Message[]
}

export interface LedgerQuery {
  readonly limit: number
  /** From the page before. */
  readonly cursor?: string
  readonly state?: TaskState
  readonly outgoing?: boolean
  /** Only what this one asked for from outside the swarm. */
  readonly owner?: string
}

export interface Ledger {
  /** Youngest change of state first. */
  list(query: LedgerQuery): Promise<{ entries: readonly LedgerEntry[]; next: string }>
  /** Throws TASK_NOT_FOUND. */
  find(id: string): Promise<LedgerDetails>
  /** One that this node asked for. Throws TASK_NOT_FOUND or TASK_NOT_OURS. */
  findOwn(id: string): Promise<LedgerDetails>
  /** Events from number `from` on until the task ends, or now. Throws TASK_NOT_FOUND. */
  watch(id: string, options?: WatchOptions): Promise<AsyncIterable<DelegationEvent>>
  /** Throws TASK_NOT_FOUND or TASK_NOT_CANCELABLE. */
  cancel(id: string): Promise<LedgerDetails>
}

export function createLedger(components: LedgerComponents, init: LedgerInit): Ledger {
  return new BothWays(components, init)
}

class BothWays implements Ledger {
  readonly #engine: TaskEngine
  readonly #delegations: Delegations
  readonly #init: LedgerInit

  constructor({ engine, delegations }: LedgerComponents, init: LedgerInit) {
    this.#engine = engine
    this.#delegations = delegations
    this.#init = init
  }

  async list(query: LedgerQuery): Promise<{ entries: readonly LedgerEntry[]; next: string }> {
    const { limit, state, outgoing, cursor, owner } = query
    const before = cursor ? parseCursor(cursor) : undefined
    // One more than asked for tells whether another page follows.
    const part = { limit: limit + 1, ...(state && { state }), ...(before && { before }) }
    const own = outgoing === false ? [] : await this.#outgoing(part, owner)
    const others = outgoing === true || owner !== undefined ? [] : await this.#incoming(part)
    const entries = [...own, ...others].toSorted(order)
    const last = entries[limit - 1]
    const next = entries.length > limit && last !== undefined ? formatCursor(last) : ''
    return { entries: entries.slice(0, limit), next }
  }

  async find(id: string): Promise<LedgerDetails> {
    const own = await this.#delegations.find(id)
    if (own !== undefined) return this.#detailsOfOwn(own)
    return this.#detailsOf(await this.#engine.open(await this.#keyOf(id)))
  }

  async findOwn(id: string): Promise<LedgerDetails> {
    const details = await this.find(id)
    const { outgoing, caller } = details
    if (outgoing) return details
    throw new LumosError('TASK_NOT_OURS', {
      details: { task: id, owner: caller.name || caller.id }
    })
  }

  async watch(id: string, options: WatchOptions = {}): Promise<AsyncIterable<DelegationEvent>> {
    if ((await this.#delegations.find(id)) !== undefined) {
      return this.#delegations.watch(id, options)
    }
    const handle = await this.#engine.open(await this.#keyOf(id))
    return this.#eventsOf(handle, options)
  }

  async cancel(id: string): Promise<LedgerDetails> {
    if ((await this.#delegations.find(id)) !== undefined) await this.#delegations.cancel(id)
    else await this.#engine.cancel(await this.#keyOf(id))
    return this.find(id)
  }

  async #outgoing(query: OutboxQuery, owner: string | undefined): Promise<LedgerEntry[]> {
    if (owner === undefined) {
      const views = await this.#delegations.list(query)
      return views.map((view) => this.#entryOfOwn(view))
    }
    const { views } = await this.#delegations.listEdge({ ...query, owner })
    // Conversations have other names inside (tasks/edge/scope.ts).
    return views.map((view) => ({
      ...this.#entryOfOwn(view),
      ...(view.edge && { contextId: view.edge.contextId })
    }))
  }

  async #incoming(query: TaskQuery): Promise<LedgerEntry[]> {
    // What this node asks of itself stands among what it asked for.
    const page = await this.#engine.list({ ...query, exceptCaller: this.#init.self.id })
    return page.tasks.map((stored) => this.#entryOf(stored))
  }

  /** Ids are unique for their caller only, but UUIDs: two callers do not choose the same by chance. */
  async #keyOf(id: string): Promise<TaskKey> {
    // The other side of what this node asked of itself goes with the order.
    const query = { id, exceptCaller: this.#init.self.id, limit: 1 }
    const { tasks } = await this.#engine.list(query)
    const [found] = tasks
    if (found === undefined) throw new LumosError('TASK_NOT_FOUND')
    return found.record
  }

  #entryOfOwn(view: DelegationView): LedgerEntry {
    const { id, state, worker, agentId, createdAt, updatedAt, tookMs, message, error } = view
    return {
      id,
      parent: view.parent,
      question: view.question,
      contextId: message.contextId ?? '',
      state,
      agent: agentId ?? view.target,
      outgoing: true,
      caller: this.#init.self,
      worker,
      createdAt,
      updatedAt,
      tookMs,
      message,
      error
    }
  }

  #detailsOfOwn(view: DelegationView): LedgerDetails {
    const { artifacts, history, chain, usage } = view
    return { ...this.#entryOfOwn(view), artifacts, history, chain, usage }
  }

  #entryOf({ record, state, updatedAt }: StoredTask): LedgerEntry {
    const { id, contextId, agentId, caller, createdAt, message } = record
    return {
      id,
      contextId,
      state,
      agent: agentId,
      parent: undefined,
      outgoing: false,
      caller: { id: caller, name: this.#init.nameOf(caller) },
      worker: this.#init.self,
      createdAt,
      updatedAt,
      tookMs: TERMINAL_STATES.has(state) ? updatedAt - createdAt : undefined,
      message,
      error: undefined,
      question: undefined
    }
  }

  #detailsOf({ view }: TaskHandle): LedgerDetails {
    const { record } = view
    const { status, artifacts = [], history = [] } = view.snapshot()
    const updatedAt = status.timestamp ? Date.parse(status.timestamp) : record.createdAt
    const question = questionOf(status)
    return {
      ...this.#entryOf({ record, state: status.state, updatedAt }),
      error: failureOf(status, record.id),
      artifacts,
      chain: record.chain,
      usage: view.usage,
      history: question === undefined ? history : [...history, question]
    }
  }

  async *#eventsOf(
    handle: TaskHandle,
    { from = 0, signal, follow = true }: WatchOptions
  ): AsyncIterable<DelegationEvent> {
    const { ended } = handle.view
    const now = positionOf({ task: handle.view.snapshot({ artifacts: false }) })
    const { id, createdAt } = handle.view.record
    let number = 0
    let firstEventMs: number | null = null
    for await (const { seq, at, update } of handle.view.events(signal)) {
      const atMs = at - createdAt
      const told = [...answersIn(update, atMs), ...eventsOf(update, atMs)]
      if (told.length > 0) firstEventMs ??= atMs
      if (seq === 0) told.unshift({ type: 'accepted', taskId: id, atMs })
      for (const event of told) {
        if (number >= from) yield event
        number += 1
      }
      if (!follow && !ended && seq === now?.seq) return
    }
    if (number >= from) yield resultOf(this.#detailsOf(handle), this.#init.self, firstEventMs)
  }
}

/** A peer's task: what its caller answered stands in the worker's log only. */
function answersIn({ statusUpdate }: StreamResponse, atMs: number): DelegationEvent[] {
  const message = statusUpdate && turnOf(statusUpdate)
  return message === undefined ? [] : [{ type: 'answered', message, atMs }]
}

function resultOf(
  { id: taskId, state, artifacts, tookMs = 0, error, usage }: LedgerDetails,
  worker: NodeName,
  firstEventMs: number | null
): DelegationEvent {
  return {
    type: 'result',
    taskId,
    state,
    artifacts,
    worker,
    tookMs,
    firstEventMs,
    ...(error && { error }),
    ...(usage && { usage })
  }
}
