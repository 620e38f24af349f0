/** Agents, messages and engines for tests of tasks. */
import type { Message } from '../../core/a2a.ts'
import { createIdSource } from '../../core/ids.ts'
import { silentLogger } from '../../core/logger.ts'
import { createTaskEngine } from '../../tasks/worker/engine.ts'
import type { TaskEngineInit } from '../../tasks/worker/engine.ts'
import type {
  AgentRunner,
  AgentTraits,
  AgentUtterance,
  AgentWork
} from '../../tasks/worker/execution.ts'
import type { TaskStore } from '../../tasks/worker/task-store.ts'
import type { TaskTimeouts } from '../../tasks/worker/timeouts.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'

export type TestAgent = (work: AgentWork) => AsyncIterable<AgentUtterance>

export function say(text: string, more: Partial<Message> = {}): Message {
  return { messageId: `m-${text}`, role: 'ROLE_USER', parts: [{ text }], ...more }
}

export async function* echo({ message }: AgentWork): AsyncIterable<AgentUtterance> {
  yield message.parts[0]?.text ?? ''
}

/** An agent that works until it is told to go on. */
export function gated(): { agent: TestAgent; open: () => void; started: () => number } {
  const gate = Promise.withResolvers<void>()
  let started = 0
  return {
    async *agent({ signal }) {
      started += 1
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
      await Promise.race([gate.promise, aborted])
      yield 'done'
    },
    open: gate.resolve,
    started: () => started
  }
}

/** Of every test agent, unless it is said otherwise. */
const TRAITS = { idempotent: true, resumable: false }

function runnerOf({ agents = { echo }, timeouts, traits: given }: EngineSetup): AgentRunner {
  const traits = { ...TRAITS, ...given, ...(timeouts && { timeouts }) }
  return {
    traits: (id) => (Object.hasOwn(agents, id) ? traits : undefined),
    run(work) {
      const agent = agents[work.agentId]
      if (agent === undefined) throw new TypeError(`no agent ${work.agentId}`)
      return agent(work)
    }
  }
}

export interface EngineSetup {
  readonly agents?: Readonly<Record<string, TestAgent>>
  /** What every agent declares. */
  readonly timeouts?: TaskTimeouts
  readonly traits?: Partial<AgentTraits>
  readonly init?: TaskEngineInit
  readonly store?: TaskStore
  readonly clock?: ManualClock
}

export function setupEngine(setup: EngineSetup = {}) {
  const { init, store, clock } = setup
  const time = clock ?? new ManualClock()
  const ids = createIdSource(time, seededRandom(1))
  const engine = createTaskEngine(
    {
      clock: time,
      ids,
      logger: silentLogger,
      self: 'worker',
      runner: runnerOf(setup),
      ...(store && { openStore: async () => store })
    },
    init
  )
  return { clock: time, ids, engine }
}

/** Everything an iterable yields. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  return Array.fromAsync(items)
}
