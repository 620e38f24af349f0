/** The caller's side of tasks: remembers what this node asked for, and follows each to its end. */
import type { Artifact, Message, TaskState } from '../core/a2a.ts'
import type { Component } from '../core/component.ts'
import { LumosError } from '../core/errors.ts'
import type { WireError } from '../core/errors.ts'
import type { IdSource } from '../core/ids.ts'
import { isUuid } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import { Delegation } from './delegation.ts'
import type { DelegationComponents } from './delegation.ts'
import type { DelegationEvent } from './delegation-events.ts'
import type { Placement, WorkOrder } from './dispatcher.ts'
import type { TaskCounts } from './engine.ts'
import { payloadHash } from './payload-hash.ts'

export interface DelegationsComponents extends DelegationComponents {
  readonly ids: IdSource
}

export interface DelegationsInit {
  /** Ended delegations to remember. */
  readonly maxEnded?: number
  /** Milliseconds an ended delegation is remembered. */
  readonly retentionMs?: number
}

export interface DelegationRequest extends Omit<WorkOrder, 'taskId' | 'where'> {
  /** UUID; made here when there is none. The same id, target and message is the same task. */
  readonly taskId?: string
  readonly where?: WorkOrder['where']
  /** Milliseconds the task may take. */
  readonly timeoutMs?: number
}

/** One task that this node asked for. */
export interface DelegationView {
  readonly id: string
  readonly target: string
  readonly message: Message
  readonly state: TaskState
  readonly placement: Placement | undefined
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly tookMs: number | undefined
  readonly error: WireError | undefined
  readonly artifacts: readonly Artifact[]
}

export interface Delegations extends Component {
  /**
   * Starts the task, or finds it if it was asked for already (TASK_CONFLICT: with another request).
   * It goes on whether or not somebody reads its events.
   */
  delegate(request: DelegationRequest): Promise<DelegationView>
  /**
   * Events from number `from` on, old and new, until the task ends. Their numbers are their places,
   * from 0. Throws when no worker took the task. `undefined` for an unknown task.
   */
  watch(
    id: string,
    options?: { readonly from?: number; readonly signal?: AbortSignal }
  ): AsyncIterable<DelegationEvent> | undefined
  find(id: string): DelegationView | undefined
  /** In no particular order; the ledger sorts. */
  list(): readonly DelegationView[]
  /** Since the start of this process. */
  counts(): TaskCounts
  /** Asks the worker to stop. TASK_NOT_FOUND, TASK_NOT_CANCELABLE. */
  cancel(id: string): Promise<DelegationView>
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
  /** In the order of their end. */
  readonly #ended = new Map<string, Delegation>()
  readonly #following = new Set<Promise<void>>()
  readonly #counts = { completed: 0, failed: 0 }
  #stopped = false

  constructor(components: DelegationsComponents, init: DelegationsInit) {
    this.#parts = components
    this.#init = {
      maxEnded: LIMITS.delegationsKept.value,
      retentionMs: LIMITS.taskRetention.value,
      ...init
    }
  }

  start(): Promise<void> {
    this.#stopped = false
    return Promise.resolve()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const delegation of this.#running.values()) {
      delegation.stop(new LumosError('SHUTTING_DOWN'))
    }
    await Promise.all(this.#following)
  }

  async delegate(request: DelegationRequest): Promise<DelegationView> {
    if (this.#stopped) throw new LumosError('SHUTTING_DOWN')
    const { taskId = this.#parts.ids(), timeoutMs = Infinity, where = 'any', ...rest } = request
    if (!isUuid(taskId)) {
      throw new LumosError('INVALID_REQUEST', { details: { reason: 'the task id is not a UUID' } })
    }
    const hash = payloadHash(`${request.target} ${request.to ?? ''} ${where}`, request.message)
    const known = this.#find(taskId)
    if (known === undefined) {
      const order = { ...rest, taskId, where }
      return viewOf(
        this.#begin(new Delegation(this.#parts, { order, payloadHash: hash, timeoutMs }))
      )
    }
    if (known.payloadHash !== hash) {
      throw new LumosError('TASK_CONFLICT', { details: { task: taskId } })
    }
    return viewOf(known)
  }

  watch(
    id: string,
    { from = 0, signal }: { readonly from?: number; readonly signal?: AbortSignal } = {}
  ): AsyncIterable<DelegationEvent> | undefined {
    return this.#find(id)?.log.read(from, signal)
  }

  find(id: string): DelegationView | undefined {
    const found = this.#find(id)
    return found && viewOf(found)
  }

  list(): readonly DelegationView[] {
    this.#forgetOld()
    return [...this.#running.values(), ...this.#ended.values()].map(viewOf)
  }

  counts(): TaskCounts {
    return { running: this.#running.size, ...this.#counts }
  }

  async cancel(id: string): Promise<DelegationView> {
    const found = this.#find(id)
    if (found === undefined) throw new LumosError('TASK_NOT_FOUND')
    found.cancel()
    return viewOf(found)
  }

  #find(id: string): Delegation | undefined {
    return this.#running.get(id) ?? this.#ended.get(id)
  }

  #begin(delegation: Delegation): Delegation {
    if (this.#running.size >= LIMITS.tasksActive.value) {
      throw new LumosError('OVERLOADED', { details: { retryAfterMs: 1000 } })
    }
    const id = delegation.order.taskId
    this.#running.set(id, delegation)
    const following = delegation.run().finally(() => {
      this.#following.delete(following)
      this.#running.delete(id)
      this.#ended.set(id, delegation)
      this.#counts[delegation.state === 'TASK_STATE_COMPLETED' ? 'completed' : 'failed'] += 1
      this.#forgetOld()
    })
    this.#following.add(following)
    return delegation
  }

  #forgetOld(): void {
    const { maxEnded, retentionMs } = this.#init
    const horizon = this.#parts.clock.now() - retentionMs
    for (const [id, { updatedAt }] of this.#ended) {
      if (this.#ended.size <= maxEnded && updatedAt >= horizon) break
      this.#ended.delete(id)
    }
  }
}

function viewOf(delegation: Delegation): DelegationView {
  const { order, state, placement, createdAt, updatedAt, tookMs, error } = delegation
  return {
    id: order.taskId,
    target: order.target,
    message: order.message,
    state,
    placement,
    createdAt,
    updatedAt,
    tookMs,
    error,
    get artifacts() {
      return delegation.artifacts
    }
  }
}
