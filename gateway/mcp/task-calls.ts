/** Calls of tools by an MCP client: tasks of the swarm with progress, cancel, and questions to the person. */
import { randomUUID } from 'node:crypto'
import type {
  CallToolResult,
  InputRequiredResult,
  ServerContext
} from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Question, RunEvent } from '../../client/api.ts'
import { agentUnknown, invalidRequest, LumosError, toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { ControlOperations } from '../control/operations.ts'
import { ANSWER_TOOL, FIND_TOOL } from './agent-tools.ts'
import { followTask, questionResult } from './task-story.ts'
import type { StoryEnd } from './task-story.ts'

export type TaskOperations = Pick<
  ControlOperations,
  'agents' | 'find' | 'run' | 'cancelTask' | 'answerTask' | 'taskEvents'
>

export interface TaskCallsComponents {
  readonly operations: TaskOperations
  /** Aborts when no client is served any more: because the node stops (tasks then go on), or for another reason. */
  readonly ending: AbortSignal
}

export interface ToolRequest {
  readonly name: string
  readonly input: unknown
  readonly context: ServerContext
  /** Whether the client puts questions to its person. */
  readonly canAsk: boolean
}

export interface TaskCalls {
  /** Failures come back as results that a model can read; only the end of the request rejects. */
  call(request: ToolRequest): Promise<CallToolResult | InputRequiredResult>
}

const text = z.string().min(1)
const agentInput = z.strictObject({
  message: text,
  node: text.optional(),
  context: text.optional(),
  timeout_seconds: z.int().min(1).optional()
})
const findInput = z.strictObject({ query: text, wide: z.boolean().default(false) })
const answerInput = z.strictObject({ task: text, text })
/** What a question hands to the round that brings its answer. Whoever speaks here may answer any task of the node. */
const roundState = z.object({ task: z.string(), atMs: z.number() })

const ANSWER_KEY = 'answer'
const RETRY_AFTER_MS = 1000

type Outcome = CallToolResult | InputRequiredResult

export function createTaskCalls(components: TaskCallsComponents): TaskCalls {
  return new Calls(components)
}

class Calls implements TaskCalls {
  readonly #operations: TaskOperations
  readonly #ending: AbortSignal
  #inFlight = 0

  constructor({ operations, ending }: TaskCallsComponents) {
    this.#operations = operations
    this.#ending = ending
  }

  async call(request: ToolRequest): Promise<Outcome> {
    this.#inFlight += 1
    try {
      if (this.#inFlight > LIMITS.mcpCallsInFlight.value) {
        throw new LumosError('OVERLOADED', { details: { retryAfterMs: RETRY_AFTER_MS } })
      }
      return await this.#dispatch(request)
    } catch (error) {
      request.context.mcpReq.signal.throwIfAborted()
      return failure(error)
    } finally {
      this.#inFlight -= 1
    }
  }

  async #dispatch(request: ToolRequest): Promise<Outcome> {
    const { name, input, context } = request
    if (name === FIND_TOOL) {
      const { query, wide } = parsed(findInput, input)
      return find(this.#operations, query, { all: wide, signal: context.mcpReq.signal })
    }
    if (name === ANSWER_TOOL) {
      const { task, text: reply } = parsed(answerInput, input)
      return this.#answer(request, task, { text: reply, messageId: randomUUID() })
    }
    return (await this.#nextRound(request)) ?? this.#runAgent(request)
  }

  async #runAgent(request: ToolRequest): Promise<Outcome> {
    const { message, node, context, timeout_seconds: seconds } = parsed(agentInput, request.input)
    await this.#refuseUnknown(request.name)
    const listening = listenWhile(request.context.mcpReq.signal, this.#ending)
    try {
      const events = this.#operations.run(
        {
          target: `@${request.name}`,
          text: message,
          cancelOnDisconnect: true,
          ...(node !== undefined && { to: node }),
          ...(context !== undefined && { contextId: context }),
          ...(seconds !== undefined && { timeoutMs: seconds * 1000 })
        },
        listening.signal
      )
      return await finish(request, await followTask(events, { say: progress(request.context) }))
    } finally {
      listening.stop()
    }
  }

  /** The answer is on disk before its consequences are told. */
  async #answer(request: ToolRequest, task: string, answer: Answer): Promise<Outcome> {
    await this.#operations.answerTask(task, answer)
    const listening = listenWhile(request.context.mcpReq.signal, this.#ending)
    listening.signal.addEventListener('abort', () => {
      if (toLumosError(listening.signal.reason).code === 'SHUTTING_DOWN') return
      // It may have ended at that moment.
      this.#operations.cancelTask(task, this.#ending).catch(() => {})
    })
    try {
      const events = this.#operations.taskEvents(task, listening.signal, true)
      const story = after(events, answer.messageId)
      return await finish(
        request,
        await followTask(story, { task, say: progress(request.context) })
      )
    } finally {
      listening.stop()
    }
  }

  /** The round after a question; `undefined` when this is the first one. */
  async #nextRound(request: ToolRequest): Promise<Outcome | undefined> {
    const { requestState, inputResponses } = request.context.mcpReq
    const state = requestState<string>()
    if (state === undefined) return undefined
    const { task, atMs } = parsed(roundState, JSON.parse(state))
    const { acceptedContent } = await import('@modelcontextprotocol/server')
    const content = acceptedContent<{ answer?: unknown }>(inputResponses, ANSWER_KEY)
    const reply = content?.answer
    // Made of the question, so that the same round again is the same answer.
    const messageId = `mcp-${atMs}`
    if (typeof reply === 'string') return this.#answer(request, task, { text: reply, messageId })
    const how = `Nobody answered. The task ${task} waits: answer it with the tool ${ANSWER_TOOL}.`
    return { content: [{ type: 'text', text: how }], structuredContent: { task }, isError: true }
  }

  async #refuseUnknown(agent: string): Promise<void> {
    const { agents } = await this.#operations.agents()
    if (agents.some(({ id }) => id === agent)) return
    throw agentUnknown(agent)
  }
}

interface Answer {
  readonly text: string
  readonly messageId: string
}

/** A question goes to whoever can answer: the person behind the client, or its model. */
async function finish({ canAsk }: ToolRequest, end: StoryEnd): Promise<Outcome> {
  if (end.type === 'result') return end.result
  return canAsk ? ask(end.task, end.question) : questionResult(end.task, end.question)
}

async function ask(task: string, { text: message, atMs }: Question): Promise<InputRequiredResult> {
  const { inputRequired } = await import('@modelcontextprotocol/server')
  const answer = inputRequired.elicit({
    message,
    requestedSchema: {
      type: 'object',
      properties: { answer: { type: 'string', title: 'Your answer' } },
      required: ['answer']
    }
  })
  return inputRequired({
    inputRequests: { [ANSWER_KEY]: answer },
    requestState: JSON.stringify({ task, atMs })
  })
}

async function find(
  operations: TaskOperations,
  query: string,
  options: { readonly all: boolean; readonly signal: AbortSignal }
): Promise<CallToolResult> {
  const { providers } = await operations.find(query, options)
  const found = providers.map(({ agent, skill, description, node, connected, local }) => ({
    agent,
    skill,
    description,
    node: node.name,
    reachable: connected || local
  }))
  const lines = found.map(
    ({ agent, skill, description, node }) => `${agent} on ${node}, ${skill}: ${description}`
  )
  const said = lines.length === 0 ? `Nobody offers ${query}.` : lines.join('\n')
  return { content: [{ type: 'text', text: said }], structuredContent: { providers: found } }
}

/** What came before the answer of that id was told in an earlier round. */
async function* after(events: AsyncIterable<RunEvent>, messageId: string): AsyncIterable<RunEvent> {
  let told = false
  for await (const event of events) {
    if (told || event.type === 'result') yield event
    else told = event.type === 'answered' && event.messageId === messageId
  }
}

interface Listening {
  readonly signal: AbortSignal
  /** Neither of the two is listened to any more. */
  stop(): void
}

/** A signal that aborts with whichever comes first; where both do, with the reason of `ending`. */
function listenWhile(request: AbortSignal, ending: AbortSignal): Listening {
  const controller = new AbortController()
  const abort = (): void => controller.abort(ending.aborted ? ending.reason : request.reason)
  for (const signal of [ending, request]) {
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  }
  return {
    signal: controller.signal,
    stop() {
      for (const signal of [ending, request]) signal.removeEventListener('abort', abort)
    }
  }
}

/** Tells a client that wants progress each piece of text. */
function progress({ mcpReq }: ServerContext): (text: string) => void {
  const { _meta: meta } = mcpReq
  const progressToken = meta?.progressToken
  if (progressToken === undefined) return () => {}
  let told = 0
  return (message) => {
    told += 1
    const params = { progressToken, progress: told, message }
    // A client that is gone is noticed by its request.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {})
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value ?? {})
  if (result.success) return result.data
  const [issue] = result.error.issues
  const reason = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`
  throw invalidRequest(reason)
}

function failure(error: unknown): CallToolResult {
  const { code, message, hint } = toLumosError(error)
  return { content: [{ type: 'text', text: `${message} (${code})\n${hint}` }], isError: true }
}
