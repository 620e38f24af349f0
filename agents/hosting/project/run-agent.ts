/** One run of a hosted agent, in the process of its project. */
import type { Clock } from '../../../core/clock.ts'
import { isErrorCode, LumosError } from '../../../core/errors.ts'
import type { ErrorCode } from '../../../core/errors.ts'
import { isJsonObject } from '../../../core/json.ts'
import type { Logger } from '../../../core/logger.ts'
import { wantedSkill } from '../../../core/skill-schemas.ts'
import type { HostedFailure, HostedRun } from '../protocol.ts'
import type { ProjectAgent, ProjectOutput, ProjectRequest } from './adapter.ts'
import type { Channel } from './channel.ts'
import { askThrough, memoryThrough } from './node-calls.ts'
import type { NodeCalls } from './node-calls.ts'
import { asJson } from './steps.ts'

export interface RunComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly channel: Channel
  readonly calls: NodeCalls
  readonly log: Logger
}

/** Resolves when the node has been told the end. */
export async function runAgent(
  { clock, channel, calls, log }: RunComponents,
  { agent, order, signal }: RunInit
): Promise<void> {
  const { run } = order
  const skill = wantedSkill(order.message)
  const endsAt = clock.monotonic() + (order.remainingMs ?? Infinity)
  const request: ProjectRequest = {
    ...order,
    ...(skill !== undefined && { skill }),
    taskId: order.task,
    contextId: order.context,
    caller: order.caller,
    signal,
    log,
    remainingMs: () => endsAt - clock.monotonic(),
    heartbeat: () => void channel.send({ type: 'alive', run }),
    ask: askThrough(calls, run),
    memory: memoryThrough(calls, run)
  }
  try {
    for await (const output of agent.run(request)) {
      if (signal.aborted) break
      await channel.send({ type: 'output', run, ...lineOf(output) })
    }
    await channel.send({ type: 'end', run })
  } catch (error) {
    await channel.send({ type: 'end', run, error: failureOf(error) })
  }
}

export interface RunInit {
  readonly agent: ProjectAgent
  readonly order: HostedRun
  readonly signal: AbortSignal
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

/** Its own copy of this package may have made the error: what counts is how it looks. */
function failureOf(error: unknown): HostedFailure {
  if (error instanceof Error && error.name === 'LumosError' && 'code' in error) {
    const { code, message } = error
    const details = 'details' in error ? asJson(error.details) : {}
    return { code: String(code), message, ...(isJsonObject(details) && { details }) }
  }
  if (!(error instanceof Error)) return { message: String(error), details: { name: typeof error } }
  return { message: error.stack ?? error.message, details: { name: error.name } }
}
