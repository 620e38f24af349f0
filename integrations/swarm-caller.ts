/** Asks agents of the swarm through the node of this machine, for programs of other frameworks. */
import { textOf } from '../core/a2a.ts'
import type { Artifact } from '../core/a2a.ts'
import type { AgentStep } from '../core/agent-step.ts'
import { fromWireError, LumosError } from '../core/errors.ts'
import { resolvePaths } from '../core/paths.ts'
import type { RunEvent } from '../client/api.ts'
import { createClient } from '../client/client.ts'

export interface SwarmOptions {
  /** Of the node's control API. Default: `LUMOS_SOCKET`, else that of the profile. */
  readonly socket?: string
  /** Of the node; default `LUMOS_PROFILE`, else `default`. */
  readonly profile?: string
  /** Milliseconds for the whole task; default as the node has it. */
  readonly timeoutMs?: number
}

/** What is told of a task on its way. */
export type SwarmEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'step'; readonly step: AgentStep }
  /** The last one: the task waits for {@link SwarmCaller.answer}. */
  | { readonly type: 'question'; readonly text: string }
  /** The last one: all text of the result. */
  | { readonly type: 'result'; readonly text: string }

export interface SwarmOrder {
  /** A UUID: the task is known by it, here and there. */
  readonly taskId: string
  readonly text: string
  /** Abort it, and the task is cancelled wherever it runs. */
  readonly signal?: AbortSignal | undefined
}

export interface SwarmCaller {
  /** Rejects with the LumosError that the task failed with. */
  run(order: SwarmOrder): AsyncIterable<SwarmEvent>
  /** Answers a task that asked, and follows it from there. */
  answer(order: SwarmOrder): AsyncIterable<SwarmEvent>
  cancel(taskId: string): Promise<void>
}

/** `target`: agent id, skill id, tag, `@agent` or `@agent@node`. */
export function createSwarmCaller(target: string, options: SwarmOptions = {}): SwarmCaller {
  const { profile, timeoutMs } = options
  const socket =
    options.socket ?? process.env['LUMOS_SOCKET'] ?? resolvePaths(process.env, profile).socket
  const client = createClient({ socket, ...(profile !== undefined && { profile }) })

  async function cancel(taskId: string): Promise<void> {
    await client.cancel(taskId)
  }

  /** Whoever aborts wants no result; that the task is over already is no failure then. */
  function cancelWith(taskId: string, signal: AbortSignal | undefined): () => void {
    const onAbort = (): void => void cancel(taskId).catch(() => undefined)
    signal?.addEventListener('abort', onAbort)
    return () => signal?.removeEventListener('abort', onAbort)
  }

  return {
    cancel,
    async *run({ taskId, text, signal }) {
      signal?.throwIfAborted()
      const release = cancelWith(taskId, signal)
      try {
        const request = { target, text, taskId, ...(timeoutMs !== undefined && { timeoutMs }) }
        yield* told(client.run(request, { ...(signal && { signal }) }))
      } finally {
        release()
      }
    },
    async *answer({ taskId, text, signal }) {
      signal?.throwIfAborted()
      const release = cancelWith(taskId, signal)
      try {
        const messageId = crypto.randomUUID()
        await client.answer(taskId, { text, messageId })
        yield* told(behind(client.events(taskId, { ...(signal && { signal }) }), messageId))
      } finally {
        release()
      }
    }
  }
}

/** What happened after that answer. */
async function* behind(
  events: AsyncIterable<RunEvent>,
  messageId: string
): AsyncGenerator<RunEvent> {
  let answered = false
  for await (const event of events) {
    if (answered) yield event
    answered ||= event.type === 'answered' && event.messageId === messageId
  }
}

async function* told(events: AsyncIterable<RunEvent>): AsyncGenerator<SwarmEvent> {
  for await (const event of events) {
    if (event.type === 'artifact') {
      const text = textOf(event.artifact.parts)
      if (text !== '') yield { type: 'text', text }
    } else if (event.type === 'status' && event.step !== undefined) {
      yield { type: 'step', step: event.step }
    } else if (event.type === 'input-required') {
      yield { type: 'question', text: event.text }
      return
    } else if (event.type === 'result') {
      yield { type: 'result', text: resultOf(event) }
      return
    }
  }
}

function resultOf({ task, error }: RunEvent & { readonly type: 'result' }): string {
  if (task.state === 'TASK_STATE_COMPLETED') return task.artifacts.map(textOfArtifact).join('\n')
  if (error !== undefined) throw fromWireError(error)
  const { id, state } = task
  throw state === 'TASK_STATE_CANCELED'
    ? new LumosError('CANCELLED')
    : new LumosError('TASK_FAILED', { details: { reason: state, task: id } })
}

/** Data as JSON: whoever reads it is a model, mostly. */
function textOfArtifact({ parts }: Artifact): string {
  return parts
    .map(({ text, data, url, filename }) =>
      data === undefined ? (text ?? url ?? filename ?? '') : JSON.stringify(data)
    )
    .join('')
}
