/** What the process of a hosted project is told of a run when it begins. */
import type { JsonObject } from '../../core/json.ts'
import type { AgentRequest } from '../agent.ts'
import type { HostedRun } from './protocol.ts'

export function orderOf(request: AgentRequest): Omit<HostedRun, 'run' | 'agent' | 'state'> {
  const { taskId, contextId, caller, text, message, history, resumed, swarm } = request
  const { toolbox } = request
  const remainingMs = request.remainingMs()
  const models = modelsOf(request)
  return {
    task: taskId,
    context: contextId,
    caller,
    text,
    message,
    history,
    remainingMs: Number.isFinite(remainingMs) ? remainingMs : null,
    ...(swarm !== undefined && { swarm }),
    ...(models && { models }),
    ...(toolbox && { toolbox: true }),
    ...selfIn(request),
    ...(resumed && { resumed })
  }
}

/** What this node is in its memory; nothing for one that keeps none. */
function selfIn({ memory }: AgentRequest): Pick<HostedRun, 'corner' | 'writer'> {
  try {
    const { corner, writer } = memory.space()
    return { corner, writer }
  } catch {
    return {}
  }
}

/** What the agent needs to know at once: what it does not ask for. */
function modelsOf({ models }: Pick<AgentRequest, 'models'>): JsonObject | undefined {
  if (models === undefined) return undefined
  const embedding = models.embedding()?.ref
  return { defaults: [...models.defaults()], ...(embedding !== undefined && { embedding }) }
}
