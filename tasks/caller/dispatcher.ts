/** The port by which tasks leave this node: who finds a worker and speaks with it (routing/). */
import type { Message, StreamResponse } from '../../core/a2a.ts'
import type { Chain } from '../../core/chain.ts'
import type { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { RouteChoice, RoutePolicy } from '../../core/route-choice.ts'
import type { Handover } from '../../protocols/a2a/handover.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'

export interface NodeName {
  readonly id: PeerIdText
  readonly name: string
}

export interface WorkOrder {
  readonly taskId: string
  /** Agent id, skill id, tag, `@agent` or `@agent@node`. */
  readonly target: string
  /** Node name, PeerId or a unique beginning of it. */
  readonly to?: string
  /** Which nodes may do it. */
  readonly where: 'local' | 'remote' | 'any'
  readonly message: Message
  /** Name of the way to choose among workers; without it the configured one. */
  readonly policy?: RoutePolicy
  /** Agents that asked each other before the one that is asked now; absent for none. */
  readonly depth?: number
  /** What the worker is told of those who asked before; absent in orders from before there were any. */
  readonly chain?: Chain
}

/** Who has the task. */
export interface Placement {
  readonly worker: NodeName
  readonly agentId: string
  readonly path: 'local' | 'direct' | 'relay'
  /** Whether the agent may be given the task twice without harm. */
  readonly idempotent: boolean
  /** Whether the agent goes on with what was begun, when it is told how far it came. */
  readonly resumable?: boolean
}

export type DispatchEvent =
  | {
      readonly type: 'routed'
      readonly placement: Placement
      /** Agents that could have done it. */
      readonly candidates: number
      readonly lookupMs: number
      /** Why this one; absent when there was no choice. */
      readonly choice?: RouteChoice
    }
  /**
   * The worker takes longer than usual, and another one is asked as well, which happens when what
   * comes next is asked for. What is told goes on to be of the first, until `routed` names the other.
   */
  | { readonly type: 'hedged'; readonly placement: Placement; readonly afterMs: number }
  /** The first goes on alone: it answered, or (`error`) the other cannot. */
  | { readonly type: 'hedge-lost'; readonly placement: Placement; readonly error?: LumosError }
  /**
   * The worker that was asked last did not take it, as far as is known; another try follows. With
   * `maybeTaken` it may have the task all the same.
   */
  | { readonly type: 'retry'; readonly error: LumosError; readonly maybeTaken: boolean }
  | { readonly type: 'update'; readonly update: StreamResponse }

export interface DispatchOptions {
  readonly signal: AbortSignal
  /** Milliseconds left for the task; `Infinity` without a deadline. */
  readonly remainingMs: () => number
  /** Workers that may have the task since an earlier dispatch: that one cannot be reached says nothing then. */
  readonly inDoubt?: readonly Placement[]
  /** Those that are not asked: they have the task and are away, or were told to stop it. */
  readonly except?: readonly Placement[]
  /** Whether it is taken from a worker that is away, which counts as a retry. */
  readonly isMove?: boolean
  /** What its last worker had said, for an agent that goes on from there. */
  readonly handover?: Handover
}

/** The way to a worker, and who looks on. */
export interface Dispatching {
  readonly dispatcher: Dispatcher
  /** Told what happens on that way, updates of the worker apart. */
  readonly onDispatch?: (event: DispatchEvent) => void
}

export interface Dispatcher {
  /**
   * Finds a worker and hands the task over, which it does when it is asked for what comes after
   * `routed`: who waits can write down whom the task goes to. The first update means that it was accepted, and from
   * then on no other worker is asked. Throws when nobody takes it (NO_ROUTE, DELEGATION_FAILED,
   * PEER_UNKNOWN, …), and when the stream breaks afterwards. DELEGATION_FAILED says in its details
   * whether somebody may have taken it (`maybeExecuted`), and names the `onlyPeer` that may be asked
   * again when another one could do harm.
   */
  dispatch(order: WorkOrder, options: DispatchOptions): AsyncIterable<DispatchEvent>
  /**
   * What happened to a task after `after`, and what happens next. Without `after` nothing was heard
   * of it yet: the order is sent once more to the same worker, for which it is the same task. With
   * `answer` the worker is given that first; UNSUPPORTED_OPERATION when it does not wait for one.
   */
  resume(
    place: {
      readonly placement: Placement
      readonly order: WorkOrder
      readonly after?: Position
      readonly answer?: Message
    },
    options: DispatchOptions
  ): AsyncIterable<StreamResponse>
  /** Resolves when the worker has ended the task; TASK_NOT_CANCELABLE when it had already. */
  cancel(placement: Placement, taskId: string, signal: AbortSignal): Promise<void>
  /** Whether there is a session with the worker. */
  isReachable(placement: Placement): boolean
  /** Resolves when there is a session with the worker, or `signal` aborts. */
  whenReachable(placement: Placement, signal: AbortSignal): Promise<void>
}
