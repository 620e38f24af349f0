/** Questions to other agents, for a hosted agent and for its tools. */
import type { Part } from '../../../core/a2a.ts'
import { isJsonObject } from '../../../core/json.ts'
import type { AgentRequest, AskEvent, AskOptions } from '../../agent.ts'
import type { CallOptions, LineCalls } from '../line-calls.ts'

/** `work`: of the tool that asks. */
export function askThrough(calls: LineCalls, work?: string): AgentRequest['ask'] {
  return async (target, input, options = {}) => {
    const { ensemble } = options
    const params = {
      target,
      input,
      ...(work !== undefined && { work }),
      ...(ensemble && { ensemble: { ...ensemble } })
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the answer of `ask` is parts (call-ask.ts)
    return (await calls.call('ask', params, listening(options))) as unknown as readonly Part[]
  }
}

function listening({ onText, onEvent, signal }: AskOptions): CallOptions {
  if (onText === undefined && onEvent === undefined) return { signal }
  return {
    signal,
    onItem(item) {
      if (!isJsonObject(item)) return
      const { text, event } = item
      if (typeof text === 'string') onText?.(text)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the node's own agents are told (call-ask.ts)
      else if (isJsonObject(event)) onEvent?.(event as unknown as AskEvent)
    }
  }
}
