/** A whole chat that somebody brings to an agent of a language model, and what such an agent hands back. */
import type { Message, Part } from './a2a.ts'
import { isJsonList, isJsonObject } from './json.ts'
import type { Json, JsonObject } from './json.ts'

/**
 * In a card: the agent takes whole chats. In the metadata of a message: the chat, a document as OpenAI's
 * chat completions have it (`messages`, `tools`, `tool_choice`, `response_format`, sampling), with
 * `instructions` of this message alone besides. The message's parts then are for those who read along.
 */
export const CHAT_EXTENSION = 'urn:lumos:a2a:ext:chat:1'

/** Data of the artifact that asks the caller to make calls of its tools: `{toolCalls: [{id, name, arguments}]}`. */
export const TOOL_CALLS_MEDIA_TYPE = 'application/vnd.lumos.tool-calls+json'

/** A call of a tool of the caller. */
export interface CallerToolCall {
  readonly id: string
  readonly name: string
  /** JSON text as the model wrote it, perhaps broken. */
  readonly arguments: string
}

/** The chat that a message brings, unchecked; `undefined` when it is a message by itself. */
export function chatIn({ metadata }: Pick<Message, 'metadata'>): JsonObject | undefined {
  const chat = metadata?.[CHAT_EXTENSION]
  return isJsonObject(chat) ? chat : undefined
}

export function toolCallsPart(calls: readonly CallerToolCall[]): Part {
  const toolCalls: Json = calls.map((call) => ({ ...call }))
  return { data: { toolCalls }, mediaType: TOOL_CALLS_MEDIA_TYPE }
}

/** The calls that a part asks for; none in any other part. */
export function toolCallsIn({ data, mediaType }: Part): CallerToolCall[] {
  if (mediaType !== TOOL_CALLS_MEDIA_TYPE || !isJsonObject(data)) return []
  const { toolCalls = [] } = data
  return isJsonList(toolCalls) ? toolCalls.flatMap(callOf) : []
}

function callOf(value: Json): CallerToolCall[] {
  if (!isJsonObject(value)) return []
  const { id, name, arguments: input } = value
  const isCall = typeof id === 'string' && typeof name === 'string' && typeof input === 'string'
  return isCall ? [{ id, name, arguments: input }] : []
}
