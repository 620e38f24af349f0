/** Stands between the node and whatever an agent may do wrong while it runs. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Agent, AgentOutput, AgentRequest } from './agent.ts'
import { assertOutput, OutputFlaw } from './output.ts'

/** Outputs forwarded before timers and sockets get a turn, should neither side ever wait. */
const OUTPUTS_PER_TURN = 64

/** One run of an agent, from its first step on. */
export interface GuardedRun {
  readonly agent: Agent
  readonly request: AgentRequest
  /** Told what the run failed with, before `over`. */
  readonly failed: (error: unknown) => void
  /** Called when the run has ended, however it did. */
  readonly over: () => void
  /** Told of an agent that did not end when its run did. */
  readonly leftBehind: (agentId: string, ended: Promise<void>) => void
}

/**
 * Forwards what an agent yields, checked. Ends within `LIMITS.cancelGrace` of an abort even when the
 * agent ignores it, which is then told as left behind until it has really ended; only an agent that blocks the thread cannot be helped (docs/agents.md).
 *
 * One generator for the whole way, because each more that an output passes costs four turns.
 *
 * @yields what the agent yielded
 */
export async function* runGuarded(
  clock: Clock,
  begin: () => GuardedRun
): AsyncGenerator<AgentOutput, void> {
  const { agent, request, failed, over, leftBehind } = begin()
  const { signal, log, taskId } = request
  const nextStep = createSteps(signal)
  let iterator: AsyncIterator<unknown> | undefined
  try {
    iterator = open(agent, request)
    for (let outputs = 1; ; outputs++) {
      const { done, value } = await nextStep(iterator)
      if (done === true) {
        iterator = undefined
        return
      }
      assertOutput(value)
      yield value
      if (outputs % OUTPUTS_PER_TURN === 0) await nextTurn()
      signal.throwIfAborted()
    }
  } catch (error) {
    if (signal.aborted) {
      failed(signal.reason)
      throw signal.reason
    }
    if (!(error instanceof LumosError)) log.warn('agent failed', { task: taskId, error })
    const failure = asTaskError(agent, error)
    failed(failure)
    throw failure
  } finally {
    if (iterator !== undefined) {
      const ended = returned(iterator)
      if (!(await inTime(clock, ended))) {
        log.warn('an agent runs on though its task is over', { task: taskId, agent: agent.id })
        leftBehind(agent.id, ended)
      }
    }
    over()
  }
}

function asTaskError({ id: agent }: Agent, error: unknown): LumosError {
  if (error instanceof LumosError) return error
  if (error instanceof OutputFlaw) {
    return new LumosError('AGENT_OUTPUT', { details: { agent, reason: error.message } })
  }
  // What a stranger's code says in its error may hold anything: only its kind leaves this node.
  const reason = error instanceof Error ? error.name : typeof error
  return new LumosError('AGENT_FAILED', { cause: error, details: { agent, reason } })
}

/** Starts the agent, which is plain JavaScript to us, whatever its types promised. */
function open(agent: Agent, request: AgentRequest): AsyncIterator<unknown> {
  const outputs: Partial<AsyncIterable<unknown>> | undefined = agent.run(request)
  const iterator = outputs?.[Symbol.asyncIterator]?.()
  if (iterator === undefined) throw new OutputFlaw('nothing to iterate over')
  return iterator
}

/** Steps that a signal can cut short, with one listener for a whole run instead of one a step. */
function createSteps(signal: AbortSignal) {
  let interrupt: ((reason: unknown) => void) | undefined
  signal.addEventListener('abort', () => interrupt?.(signal.reason), { once: true })
  return (iterator: AsyncIterator<unknown>): Promise<IteratorResult<unknown>> =>
    new Promise((resolve, reject) => {
      interrupt = reject
      Promise.resolve(iterator.next()).then(resolve, reject)
    })
}

/** Whether the agent has cleaned up before it may be waited for no longer. */
async function inTime(clock: Clock, ended: Promise<void>): Promise<boolean> {
  const waited = new AbortController()
  const tooLong = clock.sleep(LIMITS.cancelGrace.value, waited.signal).then(() => false)
  const cleaned = await Promise.race([ended.then(() => true), tooLong])
  waited.abort()
  return cleaned
}

async function returned(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.()
  } catch {
    // The task has already ended: what an agent says while it is shown out changes nothing.
  }
}
