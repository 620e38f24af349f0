/** Runs agents for a test as a node does, without tasks and peers. */
import type { Agent, AgentOutput } from '../../agents/agent.ts'
import { createRoster } from '../../agents/roster.ts'
import type { Roster, RosterComponents } from '../../agents/roster.ts'
import { createAgentRunner } from '../../agents/runner.ts'
import { systemClock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { silentLogger } from '../../core/logger.ts'
import type { Memory } from '../../core/memory.ts'

/** A run of which nobody wants to know more. */
export const RUN = {
  taskId: 'task',
  contextId: 'context',
  caller: 'caller',
  heartbeat: () => {},
  depth: 0,
  remainingMs: () => Infinity,
  leftBehind: () => {}
}

/** A node that knows no other. */
export async function askNobody(): Promise<never> {
  throw new LumosError('NO_ROUTE')
}

function unavailable(): never {
  throw new LumosError('SHUTTING_DOWN')
}

/** A node without shared memory. */
export function noMemory(): Memory {
  return {
    space(name = 'shared') {
      throw new LumosError('SPACE_UNKNOWN', { details: { space: name } })
    },
    blobs: { put: unavailable, get: unavailable }
  }
}

/** A roster of these agents and no others. */
export function rosterOf(
  agents: readonly Agent[],
  components: RosterComponents = { clock: systemClock, logger: silentLogger }
): Roster {
  const roster = createRoster(components)
  void roster.assign('program', agents)
  return roster
}

export interface TestRunner {
  readonly outputs: (agentId: string, input: string, signal?: AbortSignal) => Promise<AgentOutput[]>
  /** The streamed text, joined. */
  readonly text: (agentId: string, input: string) => Promise<string>
  readonly stop: () => Promise<void>
}

export function createRunner(agents: readonly Agent[]): TestRunner {
  const runner = createAgentRunner({
    clock: systemClock,
    roster: rosterOf(agents),
    askSwarm: askNobody,
    memory: noMemory
  })

  function outputs(
    agentId: string,
    input: string,
    signal = new AbortController().signal
  ): Promise<AgentOutput[]> {
    return Array.fromAsync(
      runner.run({
        ...RUN,
        agentId,
        message: { messageId: 'message', role: 'ROLE_USER', parts: [{ text: input }] },
        signal
      })
    )
  }

  return {
    outputs,
    text: async (agentId, input) =>
      (await outputs(agentId, input)).filter((output) => typeof output === 'string').join(''),
    stop: () => runner.stop()
  }
}
