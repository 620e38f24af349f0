/** `POST /v1/chat/completions`: one chat, one task, one answer, whole or piece by piece. */
import { z } from 'zod'
import { chatFields } from '../../agents/llm/chat-schema.ts'
import type { Clock } from '../../core/clock.ts'
import type { IdSource } from '../../core/ids.ts'
import type { Callers } from '../http/callers.ts'
import type { HttpRequest } from '../http/request.ts'
import { sendJson } from '../http/request.ts'
import { sendEvents } from '../http/server-events.ts'
import type { ServerEvent } from '../http/server-events.ts'
import { Answer } from './answer.ts'
import type { TokenUsage, UpdateReader } from './answer.ts'
import { readBody } from './body.ts'
import type { ParseJson } from './body.ts'
import { messageOf } from './chat-message.ts'
import { answering } from './edge-task.ts'
import type { EdgeTasks } from './edge-task.ts'
import { failing } from './failing-stream.ts'
import type { Models } from './models.ts'
import { ToldText } from './told-text.ts'

export interface CompletionsComponents extends EdgeTasks {
  readonly clock: Clock
  readonly ids: IdSource
  readonly callers: Pick<Callers, 'permit'>
  readonly models: Pick<Models, 'takesChats'>
  readonly parseJson: ParseJson
  readonly read: UpdateReader
}

/** What no agent can give is refused, not passed over. */
const none = (what: string) => z.never(`${what} is not supported`).exactOptional()

const completionSchema = z.object({
  ...chatFields,
  model: z.string().min(1).max(128),
  stream: z.boolean().exactOptional(),
  stream_options: z.object({ include_usage: z.boolean().exactOptional() }).exactOptional(),
  n: z.literal(1, 'an agent gives one answer').exactOptional(),
  logprobs: z.literal(false, 'agents tell no probabilities').exactOptional(),
  modalities: z.array(z.literal('text', 'agents answer in text')).exactOptional(),
  audio: none('audio'),
  functions: z.array(z.unknown()).max(0, 'give tools instead').exactOptional(),
  function_call: none('function_call: give tool_choice instead; it')
})

const PARAMS = { messages: 'messages', tools: 'tools', format: 'response_format' } as const

/** @throws INVALID_REQUEST, FORBIDDEN, and what the task fails with before the first word */
export async function answerCompletion(
  components: CompletionsComponents,
  request: HttpRequest
): Promise<void> {
  const { clock, ids, callers, models, parseJson, read } = components
  const body = await readBody(request, parseJson, completionSchema)
  const { model, stream, stream_options: options } = body
  const { caller, signal } = request
  callers.permit(caller, 'task.send', model)
  const isWhole = models.takesChats(model)
  const message = messageOf(body, { messageId: ids(), isWhole, params: PARAMS })
  const answer = new Answer(read)
  const pieces = answering(components, answer, {
    model,
    message,
    owner: caller.owner,
    signal,
    // Nobody can answer it: the next request is another task.
    mayWait: false
  })
  const created = Math.floor(clock.now() / 1000)
  if (stream !== true) {
    for await (const _ of pieces) continue
    return sendJson(request, completionOf(answer, { model, created }))
  }
  const chunks = chunksOf(pieces, answer, {
    model,
    created,
    usage: options?.include_usage === true
  })
  await sendEvents(request, failing(chunks), { clock })
}

interface Frame {
  readonly model: string
  /** Seconds since the epoch. */
  readonly created: number
}

function completionOf(answer: Answer, { model, created }: Frame): object {
  const { text, toolCalls, usage } = answer
  const tool_calls = toolCalls.map(toolCallOf)
  const message = {
    role: 'assistant',
    content: text === '' && tool_calls.length > 0 ? null : text,
    refusal: null,
    ...(tool_calls.length > 0 && { tool_calls })
  }
  return {
    id: idOf(answer),
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(answer) }],
    ...(usage && { usage: usageOf(usage) })
  }
}

async function* chunksOf(
  pieces: AsyncIterable<string | undefined>,
  answer: Answer,
  { model, created, usage: tellsUsage }: Frame & { readonly usage: boolean }
): AsyncGenerator<ServerEvent> {
  const told = new ToldText()
  let frame: object | undefined
  const chunk = (part: object): ServerEvent => ({ data: JSON.stringify({ ...frame, ...part }) })
  const choice = (delta: object, finish: string | null = null): ServerEvent =>
    chunk({ choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })
  for await (const piece of pieces) {
    if (frame === undefined) {
      frame = { id: idOf(answer), object: 'chat.completion.chunk', created, model }
      if (tellsUsage) frame = { ...frame, usage: null }
      yield choice({ role: 'assistant', content: '', refusal: null })
    }
    const content = told.next(answer, piece)
    if (content !== '') yield choice({ content })
  }
  if (answer.toolCalls.length > 0) {
    const tool_calls = answer.toolCalls.map((call, index) => ({ index, ...toolCallOf(call) }))
    yield choice({ tool_calls })
  }
  yield choice({}, finishOf(answer))
  if (tellsUsage) {
    const { usage } = answer
    yield chunk({ choices: [], usage: usage === undefined ? null : usageOf(usage) })
  }
  yield { data: '[DONE]' }
}

function idOf({ taskId }: Answer): string {
  return `chatcmpl-${taskId}`
}

function toolCallOf({ id, name, arguments: input }: Answer['toolCalls'][number]) {
  return { id, type: 'function', function: { name, arguments: input } }
}

function finishOf({ toolCalls, finish }: Answer): string {
  if (toolCalls.length > 0) return 'tool_calls'
  return finish === 'length' || finish === 'content_filter' ? finish : 'stop'
}

function usageOf({ input, output }: TokenUsage): object {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
}
