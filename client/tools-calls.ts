/** Calls of the control API about tools. */
import type {
  ToolCallEvent,
  ToolCallRequest,
  ToolDetails,
  ToolList,
  ToolRuleRequest
} from './tools-api.ts'
import type { CallOptions, Verbs } from './verbs.ts'
import { encode } from './verbs.ts'

export interface ToolCalls {
  list(options?: CallOptions): Promise<ToolList>
  /** `tool`: an id, or `id@version`. */
  show(tool: string, options?: CallOptions): Promise<ToolDetails>
  /** What it says on its way, then its result. Ending the loop early ends the call. */
  call(tool: string, request: ToolCallRequest, options?: CallOptions): AsyncGenerator<ToolCallEvent>
  /** Decides who may use it; answers with all tools, as they are then. */
  rule(request: ToolRuleRequest, options?: CallOptions): Promise<ToolList>
  /** Forgets what was decided about a tool while nodes ran. */
  reset(tool: string, options?: CallOptions): Promise<ToolList>
  /** `tool`: an id, for all its versions, or `id@version`. */
  enable(tool: string, options?: CallOptions): Promise<ToolList>
  disable(tool: string, options?: CallOptions): Promise<ToolList>
}

export function createToolCalls({ get, post, stream }: Verbs): ToolCalls {
  return {
    list: (options) => get('/v1/tools', options),
    show: (tool, options) => get(`/v1/tools/${encode(tool)}`, options),
    call: (tool, request, options) => {
      const path = `/v1/tools/${encode(tool)}/call`
      return stream({ method: 'POST', path, body: JSON.stringify(request) }, options)
    },
    rule: (request, options) => post('/v1/tool-rules', request, options),
    reset: (tool, options) => post('/v1/tool-rules/reset', { tool }, options),
    enable: (tool, options) => post('/v1/tool-switches/enable', { tool }, options),
    disable: (tool, options) => post('/v1/tool-switches/disable', { tool }, options)
  }
}
