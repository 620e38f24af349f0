/** Runs agents for the task engine: one call a task, whatever kind of agent it is. */
import { type Message, type Part, textOf } from '../core/a2a.ts'
import { extendChain, rootChain } from '../core/chain.ts'
import type { Chain } from '../core/chain.ts'
import type { Clock } from '../core/clock.ts'
import { agentUnknown, LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { Memory } from '../core/memory.ts'
import type { Principal } from '../core/principal.ts'
import { createPurse } from '../core/purse.ts'
import type { Purse } from '../core/purse.ts'
import { wantedSkill } from '../core/skill-schemas.ts'
import { below, NO_SPAN, NO_TRACER } from '../core/trace.ts'
import type { Span, Tracer } from '../core/trace.ts'
import type { Agent, AgentOutput, AskOptions, AgentRequest, Resumption } from './agent.ts'
import { type AskSwarm, createAsking } from './asking.ts'
import { type GuardedRun, runGuarded } from './guarded-run.ts'
import type { Borrowed, Roster } from './roster.ts'
import { withCheckedInput } from './skill-input.ts'

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
  /** What it gives to those it asks, it itself the last in it; without one, nobody asked before. */
  readonly chain?: Chain
  /** Default: the caller. */
  readonly principal?: Principal
  /** Default: without limits. */
  readonly purse?: Purse
  /** Milliseconds left for this run. */
  readonly remainingMs: () => number
  /** Told of an agent that did not end when its run did; `ended` resolves when it has. */
  readonly leftBehind: (agentId: string, ended: Promise<void>) => void
  readonly resumed?: Resumption
}

export interface AgentRunner {
  /** What the agent declares about its tasks; `undefined` when there is no such agent. */
  traits(
    agentId: string
  ): Pick<Agent, 'idempotent' | 'resumable' | 'timeouts' | 'demands'> | undefined
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
  readonly roster: Roster
  readonly askSwarm: AskSwarm
  /** The shared memory for one run: what is watched ends with `signal`. */
  readonly memory: (signal: AbortSignal) => Memory
  /** What this node gives to each run besides. */
  readonly equip?: (request: EquippedRequest) => Equipment
  readonly tracer?: Tracer
}

export type Equipment = Pick<AgentRequest, 'swarm' | 'models' | 'toolbox'> &
  Partial<Pick<AgentRequest, 'memory'>>

/** A request, and what only the node knows of it. */
export type EquippedRequest = AgentRequest & Pick<AgentRun, 'depth'>

/** One for all: an error with its stack costs more than all else that ends a task (measured). */
const TASK_OVER = new DOMException('the task is over', 'AbortError')

/** Ends runs with the node; the agents themselves are the roster's. */
export function createAgentRunner(components: AgentRunnerComponents): AgentRunner {
  const { clock, roster, askSwarm, memory, equip = () => ({}), tracer = NO_TRACER } = components
  const running = new Set<AbortController>()
  let stopped: LumosError | undefined
  const run: AgentRunner['run'] = (task) => runGuarded(clock, () => begin(task))
  const asking = createAsking({ isHere: (id) => roster.find(id) !== undefined, run, askSwarm })

  function begin(task: AgentRun): GuardedRun {
    if (stopped !== undefined) throw stopped
    task.signal.throwIfAborted()
    const { agent, log, giveBack } = borrow(roster, task.agentId)
    const controller = new AbortController()
    const { signal } = controller
    const cancel = (): void => controller.abort(task.signal.reason)
    task.signal.addEventListener('abort', cancel, { once: true })
    running.add(controller)
    const { span, chain } = startRun(tracer, task)
    const { purse = createPurse() } = task
    const request = {
      ...task,
      budget: purse,
      chain,
      ...skillOf(task),
      history: task.history ?? [task.message],
      text: textOf(task.message.parts),
      signal,
      log,
      ask: (target: string, input: string | readonly Part[], options?: AskOptions) =>
        asking({ ...task, chain, purse, signal }, { target, input, options }),
      memory: memory(signal)
    }
    return {
      agent: withCheckedInput(agent, request),
      request: { ...request, ...equip(request) },
      leftBehind: task.leftBehind,
      failed: (error) => span.fail(error),
      over: () => {
        running.delete(controller)
        task.signal.removeEventListener('abort', cancel)
        // Whoever is still being asked has nobody left to answer.
        controller.abort(TASK_OVER)
        giveBack()
        span.end()
      }
    }
  }

  return {
    traits: (agentId) => roster.find(agentId),
    run,
    async stop() {
      if (stopped !== undefined) return
      stopped = new LumosError('SHUTTING_DOWN')
      for (const controller of running) controller.abort(stopped)
      await roster.stop()
    }
  }
}

/** What it asks for hangs below it. */
function startRun(tracer: Tracer, task: AgentRun): { readonly span: Span; readonly chain: Chain } {
  const { taskId, agentId, caller, chain = originOf(task) } = task
  if (!tracer.on) return { span: NO_SPAN, chain }
  const span = tracer.start('run', chain)
  span.set('task', taskId)
  span.set('agent', agentId)
  span.set('caller', caller)
  return { span, chain: below(chain, span) }
}

function skillOf({ message }: AgentRun): Pick<AgentRequest, 'skill'> {
  const skill = wantedSkill(message)
  return skill === undefined ? {} : { skill }
}

/** Of a run that belongs to no task: nobody asked before. */
function originOf({ taskId, caller: peer, agentId: agent }: AgentRun): Chain {
  return extendChain(rootChain(taskId), { peer, agent })
}

function borrow(roster: Roster, agentId: string): Borrowed {
  const borrowed = roster.borrow(agentId)
  if (borrowed === undefined) throw agentUnknown(agentId)
  return borrowed
}
