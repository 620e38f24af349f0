/** What a task looks like to an agent, for tests that call one without a node. */
import type { AgentRequest } from '../../agents/agent.ts'
import { silentLogger } from '../../core/logger.ts'
import { askNobody, noMemory, RUN } from './agent-runner.ts'

export function agentRequest(text: string, parts: Partial<AgentRequest> = {}): AgentRequest {
  const message = { messageId: 'm1', role: 'ROLE_USER', parts: [{ text }] } as const
  return {
    ...RUN,
    text,
    message,
    history: [message],
    signal: new AbortController().signal,
    log: silentLogger,
    ask: askNobody,
    memory: noMemory(),
    ...parts
  }
}
