/** Runs an agent for one task: its output into a sink, its end into an outcome, its hanging ended. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Artifact, Message, StreamResponse, TaskState } from '../core/a2a.ts'
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { TaskTimeouts } from './timeouts.ts'

/** What an agent is given. */
export interface AgentWork {
  readonly agentId: string
  readonly taskId: string
  readonly contextId: string
  readonly caller: PeerIdText
  readonly message: Message
  /** Aborts when the task is cancelled or out of time. */
  readonly signal: AbortSignal
  /** A sign of life; what the agent says is one, too. */
  readonly heartbeat: () => void
  /** There for a resumable agent whose earlier attempt was interrupted. */
  readonly resumed?: Resumption
}

/** What an interrupted attempt had said; the same shape as in agents/agent.ts. */
export interface Resumption {
  /** The one that was interrupted, from 1. */
  readonly attempt: number
  /** Its events in order, beginning with the Task as it stood when the attempt began. */
  readonly events: readonly StreamResponse[]
}

/** What may be done with a task whose run was interrupted. */
export interface AgentTraits {
  /** Running it twice does no harm. */
  readonly idempotent: boolean
  /** It goes on by itself when it is given its own events. */
  readonly resumable: boolean
  /** What the agent declares counts instead of what the node sets. */
  readonly timeouts?: TaskTimeouts
}

/** What an agent says; the same shapes as in agents/agent.ts. */
export type AgentUtterance =
  | string
  | { readonly type: 'progress'; readonly text: string; readonly fraction?: number }
  | {
      readonly type: 'artifact'
      readonly artifact: Omit<Artifact, 'artifactId'> & { readonly artifactId?: string }
    }

/** Where an agent's output goes. */
export interface OutputSink {
  text(delta: string): void
  progress(text: string, fraction?: number): void
  artifact(artifact: Omit<Artifact, 'artifactId'> & { readonly artifactId?: string }): void
}

/** The agents of this node, as far as tasks concern them. */
export interface AgentRunner {
  /** `undefined` when there is no such agent. */
  traits(agentId: string): AgentTraits | undefined
  run(work: AgentWork): AsyncIterable<AgentUtterance>
}

export interface Outcome {
  readonly state: TaskState
  readonly error?: LumosError
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
  const hardEnd = Promise.withResolvers<void>()
  let disarm: (() => void) | undefined
  const listener = { sink, heartbeat, open: true }
  function onAbort(): void {
    disarm = clock.after(graceMs, hardEnd.resolve)
  }
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    await Promise.race([speak(runner.run(work), listener), hardEnd.promise])
  } catch (error) {
    if (!signal.aborted) return failure(error)
  } finally {
    listener.open = false
    disarm?.()
    signal.removeEventListener('abort', onAbort)
  }
  return signal.aborted ? stopped(signal.reason) : { state: 'TASK_STATE_COMPLETED' }
}

/** How a task ends that was stopped for `reason`. */
export function stopped(reason: unknown): Outcome {
  if (reason instanceof LumosError && reason.code === 'CANCELLED') {
    return { state: 'TASK_STATE_CANCELED' }
  }
  return failure(reason)
}

interface Listener {
  readonly sink: OutputSink
  readonly heartbeat: () => void
  /** Whether what the agent says still counts. */
  open: boolean
}

async function speak(utterances: AsyncIterable<AgentUtterance>, listener: Listener): Promise<void> {
  const { sink, heartbeat } = listener
  let count = 0
  for await (const utterance of utterances) {
    if (!listener.open) return
    heartbeat()
    if (typeof utterance === 'string') sink.text(utterance)
    else if (utterance.type === 'progress') sink.progress(utterance.text, utterance.fraction)
    else sink.artifact(utterance.artifact)
    count += 1
    if (count % OUTPUTS_PER_TURN === 0) await turn()
  }
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
