/** Compiled graphs of LangGraph: those with messages talk, others take and give their state as data. */
import type { Json } from '../../../core/json.ts'
import { isJsonObject } from '../../../core/json.ts'
import { inputError } from '../../agent.ts'
import { hasMethods, isShape, textIn } from './adapter.ts'
import type { ProjectAgent, ProjectOutput, ProjectRequest, Shape } from './adapter.ts'
import { openQuestion, readAnswer } from './approval.ts'
import { describedAgent } from './described.ts'
import type { Parts } from './frameworks.ts'
import { asJson, createToolSteps } from './steps.ts'
import type { ToolSteps } from './steps.ts'

const PACKAGE = '@langchain/langgraph'
const INTERRUPT = '__interrupt__'

interface Graph {
  readonly name?: string
  readonly description?: string
  readonly channels: Shape
  readonly checkpointer?: unknown
  stream(input: unknown, options: object): Promise<AsyncIterable<readonly [string, unknown]>>
}

export function isGraph(value: Shape): value is Shape & Graph {
  const isPregel = value['lg_is_pregel'] === true || hasMethods(value, 'getGraph', 'getState')
  return isPregel && isShape(value['channels']) && hasMethods(value, 'stream', 'invoke')
}

export function fromLangGraph(graph: Graph, id: string, parts: Parts): ProjectAgent {
  const description = describedAgent({
    id,
    framework: 'langgraph',
    ...(graph.description && { description: graph.description })
  })
  return { description, run: (request) => run(graph, request, { ...parts, id: description.id }) }
}

async function* run(
  graph: Graph,
  request: ProjectRequest,
  { clock, importPackage, id }: Parts & { readonly id: string }
): AsyncGenerator<ProjectOutput> {
  const input =
    request.state === undefined
      ? inputOf(graph, request, id)
      : await resumeOf(importPackage, readAnswer(request))
  const chunks = await graph.stream(input, {
    streamMode: ['messages', 'updates', 'values'],
    // A graph knows threads, but not whose they are.
    configurable: { thread_id: `${request.caller}/${request.contextId}` },
    signal: request.signal
  })
  const steps = createToolSteps(clock)
  let said = false
  let interrupt: unknown
  let values: unknown
  for await (const [mode, chunk] of chunks) {
    if (mode === 'values') values = chunk
    else if (mode === 'messages') {
      const text = deltaOf(chunk)
      said ||= text !== ''
      if (text !== '') yield text
    } else if (isShape(chunk)) {
      yield* stepsOf(chunk, steps)
      if (Array.isArray(chunk[INTERRUPT])) interrupt ??= chunk[INTERRUPT][0]
    }
  }
  request.signal.throwIfAborted()
  if (interrupt !== undefined) {
    const shown = isShape(interrupt) ? interrupt['value'] : interrupt
    yield openQuestion(shown, { interrupted: true })
  } else if (!said) yield* resultOf(values)
}

function inputOf({ channels }: Graph, { text, message }: ProjectRequest, agent: string): unknown {
  const data = readAnswer({ text, message })
  if (isJsonObject(data)) return data
  if (isShape(channels['messages'])) return { messages: [{ role: 'user', content: text }] }
  const names = Object.keys(channels).filter((name) => !/^(__|branch:)/.test(name))
  throw inputError(agent, `it takes a JSON object with ${names.slice(0, 20).join(', ')}`)
}

async function resumeOf(importPackage: Parts['importPackage'], resume: Json): Promise<unknown> {
  const { Command } = await importPackage(PACKAGE)
  if (typeof Command !== 'function') throw new Error(`${PACKAGE} has no Command`)
  return Reflect.construct(Command, [{ resume }])
}

/** Text of a model's message: of a piece of it as it comes, or of a whole one that a node returned. */
function deltaOf(chunk: unknown): string {
  const message: unknown = Array.isArray(chunk) ? chunk[0] : undefined
  return isShape(message) && typeOf(message) === 'ai' ? contentOf(message['content']) : ''
}

/** What nodes have done: the calls that their messages ask for, and those that were answered. */
function* stepsOf(update: Shape, steps: ToolSteps): Generator<ProjectOutput> {
  const messages = Object.values(update).flatMap((written) => {
    const list = isShape(written) ? written['messages'] : undefined
    return Array.isArray(list) ? list.filter(isShape) : isShape(list) ? [list] : []
  })
  for (const message of messages) {
    const { tool_calls: calls, tool_call_id: callId, name, status, content } = message
    if (Array.isArray(calls)) {
      for (const call of calls.filter(isShape)) {
        yield steps.start(textIn(call['id']), textIn(call['name']), call['args'])
      }
    }
    if (typeOf(message) !== 'tool') continue
    const end = { callId: textIn(callId), tool: textIn(name), output: contentOf(content) }
    yield steps.end({ ...end, failed: status === 'error' })
  }
}

/** Of a graph that said nothing while it worked: the last message, or else its state. */
function* resultOf(values: unknown): Generator<ProjectOutput> {
  if (!isShape(values)) return
  const { messages } = values
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined
  if (isShape(last)) yield contentOf(last['content'])
  else {
    yield {
      type: 'artifact',
      artifact: { artifactId: 'result', parts: [{ data: asJson(values) }] }
    }
  }
}

function typeOf(message: Shape): unknown {
  const { getType, type } = message
  return typeof getType === 'function' ? Reflect.apply(getType, message, []) : type
}

function contentOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part) => (isShape(part) ? textIn(part['text']) : '')).join('')
}
