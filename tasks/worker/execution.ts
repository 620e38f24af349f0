/** Runs an agent for one task: its output into a sink, its end into an outcome, its hanging ended. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Artifact, Message, Part, StreamResponse, TaskState } from '../../core/a2a.ts'
import type { Chain } from '../../core/chain.ts'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Principal } from '../../core/principal.ts'
import type { Purse } from '../../core/purse.ts'
import type { ProgressDetails } from '../../protocols/a2a/extensions.ts'
import type { TaskTimeouts } from './timeouts.ts'

/** What an agent is given. */
export interface AgentWork {
  readonly agentId: string
  readonly taskId: string
  readonly contextId: string
  readonly caller: PeerIdText
  readonly message: Message
  /** What was said on the task so far, by both; `message` is the last of it. */
  readonly history: readonly Message[]
  /** Aborts when the task is cancelled or out of time. */
  readonly signal: AbortSignal
  /** A sign of life; what the agent says is one, too. */
  readonly heartbeat: () => void
  /** Agents that asked each other before this one; 0 when it was a person or a program. */
  readonly depth: number
  /** What it gives to those it asks: it is the last who asked. */
  readonly chain: Chain
  readonly principal: Principal
  readonly purse: Purse
  /** Milliseconds left for this run. */
  readonly remainingMs: () => number
  /** Told of an agent that did not end when its run did; `ended` resolves when it has. */
  readonly leftBehind: (agentId: string, ended: Promise<void>) => void
  /** There for a resumable agent whose earlier attempt was interrupted. */
  readonly resumed?: Resumption
}

/** What an interrupted attempt had said; the same shape as in agents/agent.ts. */
export interface Resumption {
  /** The one that was interrupted, from 1. */
  readonly attempt: number
  /** Its events in order, beginning with the Task as it stood when the attempt began. */
  readonly events: readonly StreamResponse[]
  /** It was made by another node, and this is its caller's word for it. */
  readonly elsewhere?: true
}

/** What may be done with a task whose run was interrupted. */
export interface AgentTraits {
  /** Running it twice does no harm. */
  readonly idempotent: boolean
  /** It goes on by itself when it is given its own events. */
  readonly resumable: boolean
  /** What the caller's node has to say of itself: `region=eu`. */
  readonly demands?: readonly string[]
  /** What the agent declares counts instead of what the node sets. */
  readonly timeouts?: TaskTimeouts
}

/** What an agent says; the same shapes as in agents/agent.ts. */
export type AgentUtterance =
  | string
  | ({ readonly type: 'progress'; readonly text: string } & ProgressDetails)
  | {
      readonly type: 'artifact'
      readonly artifact: Omit<Artifact, 'artifactId'> & { readonly artifactId?: string }
    }
  | {
      readonly type: 'input-required' | 'auth-required'
      readonly text: string
      readonly parts?: readonly Part[]
    }

/** Where an agent's output goes. */
export interface OutputSink {
  text(delta: string): void
  progress(text: string, details?: ProgressDetails): void
  artifact(artifact: Omit<Artifact, 'artifactId'> & { readonly artifactId?: string }): void
}

/** The agents of this node, as far as tasks concern them. */
export interface AgentRunner {
  /** `undefined` when there is no such agent. */
  traits(agentId: string): AgentTraits | undefined
  run(work: AgentWork): AsyncIterable<AgentUtterance>
}

/** What an agent needs from its caller before it can go on; its run ends with it. */
export interface Question {
  readonly state: 'TASK_STATE_INPUT_REQUIRED' | 'TASK_STATE_AUTH_REQUIRED'
  readonly text: string
  /** What belongs to it besides the text. */
  readonly parts?: readonly Part[]
}

export interface Outcome {
  readonly state: TaskState
  readonly error?: LumosError
  /** The task has not ended: it waits for its caller. */
  readonly question?: Question
}

export interface ExecutionComponents {
  readonly clock: Clock
  readonly runner: AgentRunner
}

export interface ExecutionInit {
  readonly work: AgentWork
  readonly sink: OutputSink
  /** Milliseconds between the signal and the hard end. */
  readonly graceMs: number
}

/** An agent that never waits for anything gives way to others after so much output. */
const OUTPUTS_PER_TURN = 256

/** Never rejects. Once it has resolved, the sink gets nothing more. */
export async function execute(
  { clock, runner }: ExecutionComponents,
  { work, sink, graceMs }: ExecutionInit
): Promise<Outcome> {
  const { signal, heartbeat } = work
  // Stopped before it began, perhaps because it could not be kept that it would.
  if (signal.aborted) return stopped(signal.reason)
  const hardEnd = Promise.withResolvers<void>()
  let disarm: (() => void) | undefined
  const listener = { sink, heartbeat, open: true }
  const speaking = speak(() => runner.run(work), listener)
  function onHardEnd(): void {
    work.leftBehind(work.agentId, settled(speaking))
    hardEnd.resolve()
  }
  function onAbort(): void {
    disarm = clock.after(graceMs, onHardEnd)
  }
  signal.addEventListener('abort', onAbort)
  let question: Question | undefined
  try {
    question = (await Promise.race([speaking, hardEnd.promise])) ?? undefined
  } catch (error) {
    if (!signal.aborted) return failure(error)
  } finally {
    listener.open = false
    disarm?.()
    signal.removeEventListener('abort', onAbort)
  }
  if (signal.aborted) return stopped(signal.reason)
  return question === undefined
    ? { state: 'TASK_STATE_COMPLETED' }
    : { state: question.state, question }
}

/** How a task ends that was stopped for `reason`. */
export function stopped(reason: unknown): Outcome {
  if (reason instanceof LumosError && reason.code === 'CANCELLED') {
    return { state: 'TASK_STATE_CANCELED' }
  }
  return failure(reason)
}

async function settled(work: Promise<unknown>): Promise<void> {
  await Promise.allSettled([work])
}

interface Listener {
  readonly sink: OutputSink
  readonly heartbeat: () => void
  /** Whether what the agent says still counts. */
  open: boolean
}

/** Resolves to the question that the agent ended with; what it would say after it is not asked for. */
async function speak(
  run: () => AsyncIterable<AgentUtterance>,
  listener: Listener
): Promise<Question | undefined> {
  const { sink, heartbeat } = listener
  let count = 0
  for await (const utterance of run()) {
    if (!listener.open) return undefined
    heartbeat()
    if (typeof utterance === 'string') sink.text(utterance)
    else if (utterance.type === 'progress') sink.progress(utterance.text, utterance)
    else if (utterance.type === 'artifact') sink.artifact(utterance.artifact)
    else return questionFrom(utterance)
    count += 1
    if (count % OUTPUTS_PER_TURN === 0) await turn()
  }
  return undefined
}

function questionFrom({
  type,
  text,
  parts
}: Extract<AgentUtterance, { type: `${string}-required` }>): Question {
  const state = type === 'input-required' ? 'TASK_STATE_INPUT_REQUIRED' : 'TASK_STATE_AUTH_REQUIRED'
  return { state, text, ...(parts && { parts }) }
}

/** What an unforeseen error says may hold anything: only its kind leaves this node. */
function failure(error: unknown): Outcome {
  if (error instanceof LumosError) return { state: 'TASK_STATE_FAILED', error }
  const reason = error instanceof Error ? error.name : typeof error
  return {
    state: 'TASK_STATE_FAILED',
    error: new LumosError('TASK_FAILED', { cause: error, details: { reason } })
  }
}
