/** The node's toolbox for a hosted agent: it decides about calls, and the agent's own tools run here. */
import type { Clock } from '../../../core/clock.ts'
import { LumosError } from '../../../core/errors.ts'
import { isJsonList, isJsonObject } from '../../../core/json.ts'
import type { Json, JsonObject } from '../../../core/json.ts'
import { asTool } from '../../tools/define-tool.ts'
import type { OpenToolbox, Tool, Toolbox, ToolContext, ToolResult } from '../../tools/tool.ts'
import { createFeed } from '../call-ask.ts'
import { described } from '../call-toolbox.ts'
import type { Answers, LineCalls, MadeCall } from '../line-calls.ts'
import { textIn } from './adapter.ts'
import { askThrough } from './node-ask.ts'

/** Of a run: what tools are given of it. */
export type ToolRequest = Pick<
  ToolContext,
  'taskId' | 'contextId' | 'caller' | 'log' | 'memory'
> & {
  readonly signal: AbortSignal
  readonly clock: Pick<Clock, 'monotonic'>
}

export interface ProjectToolbox {
  readonly open: OpenToolbox
  /** What the node asks of the agent's tools. */
  readonly answers: Answers
}

/** What was made a tool once stays that one, with its compiled schemas. */
const made = new WeakMap<object, Tool>()

export function toolboxThrough(calls: LineCalls, request: ToolRequest): ProjectToolbox {
  /** Tools of this run, by the handle that the node knows them by. */
  const own = new Map<string, Tool>()

  function bring(item: string | object): Json {
    if (typeof item === 'string') return item
    const tool = made.get(item) ?? asTool(item)
    made.set(item, tool)
    const handle = String(own.size + 1)
    own.set(handle, tool)
    return { ...described(tool), handle }
  }

  return {
    async open({ tools, onText, ...rest }) {
      const before = own.size
      const wanted = tools.map(bring)
      const brought = Array.from(own.values()).slice(before)
      const opened = await calls.call('toolbox.open', { tools: wanted, ...rest })
      return createToolbox(calls, { opened, brought, onText })
    },
    answers: {
      'tool.parse': async ({ params }) => {
        await toolOf(own, params).parse(params['input'])
      },
      'tool.execute': (call) => execute(calls, { tool: toolOf(own, call.params), call, request })
    }
  }
}

interface OpenedBox {
  readonly opened: Json
  readonly brought: readonly Tool[]
  readonly onText: Parameters<OpenToolbox>[0]['onText']
}

function createToolbox(calls: LineCalls, { opened, brought, onText }: OpenedBox): Toolbox {
  const { box, tools, state } = isJsonObject(opened) ? opened : {}
  const mine = new Map(brought.map((tool) => [tool.id, tool]))
  let current = isJsonObject(state) ? state : {}
  return {
    tools: (isJsonList(tools) ? tools : []).filter(isJsonObject).map((each) => {
      return mine.get(textIn(each['id'])) ?? toolOfNode(each)
    }),
    state: () => current,
    async call(call, signal) {
      const { callId } = call
      const answer = await calls.call(
        'toolbox.call',
        { box, ...call },
        {
          signal,
          onItem(item) {
            if (isJsonObject(item) && typeof item['text'] === 'string') onText(callId, item['text'])
          }
        }
      )
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what call-toolbox.ts answers
      const { result, state: next } = answer as unknown as {
        readonly result: ToolResult
        readonly state: JsonObject
      }
      current = next
      return result
    }
  }
}

/** The node alone runs its tools, and only when its policy lets it: {@link Toolbox.call}. */
function toolOfNode(description: JsonObject): Tool {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what described() made of a tool
  return { ...(description as unknown as Tool), parse: refuse, execute: refuse }
}

async function refuse(): Promise<never> {
  throw new LumosError('UNSUPPORTED_OPERATION', { details: { operation: 'execute' } })
}

function toolOf(own: ReadonlyMap<string, Tool>, { tool: handle }: JsonObject): Tool {
  const tool = typeof handle === 'string' ? own.get(handle) : undefined
  if (tool === undefined) throw new TypeError('there is no such tool')
  return tool
}

interface Execution {
  readonly tool: Tool
  readonly call: MadeCall
  readonly request: ToolRequest
}

function execute(calls: LineCalls, { tool, call, request }: Execution) {
  const { params, signal } = call
  const feed = createFeed()
  const { clock } = request
  const begun = clock.monotonic()
  const remainingMs = typeof params['remainingMs'] === 'number' ? params['remainingMs'] : Infinity
  const context: ToolContext = {
    taskId: request.taskId,
    contextId: request.contextId,
    caller: request.caller,
    log: request.log,
    memory: request.memory,
    callId: textIn(params['callId']),
    ask: askThrough(calls, textIn(params['work'])),
    signal,
    abortSignal: signal,
    remainingMs: () => remainingMs - (clock.monotonic() - begun),
    say: (text) => feed.text({}, text)
  }
  return feed.until(tool.parse(params['input']).then((input) => tool.execute(input, context)))
}
