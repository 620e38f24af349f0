/** One run of a hosted agent, in the process of its project. */
import type { Clock } from '../../../core/clock.ts'
import { isErrorCode, LumosError } from '../../../core/errors.ts'
import type { ErrorCode } from '../../../core/errors.ts'
import type { Logger } from '../../../core/logger.ts'
import { wantedSkill } from '../../../core/skill-schemas.ts'
import type { LineCalls } from '../line-calls.ts'
import type { HostedRun } from '../protocol.ts'
import type { ProjectAgent, ProjectOutput, ProjectRequest } from './adapter.ts'
import type { Channel } from './channel.ts'
import { failureOf } from './failure.ts'
import { createRunNode } from './node-calls.ts'

export interface RunComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly channel: Channel
  readonly log: Logger
}

/** Resolves when the node has been told the end. */
export async function runAgent(
  { clock, channel, log }: RunComponents,
  { agent, order, signal, onCalls }: RunInit
): Promise<void> {
  const { run, models: _, toolbox: __, corner: ___, writer: ____, ...told } = order
  const skill = wantedSkill(order.message)
  const endsAt = clock.monotonic() + (order.remainingMs ?? Infinity)
  const basis = {
    taskId: order.task,
    contextId: order.context,
    caller: order.caller,
    signal,
    log
  }
  const { calls, equipment } = createRunNode(channel, order, { ...basis, clock })
  onCalls(calls)
  const request: ProjectRequest = {
    ...told,
    ...(skill !== undefined && { skill }),
    ...basis,
    remainingMs: () => endsAt - clock.monotonic(),
    heartbeat: () => void channel.send({ type: 'alive', run }),
    ...equipment
  }
  try {
    for await (const output of agent.run(request)) {
      if (signal.aborted) break
      await channel.send({ type: 'output', run, ...lineOf(output) })
    }
    await channel.send({ type: 'end', run })
  } catch (error) {
    const failure = failureOf(error, ({ stack, message }) => stack ?? message)
    await channel.send({ type: 'end', run, error: failure })
  } finally {
    calls.close(new LumosError('CANCELLED'))
  }
}

export interface RunInit {
  readonly agent: ProjectAgent
  readonly order: HostedRun
  readonly signal: AbortSignal
  /** Told where the node's lines about calls of this run belong. */
  readonly onCalls: (calls: LineCalls) => void
}

export function cancelReason(reason: string): LumosError {
  const code: ErrorCode = isErrorCode(reason) ? reason : 'CANCELLED'
  return new LumosError(code)
}

function lineOf(output: ProjectOutput): object {
  if (typeof output !== 'object' || !('state' in output)) return { output }
  const { state, ...question } = output
  return { output: question, state }
}
