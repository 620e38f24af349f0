/** What one run of a hosted agent has of its node, in the words of the agents' contract. */
import { isJsonObject } from '../../../core/json.ts'
import type { AgentRequest } from '../../agent.ts'
import { createLineCalls } from '../line-calls.ts'
import type { Answers, LineCalls } from '../line-calls.ts'
import type { HostedRun } from '../protocol.ts'
import type { Channel } from './channel.ts'
import { failureOf } from './failure.ts'
import { askThrough } from './node-ask.ts'
import { memoryThrough } from './node-memory.ts'
import { modelsThrough } from './node-models.ts'
import { toolboxThrough } from './node-toolbox.ts'
import type { ToolRequest } from './node-toolbox.ts'

export interface RunNode {
  readonly calls: LineCalls
  readonly equipment: Pick<AgentRequest, 'ask' | 'memory'> &
    Partial<Pick<AgentRequest, 'models' | 'toolbox'>>
}

/** Ends with `signal`. */
export function createRunNode(
  channel: Channel,
  order: HostedRun,
  request: Omit<ToolRequest, 'memory'>
): RunNode {
  // The node asks nothing before it was asked something.
  const answers: Record<string, Answers[string]> = {}
  const calls = createLineCalls(
    {
      write: (text) => channel.write(text),
      answers,
      failureOf: (error) => failureOf(error),
      // Its own memory is bounded as a whole, by the node.
      account: () => undefined
    },
    order.run
  )
  const { signal } = request
  signal.addEventListener('abort', () => calls.close(signal.reason), { once: true })
  const memory = memoryThrough(calls, order)
  const toolbox = toolboxThrough(calls, { ...request, memory: memory.memory })
  Object.assign(answers, memory.answers, toolbox.answers)
  return {
    calls,
    equipment: {
      ask: askThrough(calls),
      memory: memory.memory,
      ...(isJsonObject(order.models) && { models: modelsThrough(calls, order.models) }),
      ...(order.toolbox === true && { toolbox: toolbox.open })
    }
  }
}
