/** What a person or a program sees of a task, made from A2A updates. */
import type {
  Artifact,
  Message,
  Part,
  StreamResponse,
  Task,
  TaskState,
  TaskStatus
} from '../../core/a2a.ts'
import type { Usage } from '../../core/budget.ts'
import { INTERRUPTED_STATES, TERMINAL_STATES, textOf } from '../../core/a2a.ts'
import type { AgentStep } from '../../core/agent-step.ts'
import { LumosError } from '../../core/errors.ts'
import type { WireError } from '../../core/errors.ts'
import type { RouteChoice } from '../../core/route-choice.ts'
import { errorOf, progressOf, stepOf } from '../../protocols/a2a/extensions.ts'
import type { NodeName } from './dispatcher.ts'

export type DelegationEvent =
  | {
      readonly type: 'routed'
      readonly candidates: number
      readonly worker: NodeName
      readonly agentId: string
      readonly path: 'local' | 'direct' | 'relay'
      readonly idempotent: boolean
      readonly resumable?: boolean
      readonly lookupMs: number
      readonly choice?: RouteChoice
    }
  | { readonly type: 'accepted'; readonly taskId: string; readonly atMs: number }
  | {
      readonly type: 'status'
      readonly state: TaskState
      readonly text?: string
      readonly fraction?: number
      readonly step?: AgentStep
      readonly atMs: number
    }
  | {
      readonly type: 'artifact'
      readonly artifact: Artifact
      readonly append: boolean
      readonly lastChunk: boolean
      readonly atMs: number
    }
  /** The task waits for its caller: for an answer, or (`auth`) for a permission. */
  | {
      readonly type: 'input-required'
      readonly auth: boolean
      readonly text: string
      /** What belongs to the question besides its text. */
      readonly parts?: readonly Part[]
      readonly atMs: number
    }
  /** What the caller said to it; the worker gets it as soon as it can. */
  | { readonly type: 'answered'; readonly message: Message; readonly atMs: number }
  /** A worker did not take the task, or (`maybeTaken`) perhaps did and did not say so; another try follows. */
  | {
      readonly type: 'retry'
      readonly error: WireError
      readonly maybeTaken: boolean
      readonly atMs: number
    }
  /** The worker takes longer than usual (`afterMs`): another one is asked as well, and the first answer counts. */
  | {
      readonly type: 'hedged'
      readonly worker: NodeName
      readonly agentId: string
      readonly path: 'local' | 'direct' | 'relay'
      readonly idempotent: boolean
      readonly resumable?: boolean
      readonly afterMs: number
      readonly atMs: number
    }
  /** The first worker answered first, or (`error`) the second cannot; it is told to stop. */
  | {
      readonly type: 'hedge-lost'
      readonly worker: NodeName
      readonly error?: WireError
      readonly atMs: number
    }
  /** Contact with the worker that took the task is lost. What it said still counts. */
  | {
      readonly type: 'waiting'
      readonly worker: NodeName
      readonly error: WireError
      readonly atMs: number
    }
  /** Contact is back; the story goes on where it broke off. */
  | { readonly type: 'resumed'; readonly worker: NodeName; readonly atMs: number }
  /**
   * The worker was interrupted and begins anew, or (`worker`) another one does in its place: artifacts
   * told so far count no more.
   */
  | {
      readonly type: 'restarted'
      readonly attempt: number
      readonly worker?: NodeName
      readonly atMs: number
    }
  | {
      readonly type: 'result'
      readonly taskId: string
      readonly state: TaskState
      readonly artifacts: readonly Artifact[]
      readonly worker: NodeName
      readonly tookMs: number
      readonly firstEventMs: number | null
      readonly error?: WireError
      /** What its worker says was spent on it; absent when that is not told. */
      readonly usage?: Usage
    }

/** What an update says, apart from the end of the task. */
export function eventsOf(update: StreamResponse, atMs: number): DelegationEvent[] {
  const { task, statusUpdate, artifactUpdate } = update
  if (task !== undefined) return eventsOfTask(task, atMs)
  if (statusUpdate !== undefined) return eventsOfStatus(statusUpdate.status, atMs)
  if (artifactUpdate === undefined) return []
  const { artifact, append = false, lastChunk = false } = artifactUpdate
  return [{ type: 'artifact', artifact, append, lastChunk, atMs }]
}

/** A whole task replaces what was said before: its artifacts are told anew. */
function eventsOfTask({ status, artifacts = [] }: Task, atMs: number): DelegationEvent[] {
  const told = artifacts.map((artifact) => ({
    type: 'artifact' as const,
    artifact,
    append: false,
    lastChunk: TERMINAL_STATES.has(status.state),
    atMs
  }))
  // That it is submitted is what `accepted` says.
  return status.state === 'TASK_STATE_SUBMITTED' ? told : [...eventsOfStatus(status, atMs), ...told]
}

function eventsOfStatus({ state, message }: TaskStatus, atMs: number): DelegationEvent[] {
  if (TERMINAL_STATES.has(state)) return []
  if (INTERRUPTED_STATES.has(state)) {
    const rest = (message?.parts ?? []).filter((part) => part.text === undefined)
    return [
      {
        type: 'input-required',
        auth: state === 'TASK_STATE_AUTH_REQUIRED',
        text: textOf(message?.parts ?? []),
        ...(rest.length > 0 && { parts: rest }),
        atMs
      }
    ]
  }
  const text = message && textOf(message.parts)
  const fraction = progressOf(message)
  const step = stepOf(message)
  return [
    {
      type: 'status',
      state,
      ...(text && { text }),
      ...(fraction !== undefined && { fraction }),
      ...(step !== undefined && { step }),
      atMs
    }
  ]
}

/** Why a task did not complete; `undefined` when it did. */
export function failureOf(status: TaskStatus, task: string): WireError | undefined {
  const { state, message } = status
  if (state === 'TASK_STATE_COMPLETED' || !TERMINAL_STATES.has(state)) return undefined
  const typed = errorOf(status)
  if (typed !== undefined) return typed
  if (state === 'TASK_STATE_CANCELED') return new LumosError('CANCELLED').toWire()
  const reason = ((message && textOf(message.parts)) || 'it gave no reason').slice(0, 256)
  const code = state === 'TASK_STATE_REJECTED' ? 'TASK_REFUSED' : 'TASK_FAILED'
  return new LumosError(code, { details: { reason, task } }).toWire()
}
