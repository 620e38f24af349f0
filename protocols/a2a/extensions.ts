/** What Lumos adds to A2A documents: where an event stands, typed errors, progress, the caller's task id. */
import type { Message, StreamResponse, Task, TaskStatus } from '../../core/a2a.ts'
import { asAgentStep } from '../../core/agent-step.ts'
import type { AgentStep } from '../../core/agent-step.ts'
import { wireDetails } from '../../core/errors.ts'
import type { WireError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import {
  ERROR_EXTENSION,
  EVENTS_EXTENSION,
  PROGRESS_EXTENSION,
  STEP_EXTENSION,
  TASK_ID_EXTENSION
} from './constants.ts'

/** Where an event stands in the life of its task. */
export interface Position {
  /** Counts the executions of the task, from 1. */
  readonly attempt: number
  /** Counts the events of the attempt, from 0, without gaps. */
  readonly seq: number
}

/** Metadata that says where an event stands. */
export function stamp({ attempt, seq }: Position): JsonObject {
  return { [EVENTS_EXTENSION]: { attempt, seq } }
}

/** Where an event stands, or up to which event a Task is told; `undefined` from a plain A2A agent. */
export function positionOf(event: StreamResponse): Position | undefined {
  const { task, statusUpdate, artifactUpdate, message } = event
  return stampOf((task ?? statusUpdate ?? artifactUpdate ?? message)?.metadata)
}

function stampOf(metadata: JsonObject | undefined): Position | undefined {
  const value = metadata?.[EVENTS_EXTENSION]
  if (!isJsonObject(value)) return undefined
  const { attempt, seq } = value
  return isCount(attempt) && isCount(seq) ? { attempt, seq } : undefined
}

/** `<attempt>.<seq>`, the form of the service parameter. */
export function formatPosition({ attempt, seq }: Position): string {
  return `${attempt}.${seq}`
}

export function parsePosition(text: string): Position | undefined {
  const [, attempt, seq] = /^(\d{1,9})\.(\d{1,9})$/.exec(text) ?? []
  if (attempt === undefined || seq === undefined) return undefined
  return { attempt: Number(attempt), seq: Number(seq) }
}

/** Metadata of a status message that carries a typed error. */
export function errorMetadata({ code, message, hint, details }: WireError): JsonObject {
  return {
    [ERROR_EXTENSION]: { code, message, ...(hint && { hint }), ...(details && { details }) }
  }
}

/** The typed error of a failed task's status, if it carries one. */
export function errorOf({ message }: TaskStatus): WireError | undefined {
  const value = message?.metadata?.[ERROR_EXTENSION]
  if (!isJsonObject(value)) return undefined
  const { code, message: text, hint, details } = value
  if (typeof code !== 'string' || typeof text !== 'string') return undefined
  return {
    code: code.slice(0, 64),
    message: text.slice(0, 1024),
    ...(typeof hint === 'string' && { hint: hint.slice(0, 1024) }),
    ...(isJsonObject(details) && { details: wireDetails(details) })
  }
}

/** Besides the text of a progress report. */
export interface ProgressDetails {
  /** How much is done, 0 to 1. */
  readonly fraction?: number | undefined
  readonly step?: AgentStep | undefined
}

/** Metadata of a working task's status message; `undefined` when there is nothing to say. */
export function progressMetadata({ fraction, step }: ProgressDetails): JsonObject | undefined {
  if (fraction === undefined && step === undefined) return undefined
  return {
    ...(fraction !== undefined && { [PROGRESS_EXTENSION]: { fraction } }),
    ...(step !== undefined && { [STEP_EXTENSION]: { ...step } })
  }
}

/** The step that a status message tells of, if it does. */
export function stepOf(message: Message | undefined): AgentStep | undefined {
  return asAgentStep(message?.metadata?.[STEP_EXTENSION])
}

export function progressOf(message: Message | undefined): number | undefined {
  const value = message?.metadata?.[PROGRESS_EXTENSION]
  const fraction = isJsonObject(value) ? value['fraction'] : undefined
  return typeof fraction === 'number' && fraction >= 0 && fraction <= 1 ? fraction : undefined
}

/** Request metadata by which a caller chooses the task's id. */
export function taskIdMetadata(taskId: string): JsonObject {
  return { [TASK_ID_EXTENSION]: { taskId } }
}

/** The id that the caller chose; any JSON value that a caller may have put there. */
export function chosenTaskId(metadata: JsonObject | undefined): Json | undefined {
  const value = metadata?.[TASK_ID_EXTENSION]
  return isJsonObject(value) ? value['taskId'] : value
}

/** A task with its place in the event log written into it. */
export function stampTask(task: Task, position: Position): Task {
  return { ...task, metadata: { ...task.metadata, ...stamp(position) } }
}

function isCount(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
