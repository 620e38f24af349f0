/** What a tool is given, for tests that run one without a node. */
import type { ToolContext } from '../../agents/tools/tool.ts'
import { silentLogger } from '../../core/logger.ts'
import { noMemory } from './agent-runner.ts'

export function toolContext(given: Partial<ToolContext> = {}): ToolContext {
  const signal = given.signal ?? new AbortController().signal
  return {
    taskId: 'task',
    contextId: 'context',
    caller: 'self',
    callId: 'call',
    log: silentLogger,
    signal,
    abortSignal: signal,
    remainingMs: () => 60_000,
    say: () => {},
    ask: () => Promise.reject(new Error('nobody is there to be asked')),
    memory: noMemory(),
    ...given
  }
}
