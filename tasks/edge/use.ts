/** What one at the edge has used on one day, and how the end of a task adds to it. */
import type { TaskState } from '../../core/a2a.ts'
import type { DelegationEvent } from '../caller/delegation-events.ts'
import type { EdgeMark } from './orders.ts'

/** Sums. */
export interface EdgeUse {
  /** Over HTTP, those that were turned away included. */
  readonly requests: number
  /** By a quota. */
  readonly refused: number
  /** Tasks by how they ended. */
  readonly completed: number
  readonly failed: number
  readonly canceled: number
  readonly rejected: number
  /** Of language models, as their agents told step by step. */
  readonly inputTokens: number
  readonly outputTokens: number
  /** All that workers say was spent, on those whom their agents asked, too: never less than the two before. */
  readonly tokens: number
  /** US dollars, where prices are known. */
  readonly cost: number
  /** Milliseconds from the order of each task to its end. */
  readonly runMs: number
  /** Of orders and their stories, near enough. */
  readonly bytes: number
}

export interface DayOfUse extends EdgeUse {
  readonly owner: string
  /** `2026-11-21`, of UTC. */
  readonly day: string
}

/** What models took, as it was told while a task ran. */
export interface ModelUse {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly tokens: number
  readonly cost: number
}

/** Of ended tasks that can still be read. */
export interface Kept {
  readonly tasks: number
  readonly bytes: number
}

/** What the outbox knows of an end. */
export interface EndedAtEdge {
  readonly edge?: EdgeMark
  readonly state: TaskState
  readonly tookMs: number
  readonly spent?: ModelUse
}

export const NO_MODEL_USE: ModelUse = { inputTokens: 0, outputTokens: 0, tokens: 0, cost: 0 }

/** With what an event says that a model took. */
export function withStep(use: ModelUse, event: DelegationEvent): ModelUse {
  if (event.type !== 'status' || event.step?.kind !== 'usage') return use
  const { inputTokens, outputTokens, cost = 0 } = event.step
  return {
    inputTokens: use.inputTokens + inputTokens,
    outputTokens: use.outputTokens + outputTokens,
    tokens: use.tokens + inputTokens + outputTokens,
    cost: use.cost + cost
  }
}

export const NO_USE: EdgeUse = {
  requests: 0,
  refused: 0,
  completed: 0,
  failed: 0,
  canceled: 0,
  rejected: 0,
  inputTokens: 0,
  outputTokens: 0,
  tokens: 0,
  cost: 0,
  runMs: 0,
  bytes: 0
}

const OUTCOMES: Partial<Record<TaskState, keyof EdgeUse>> = {
  TASK_STATE_COMPLETED: 'completed',
  TASK_STATE_CANCELED: 'canceled',
  TASK_STATE_REJECTED: 'rejected'
}

export function useOf({ state, tookMs, spent }: EndedAtEdge, bytes: number): EdgeUse {
  return { ...NO_USE, ...spent, [OUTCOMES[state] ?? 'failed']: 1, runMs: tookMs, bytes }
}

export function addUse(one: EdgeUse, other: EdgeUse, sign: 1 | -1): EdgeUse {
  const sum: Record<keyof EdgeUse, number> = { ...one }
  for (const name of USES) sum[name] = (one[name] ?? 0) + sign * other[name]
  return sum
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.keys forgets the names
const USES = Object.keys(NO_USE) as (keyof EdgeUse)[]

export function keptAfter(kept: Kept, more: Kept): Kept {
  return { tasks: kept.tasks + more.tasks, bytes: Math.max(0, kept.bytes + more.bytes) }
}
