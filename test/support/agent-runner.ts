/** Runs agents for a test as a node does, without tasks and peers. */
import type { Agent, AgentOutput } from '../../agents/agent.ts'
import { createAgentRunner } from '../../agents/runner.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'

export interface TestRunner {
  readonly outputs: (agentId: string, input: string, signal?: AbortSignal) => Promise<AgentOutput[]>
  /** The streamed text, joined. */
  readonly text: (agentId: string, input: string) => Promise<string>
  readonly stop: () => Promise<void>
}

export function createRunner(agents: readonly Agent[]): TestRunner {
  const runner = createAgentRunner({ clock: systemClock, logger: silentLogger }, agents)

  function outputs(
    agentId: string,
    input: string,
    signal = new AbortController().signal
  ): Promise<AgentOutput[]> {
    return Array.fromAsync(
      runner.run({
        agentId,
        taskId: 'task',
        contextId: 'context',
        caller: 'caller',
        message: { messageId: 'message', role: 'ROLE_USER', parts: [{ text: input }] },
        signal,
        heartbeat: () => {}
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
