/** `lumos-mesh/mastra`: agents of the swarm as subagents and tools of a Mastra project. */
import { createSwarmTool, REQUEST_SCHEMA, requestOf, toolName } from './ask-once.ts'
import type { SwarmToolOptions } from './ask-once.ts'
import { createSwarmCaller } from './swarm-caller.ts'
import type { SwarmCaller, SwarmEvent } from './swarm-caller.ts'

export type { SwarmToolOptions } from './ask-once.ts'

export interface LumosAgentOptions extends SwarmToolOptions {
  readonly name?: string
}

interface CallOptions {
  /** Of a call that goes on: the id of its task. */
  readonly runId?: string
  readonly abortSignal?: AbortSignal
}

interface Chunk {
  readonly type: string
  readonly runId: string
  readonly from: 'AGENT'
  readonly payload: Readonly<Record<string, unknown>>
}

interface SubAgentResult {
  readonly text: string
  readonly finishReason: string
  readonly runId: string
  readonly response: { readonly dbMessages: never[] }
  readonly toolResults: never[]
  readonly suspendPayload?: unknown
  readonly resumeSchema?: unknown
}

/** As Mastra's own, of which the result needs one: `MessageList` of `@mastra/core/agent`. */
interface MessageList {
  add(message: { role: 'assistant'; content: string }, source: 'response'): unknown
}

interface SubAgentStream {
  readonly fullStream: ReadableStream<Chunk>
  readonly text: Promise<string>
  readonly finishReason: Promise<string>
  readonly usage: Promise<undefined>
  error?: Error
  readonly messageList: MessageList
  readonly toolResults: Promise<never[]>
  readonly runId: string
}

/** Mastra's `SubAgent`, by its structure. */
export interface LumosAgent {
  readonly id: string
  readonly name: string
  getDescription(): string
  getModel(): { specificationVersion: 'v2'; provider: string; modelId: string }
  getInstructions(): string
  hasOwnMemory(): boolean
  __setMemory(memory: unknown): void
  getMemory(): Promise<undefined>
  generate(messages: unknown, options?: CallOptions): Promise<SubAgentResult>
  stream(messages: unknown, options?: CallOptions): Promise<SubAgentStream>
  resumeGenerate(data: unknown, options?: CallOptions): Promise<SubAgentResult>
  resumeStream(data: unknown, options?: CallOptions): Promise<SubAgentStream>
}

/** What a person is asked for when the other agent asks back. */
const ANSWER_SCHEMA = JSON.stringify({
  type: 'object',
  properties: { answer: { type: 'string' } },
  required: ['answer']
})

/**
 * A value of `new Agent({ agents: { clerk: lumosAgent('@clerk@shop') } })`. `target`: agent id, skill
 * id, tag, `@agent` or `@agent@node`. Aborting the supervisor's run cancels the task, wherever it is;
 * a question of the other agent suspends the run, and what it is resumed with is the answer.
 */
export function lumosAgent(target: string, options: LumosAgentOptions = {}): LumosAgent {
  const { id = toolName(target), name = id, description, ...rest } = options
  const caller = createSwarmCaller(target, rest)
  const begin = (messages: unknown, { abortSignal }: CallOptions): Call => {
    // The id of the task is that of Mastra's run: whoever resumes it needs nothing else.
    const taskId = crypto.randomUUID()
    return { taskId, events: caller.run({ taskId, text: textOf(messages), signal: abortSignal }) }
  }
  const resume = (data: unknown, call: CallOptions): Call => resumed(caller, data, call)
  return {
    id,
    name,
    getDescription: () => description ?? `The agent "${target}" of the Lumos swarm.`,
    getModel: () => ({ specificationVersion: 'v2', provider: 'lumos', modelId: target }),
    getInstructions: () => '',
    // It remembers by itself, so that Mastra lends it no memory of the supervisor's.
    hasOwnMemory: () => true,
    __setMemory: () => undefined,
    getMemory: () => Promise.resolve(undefined),
    generate: (messages, call = {}) => generated(begin(messages, call)),
    stream: (messages, call = {}) => streamed(begin(messages, call)),
    resumeGenerate: (data, call = {}) => generated(resume(data, call)),
    resumeStream: (data, call = {}) => streamed(resume(data, call))
  }
}

/** One call of the swarm, which has not begun before its events are read. */
interface Call {
  readonly taskId: string
  readonly events: AsyncIterable<SwarmEvent>
}

function resumed(caller: SwarmCaller, data: unknown, { runId, abortSignal }: CallOptions): Call {
  if (runId === undefined) throw new TypeError('a run that is resumed needs its runId')
  const text = answerIn(data)
  return { taskId: runId, events: caller.answer({ taskId: runId, text, signal: abortSignal }) }
}

async function generated({ taskId, events }: Call): Promise<SubAgentResult> {
  const base = { runId: taskId, response: { dbMessages: [] }, toolResults: [] }
  for await (const event of events) {
    if (event.type === 'result') return { ...base, text: event.text, finishReason: 'stop' }
    if (event.type !== 'question') continue
    const suspended = { suspendPayload: { question: event.text }, resumeSchema: ANSWER_SCHEMA }
    return { ...base, ...suspended, text: '', finishReason: 'suspended' }
  }
  throw new Error('the task was told to no end')
}

async function streamed({ taskId, events }: Call): Promise<SubAgentStream> {
  const messageList = await createMessageList()
  const text = Promise.withResolvers<string>()
  const finishReason = Promise.withResolvers<string>()
  const chunk = (type: string, payload: Chunk['payload']): Chunk => ({
    type,
    runId: taskId,
    from: 'AGENT',
    payload: { id: taskId, ...payload }
  })
  async function* chunks(): AsyncGenerator<Chunk> {
    let reason = 'stop'
    let said = ''
    try {
      yield chunk('text-start', {})
      for await (const event of events) {
        if (event.type === 'text') yield chunk('text-delta', { text: event.text })
        else if (event.type === 'result') said = event.text
        else if (event.type === 'question') {
          reason = 'suspended'
          yield chunk('tool-call-suspended', suspension(taskId, event.text))
        }
      }
      yield chunk('text-end', {})
      messageList.add({ role: 'assistant', content: said }, 'response')
    } catch (error) {
      reason = 'error'
      result.error = error instanceof Error ? error : new Error(String(error))
    } finally {
      text.resolve(said)
      finishReason.resolve(reason)
    }
  }
  const result: SubAgentStream = {
    fullStream: ReadableStream.from(chunks()),
    text: text.promise,
    finishReason: finishReason.promise,
    usage: Promise.resolve(undefined),
    messageList,
    toolResults: Promise.resolve([]),
    runId: taskId
  }
  return result
}

function suspension(toolCallId: string, question: string): Chunk['payload'] {
  const suspendPayload = { question }
  return { toolCallId, toolName: 'lumos', args: {}, suspendPayload, resumeSchema: ANSWER_SCHEMA }
}

interface MastraModule {
  readonly MessageList: new (init: object) => MessageList
}

/** Mastra takes a list of its own class only: that of the project's copy, which is its peer. */
async function createMessageList(): Promise<MessageList> {
  // Not as a literal: this package is built where Mastra is not installed.
  const mastra = '@mastra/core/agent'
  const { MessageList: List }: MastraModule = await import(mastra)
  return new List({})
}

/** A value of `new Agent({ tools: { clerk: lumosTool('@clerk@shop') } })`. */
export interface MastraTool {
  readonly id: string
  readonly description: string
  readonly inputSchema: StandardSchema
  execute(input: unknown, context?: { readonly abortSignal?: AbortSignal }): Promise<string>
}

/** https://standardschema.dev, with JSON Schema: what Mastra takes of any library. */
interface StandardSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: 'lumos'
    readonly validate: (
      value: unknown
    ) => { value: { request: string } } | { issues: { message: string }[] }
    readonly jsonSchema: { input: () => object; output: () => object }
  }
}

/** For models that shall decide themselves when to ask; `target` as of {@link lumosAgent}. */
export function lumosTool(target: string, options: SwarmToolOptions = {}): MastraTool {
  const tool = createSwarmTool(target, options)
  return {
    id: tool.id,
    description: tool.description,
    inputSchema: {
      '~standard': {
        version: 1,
        vendor: 'lumos',
        validate: validated,
        jsonSchema: { input: requestSchema, output: requestSchema }
      }
    },
    execute: (input, context) => tool.ask(requestOf(input), context?.abortSignal)
  }
}

function requestSchema(): object {
  return REQUEST_SCHEMA
}

function validated(value: unknown) {
  try {
    return { value: { request: requestOf(value) } }
  } catch (error) {
    return { issues: [{ message: error instanceof Error ? error.message : String(error) }] }
  }
}

/** What the person said: mostly in the field that ANSWER_SCHEMA asks for. */
function answerIn(data: unknown): string {
  if (typeof data === 'string') return data
  if (typeof data === 'object' && data !== null && 'answer' in data) {
    const { answer } = data
    if (typeof answer === 'string') return answer
  }
  return JSON.stringify(data)
}

/** The words of Mastra's `MessageListInput`: a text, a message, a list of either. */
function textOf(messages: unknown): string {
  if (typeof messages === 'string') return messages
  if (Array.isArray(messages)) return messages.map(textOf).filter(Boolean).join('\n')
  if (typeof messages !== 'object' || messages === null) return ''
  if ('text' in messages && typeof messages.text === 'string') return messages.text
  if ('content' in messages) return textOf(messages.content)
  return 'parts' in messages ? textOf(messages.parts) : ''
}
