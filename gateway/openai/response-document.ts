/** A response as OpenAI has it, made of what an agent answered and of what was asked. */
import type { Json, JsonObject } from '../../core/json.ts'
import { isJsonObject } from '../../core/json.ts'
import type { Message } from '../../core/a2a.ts'
import type { LumosError } from '../../core/errors.ts'
import type { Answer } from './answer.ts'
import { openAiFailureOf } from './errors.ts'
import type { ResponseRequest } from './response-schema.ts'

/** What of a request its response tells again; kept in the metadata of the message of the task. */
export type Asked = JsonObject

const ASKED = 'urn:lumos:openai:response'

export type ResponseStatus = 'queued' | 'in_progress' | 'completed' | 'failed' | 'cancelled'

/** @param createdAt seconds since the epoch */
export function askedOf(request: ResponseRequest, createdAt: number): Asked {
  const { model, previous_response_id: previous = null, instructions = null } = request
  const { background, metadata, tools, tool_choice, text, max_output_tokens: most } = request
  return {
    created_at: createdAt,
    model,
    previous_response_id: previous,
    instructions,
    background: background ?? false,
    metadata: metadata ?? {},
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    tool_choice: tool_choice ?? 'auto',
    tools: (tools ?? []).map(plain),
    text: { format: text?.format ? plain(text.format) : { type: 'text' } },
    temperature: request.temperature ?? null,
    top_p: request.top_p ?? null,
    max_output_tokens: most ?? null
  }
}

/** Without members that are `undefined`. */
function plain(value: object): JsonObject {
  const entries: [string, Json][] = Object.entries(value)
  return Object.fromEntries(entries.filter(([, member]) => member !== undefined))
}

export function withAsked(message: Message, asked: Asked): Message {
  return { ...message, metadata: { ...message.metadata, [ASKED]: asked } }
}

/** `undefined` for a message that came in by another door, or whose response was not to be kept. */
export function askedIn({ metadata }: Pick<Message, 'metadata'>): Asked | undefined {
  const asked = metadata?.[ASKED]
  return isJsonObject(asked) ? asked : undefined
}

export interface ResponseInit {
  readonly id: string
  readonly asked: Asked
  readonly status: ResponseStatus
  readonly failure?: LumosError | undefined
}

export function responseOf(
  answer: Pick<Answer, 'text' | 'toolCalls' | 'usage' | 'finish'>,
  { id, asked, status, failure }: ResponseInit
): object {
  const hasEnded = status === 'completed'
  const reason = hasEnded ? incompleteReason(answer) : undefined
  return {
    id,
    object: 'response',
    ...asked,
    status: reason === undefined ? status : 'incomplete',
    error: failure === undefined ? null : errorOf(failure),
    incomplete_details: reason === undefined ? null : { reason },
    output: hasEnded ? outputOf(answer, id) : [],
    usage: hasEnded ? usageOf(answer) : null
  }
}

/** Why there is less than the model had to say. */
export function incompleteReason({ finish }: Pick<Answer, 'finish'>): string | undefined {
  if (finish === 'length') return 'max_output_tokens'
  return finish === 'content_filter' ? finish : undefined
}

function errorOf(failure: LumosError): object {
  const { code, message } = openAiFailureOf(failure).body.error
  return { code, message }
}

/** The words first, then what the caller is to do. */
function outputOf({ text, toolCalls }: Pick<Answer, 'text' | 'toolCalls'>, id: string): object[] {
  const calls = toolCalls.map((_, at) => callItem(toolCalls, { id, at }))
  return text === '' && calls.length > 0 ? calls : [messageItem(text, id), ...calls]
}

/** Of the one message that a response has. */
export function messageId(id: string): string {
  return `msg_${id.slice('resp_'.length)}`
}

/** Without a text, it is about to be said. */
export function messageItem(text: string | undefined, id: string): object {
  return {
    id: messageId(id),
    type: 'message',
    status: text === undefined ? 'in_progress' : 'completed',
    role: 'assistant',
    content: text === undefined ? [] : [textPart(text)]
  }
}

export function textPart(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] }
}

interface CallItem {
  readonly id: string
  readonly type: 'function_call'
  readonly status: 'completed'
  readonly call_id: string
  readonly name: string
  readonly arguments: string
}

export function callItem(
  calls: Answer['toolCalls'],
  { id, at }: { readonly id: string; readonly at: number }
): CallItem {
  const { id: call_id = '', name = '', arguments: input = '' } = calls[at] ?? {}
  return {
    id: `fc_${id.slice('resp_'.length)}_${at}`,
    type: 'function_call',
    status: 'completed',
    call_id,
    name,
    arguments: input
  }
}

function usageOf({ usage }: Pick<Answer, 'usage'>): object | null {
  if (usage === undefined) return null
  const { input, output } = usage
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output
  }
}
