/** Runs agents for the task engine: one call a task, whatever kind of agent it is. */
import { type Message, type Part, textOf } from '../core/a2a.ts'
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import type { Memory } from '../core/memory.ts'
import type { Agent, AgentOutput, Resumption } from './agent.ts'
import { type AskSwarm, createAsking } from './asking.ts'
import { type GuardedRun, runGuarded } from './guarded-run.ts'

/** One task as the task engine hands it over. */
export interface AgentRun {
  readonly agentId: string
  readonly taskId: string
  readonly contextId: string
  readonly caller: PeerIdText
  readonly message: Message
  /** Default: `message` alone, with which a task begins. */
  readonly history?: readonly Message[]
  readonly signal: AbortSignal
  readonly heartbeat: () => void
  /** Agents that asked each other before this one; 0 when it was a person or a program. */
  readonly depth: number
  /** Milliseconds left for this run. */
  readonly remainingMs: () => number
  /** Told of an agent that did not end when its run did; `ended` resolves when it has. */
  readonly leftBehind: (agentId: string, ended: Promise<void>) => void
  readonly resumed?: Resumption
}

export interface AgentRunner {
  readonly agents: readonly Agent[]
  /** What the agent declares about its tasks; `undefined` when there is no such agent. */
  traits(agentId: string): Pick<Agent, 'idempotent' | 'resumable' | 'timeouts'> | undefined
  /**
   * Forwards what the agent yields, checked. Rejects with a LumosError (AGENT_UNKNOWN, AGENT_INPUT,
   * AGENT_OUTPUT, AGENT_FAILED or what the agent chose), or with the reason of the aborted signal;
   * an agent that ignores the signal is left behind after `LIMITS.cancelGrace`.
   */
  run(task: AgentRun): AsyncIterable<AgentOutput>
  /** Ends what is running with SHUTTING_DOWN, then lets every agent release what it holds. */
  stop(): Promise<void>
}

export interface AgentRunnerComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly askSwarm: AskSwarm
  /** The shared memory for one run: what is watched ends with `signal`. */
  readonly memory: (signal: AbortSignal) => Memory
}

/** One for all: an error with its stack costs more than all else that ends a task (measured). */
const TASK_OVER = new DOMException('the task is over', 'AbortError')

interface Known {
  readonly agent: Agent
  readonly log: Logger
}

/** Throws TypeError when two of the `agents` have the same id. */
export function createAgentRunner(
  { clock, logger, askSwarm, memory }: AgentRunnerComponents,
  agents: readonly Agent[]
): AgentRunner {
  const byId = new Map<string, Known>(
    agents.map((agent) => [agent.id, { agent, log: logger.child(agent.id) }])
  )
  if (byId.size !== agents.length) throw new TypeError('two agents have the same id')
  const running = new Set<AbortController>()
  let stopped: LumosError | undefined
  const asking = createAsking({ isHere: (agentId) => byId.has(agentId), run, askSwarm })

  function run(task: AgentRun): AsyncIterable<AgentOutput> {
    return runGuarded(clock, () => begin(task))
  }

  function begin(task: AgentRun): GuardedRun {
    const { agent, log } = find(byId, task.agentId)
    if (stopped !== undefined) throw stopped
    task.signal.throwIfAborted()
    const controller = new AbortController()
    const { signal } = controller
    const cancel = (): void => controller.abort(task.signal.reason)
    task.signal.addEventListener('abort', cancel, { once: true })
    running.add(controller)
    const request = {
      ...task,
      history: task.history ?? [task.message],
      text: textOf(task.message.parts),
      signal,
      log,
      ask: (target: string, input: string | readonly Part[]) =>
        asking({ ...task, signal }, target, input),
      memory: memory(signal)
    }
    return {
      agent,
      request,
      leftBehind: task.leftBehind,
      over: () => {
        running.delete(controller)
        task.signal.removeEventListener('abort', cancel)
        // Whoever is still being asked has nobody left to answer.
        controller.abort(TASK_OVER)
      }
    }
  }

  return {
    agents,
    traits: (agentId) => byId.get(agentId)?.agent,
    run,
    async stop() {
      if (stopped !== undefined) return
      stopped = new LumosError('SHUTTING_DOWN')
      for (const controller of running) controller.abort(stopped)
      await stopAll(clock, [...byId.values()])
    }
  }
}

function find(byId: ReadonlyMap<string, Known>, agentId: string): Known {
  const known = byId.get(agentId)
  if (known === undefined) throw new LumosError('AGENT_UNKNOWN', { details: { agent: agentId } })
  return known
}

async function stopAll(clock: Clock, known: readonly Known[]): Promise<void> {
  const waited = new AbortController()
  const all = Promise.all(known.map(stopAgent))
  await Promise.race([all, clock.sleep(LIMITS.cancelGrace.value, waited.signal)])
  waited.abort()
}

async function stopAgent({ agent, log }: Known): Promise<void> {
  try {
    await agent.stop?.()
  } catch (error) {
    log.warn('agent did not stop cleanly', { error })
  }
}
