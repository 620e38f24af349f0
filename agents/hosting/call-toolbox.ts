/** The toolbox of hosted agents: policy, consent, taint and limits stay in the node, tools of the agent in its process. */
import { LumosError } from '../../core/errors.ts'
import { isJsonList, isJsonObject } from '../../core/json.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { AgentRequest } from '../agent.ts'
import { asMadeTool, isToolId, TOOL_EFFECTS } from '../tools/define-tool.ts'
import type { Tool, Toolbox, ToolboxInit, ToolContext } from '../tools/tool.ts'
import { createFeed } from './call-ask.ts'
import type { Feed } from './call-ask.ts'
import { ProtocolFlaw, textOf } from './call-lines.ts'
import type { CallsComponents } from './calls.ts'
import type { Answers } from './line-calls.ts'

export interface ToolboxAnswers {
  readonly answers: Answers
  /** How a question may be asked that one of the agent's tools asks; `undefined` for one of the agent itself. */
  askOf(params: JsonObject): AgentRequest['ask'] | undefined
}

interface OpenBox {
  readonly box: Toolbox
  /** By call id: where what a tool says is told. */
  readonly feeds: Map<string, Feed>
}

export function toolboxAnswers(components: CallsComponents): ToolboxAnswers {
  const { request } = components
  const boxes = new Map<string, OpenBox>()
  const tools = createProjectTools(components)
  let opened = 0

  async function open(params: JsonObject): Promise<JsonObject> {
    const openBox = request.toolbox
    if (openBox === undefined || opened >= LIMITS.hostToolboxes.value) {
      throw new LumosError('UNSUPPORTED_OPERATION', { details: { operation: 'toolbox.open' } })
    }
    const id = String(++opened)
    const feeds: OpenBox['feeds'] = new Map()
    const box = await openBox({
      ...initOf(params, (own) => tools.toolOf(own)),
      onText: (callId, text) => feeds.get(callId)?.text({}, text)
    })
    boxes.set(id, { box, feeds })
    return { box: id, tools: box.tools.map(described), state: box.state() }
  }

  return {
    askOf: (params) => tools.askOf(params),
    answers: {
      'toolbox.open': ({ params }) => open(params),
      async *'toolbox.call'({ params, signal }) {
        const found = boxes.get(textOf(params, 'box'))
        if (found === undefined) throw new ProtocolFlaw('a call to no open toolbox')
        return yield* callTool(found, params, signal)
      }
    }
  }
}

/** @yields what the tool says; returns its result, and what the toolbox has seen by then */
async function* callTool({ box, feeds }: OpenBox, params: JsonObject, signal: AbortSignal) {
  const callId = textOf(params, 'callId')
  const { input } = params
  const call = {
    callId,
    tool: textOf(params, 'tool'),
    input: typeof input === 'string' ? input : ''
  }
  const feed = createFeed()
  feeds.set(callId, feed)
  try {
    const result = yield* feed.until(box.call(call, signal))
    return { result, state: box.state() }
  } finally {
    if (feeds.get(callId) === feed) feeds.delete(callId)
  }
}

interface ProjectTools extends Pick<ToolboxAnswers, 'askOf'> {
  /** @throws ProtocolFlaw */
  toolOf(own: JsonObject): Tool
}

/** Tools that run in the process of the agent, when the node says so. */
function createProjectTools({ project, sharedTool }: CallsComponents): ProjectTools {
  /** Of those that are at work, by the name of their work. */
  const working = new Map<string, ToolContext>()
  let works = 0

  async function execute(tool: string, input: unknown, context: ToolContext): Promise<Json> {
    const work = String(++works)
    const { callId, signal, say } = context
    const remainingMs = finite(context.remainingMs())
    const onItem = (item: Json): void => {
      if (isJsonObject(item) && typeof item['text'] === 'string') say(item['text'])
    }
    working.set(work, context)
    try {
      const params = { tool, work, callId, input, remainingMs }
      return await project().call('tool.execute', params, { signal, onItem })
    } finally {
      working.delete(work)
    }
  }

  return {
    toolOf(own) {
      const tool = readTool(own)
      const handle = textOf(own, 'handle')
      return asMadeTool({
        ...tool,
        limitedAs: sharedTool(tool.id),
        // In its process, where the schemas are; what it makes of the input stays there.
        async parse(input) {
          await project().call('tool.parse', { tool: handle, input })
          return input
        },
        execute: (input, context) => execute(handle, input, context)
      })
    },
    askOf({ work }) {
      if (work === undefined) return undefined
      const context = typeof work === 'string' ? working.get(work) : undefined
      if (context === undefined) throw new ProtocolFlaw('a question of a tool that is not at work')
      return context.ask
    }
  }
}

/** @throws ProtocolFlaw */
function initOf(
  { tools, answered, seen }: JsonObject,
  toolOf: (own: JsonObject) => Tool
): Omit<ToolboxInit, 'onText'> {
  const wanted = isJsonList(tools) ? tools : []
  const most = LIMITS.toolsOffered.value
  if (wanted.length > most) throw new ProtocolFlaw(`a toolbox of more than ${most} tools`)
  return {
    tools: wanted.map((item) => {
      if (typeof item === 'string') return item
      if (isJsonObject(item)) return toolOf(item)
      throw new ProtocolFlaw('a tool that is neither a name nor described')
    }),
    ...(isJsonObject(answered) && { answered: answerOf(answered) }),
    ...(isJsonList(seen) && { seen: seen.filter(isJsonObject) })
  }
}

function answerOf(answered: JsonObject) {
  const { state, text } = answered
  if (!isJsonObject(state)) throw new ProtocolFlaw('an answer without the state of its question')
  return { state, callId: textOf(answered, 'callId'), text: typeof text === 'string' ? text : '' }
}

type Described = Omit<Tool, 'parse' | 'execute'>

/** Deeper than people chain tools; a chain within a chain within … ends. */
const MOST_DEPTH = 4

/** @throws ProtocolFlaw for what no model could use */
function readTool(own: JsonObject, depth = 1): Described {
  const id = textOf(own, 'id')
  const { version, effects = [], inputSchema, outputSchema, untrusted, egress, asks, parts } = own
  if (!isToolId(id)) throw new ProtocolFlaw('a tool whose id no model takes')
  if (!isJsonObject(inputSchema)) throw new ProtocolFlaw('a tool without "inputSchema"')
  const declared = TOOL_EFFECTS.filter((effect) => isJsonList(effects) && effects.includes(effect))
  if (!isJsonList(effects) || declared.length !== effects.length) {
    throw new ProtocolFlaw('a tool with unknown effects')
  }
  if (isJsonList(parts) && depth >= MOST_DEPTH) throw new ProtocolFlaw('tools of tools too deep')
  return {
    id,
    version: typeof version === 'string' ? version : '1.0.0',
    description: textOf(own, 'description'),
    effects: declared,
    inputSchema,
    ...(isJsonObject(outputSchema) && { outputSchema }),
    untrusted: untrusted === true,
    egress: typeof egress === 'boolean' ? egress : declared.some((each) => each !== 'read-private'),
    asks: asks === true,
    ...numbersOf(own),
    ...(isJsonList(parts) && {
      parts: parts.filter(isJsonObject).map((part) => partOf(part, depth + 1))
    })
  }
}

/** Of a chain: it is there for the policy alone, and runs within the whole. */
function partOf(own: JsonObject, depth: number): Tool {
  return { ...readTool(own, depth), parse: refuse, execute: refuse }
}

async function refuse(): Promise<never> {
  throw new LumosError('UNSUPPORTED_OPERATION', { details: { operation: 'tool of a chain' } })
}

function numbersOf(own: JsonObject): Pick<Tool, 'timeoutMs' | 'concurrency' | 'rate'> {
  const names = ['timeoutMs', 'concurrency', 'rate'] as const
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = own[name]
      return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
        ? [[name, value]]
        : []
    })
  )
}

/** All that is to be known of a tool at the other end. */
export function described(tool: Tool): JsonObject {
  const { id, version, description, effects, inputSchema, outputSchema, parts } = tool
  const { untrusted, egress, asks, timeoutMs, concurrency, rate } = tool
  return {
    id,
    version,
    description,
    effects,
    inputSchema,
    untrusted,
    egress,
    asks,
    ...(outputSchema && { outputSchema }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(concurrency !== undefined && { concurrency }),
    ...(rate !== undefined && { rate }),
    ...(parts && { parts: parts.map(described) })
  }
}

/** JSON has no Infinity. */
function finite(ms: number): number | null {
  return Number.isFinite(ms) ? ms : null
}
