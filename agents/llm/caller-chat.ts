/** Takes over a chat that a caller brings whole: its messages, its tools, and how it wants to be answered. */
import type {
  ChatCompletionContentPart,
  ChatCompletionMessageParam
} from 'openai/resources/chat/completions'
import type { Message } from '../../core/a2a.ts'
import { chatIn } from '../../core/chat-request.ts'
import { inputError } from '../agent.ts'
import type { ModelCall } from '../models/model.ts'
import { chatSchema, firstFlaw } from './chat-schema.ts'
import type { ChatContentPart, ChatDocument, ChatMessage } from './chat-schema.ts'
import type { LlmAgentDefinition } from './definition.ts'
import { checkSizes, isPublicPage } from './message-parts.ts'

export interface CallerChat {
  /** Of the caller, for this chat: they come behind the agent's own. */
  readonly instructions: string
  readonly messages: readonly ChatCompletionMessageParam[]
  /** Of the caller, whose the calls are to make; the agent's own are not offered beside them. */
  readonly tools: ModelCall['tools']
  /** What each call of the model has besides. */
  readonly call: Omit<ModelCall, 'messages' | 'tools'>
}

/**
 * The chat in `order`, if it brings one.
 *
 * @throws AGENT_INPUT for one that no model can take, or an answer that this agent does not give
 */
export function callerChat(definition: LlmAgentDefinition, order: Message): CallerChat | undefined {
  const brought = chatIn(order)
  if (brought === undefined) return undefined
  const { id: agent } = definition
  const { data, error } = chatSchema.safeParse(brought)
  if (data === undefined) {
    const { path, message } = firstFlaw(error)
    throw inputError(agent, `${path} of the chat: ${message}`.slice(0, MOST_REASON))
  }
  const { instructions = '', messages, tools = [], response_format: format } = data
  if (format !== undefined && format.type !== 'text' && definition.output !== undefined) {
    throw inputError(agent, 'it answers in a form of its own, and takes no other')
  }
  checkContents(agent, messages)
  const leading = messages.findIndex((message) => !isSystem(message))
  if (leading < 0) throw inputError(agent, 'nothing was said but instructions')
  const system = messages.slice(0, leading).map(({ content }) => textIn(content))
  return {
    instructions: [...system, instructions, wishOf(format)].filter(Boolean).join('\n\n'),
    messages: messages.slice(leading).map(toParam),
    tools: tools.length === 0 ? undefined : tools.map(toTool),
    call: callOf(definition, data)
  }
}

/** Room for a path and a sentence. */
const MOST_REASON = 256

function isSystem({ role }: ChatMessage): boolean {
  return role === 'system' || role === 'developer'
}

/** @throws AGENT_INPUT */
function checkContents(agent: string, messages: readonly ChatMessage[]): void {
  let files = 0
  for (const { content } of messages) {
    for (const part of typeof content === 'string' ? [] : (content ?? [])) {
      if (part.type !== 'text' && part.type !== 'refusal') files += fileBytes(agent, part)
    }
    checkSizes(agent, { text: Buffer.byteLength(textIn(content)), files })
  }
}

/** Whoever serves the model follows links: a caller must not send it into the network it stands in. */
function fileBytes(agent: string, part: Exclude<ChatContentPart, { type: 'text' }>): number {
  if (part.type === 'input_audio') return part.input_audio.data.length
  if (part.type === 'file') return part.file.file_data.length
  const { url } = part.image_url
  if (/^data:image\/[\w.+-]+;base64,/.test(url)) return url.length
  if (isPublicPage(url)) return 0
  throw inputError(agent, 'an image is a data: URL, or at a public https: address')
}

function textIn(content: ChatMessage['content']): string {
  if (content === null || content === undefined) return ''
  if (typeof content === 'string') return content
  return content
    .flatMap((part) => {
      if (part.type === 'refusal') return [part.refusal]
      return part.type === 'text' ? [part.text] : []
    })
    .join('\n')
}

function toParam(message: ChatMessage): ChatCompletionMessageParam {
  const { role } = message
  if (role === 'user') {
    const { content } = message
    return {
      role,
      content: typeof content === 'string' ? content : content.map(toContentPart)
    }
  }
  const content = textIn(message.content)
  if (role === 'tool') return { role, tool_call_id: message.tool_call_id, content }
  // `developer` is a newer name, which few servers know.
  if (role !== 'assistant') return { role: 'system', content }
  const { tool_calls: calls = [] } = message
  if (calls.length === 0) return { role, content }
  return { role, content: content === '' ? null : content, tool_calls: calls }
}

function toContentPart(part: ChatContentPart): ChatCompletionContentPart {
  if (part.type !== 'image_url') return part
  const { url, detail } = part.image_url
  return { type: 'image_url', image_url: { url, ...(detail && { detail }) } }
}

type Declared = NonNullable<ChatDocument['tools']>[number]

function toTool({ function: { name, description, parameters, strict } }: Declared) {
  return {
    type: 'function' as const,
    function: {
      name,
      ...(description !== undefined && { description }),
      ...(parameters && { parameters }),
      ...(strict !== undefined && { strict })
    }
  }
}

/**
 * Wishes of the caller go before those of the agent. Its schemas are for the model alone: one of them can
 * be made so that whoever checks a value by it never ends.
 */
function callOf({ settings = {} }: LlmAgentDefinition, chat: ChatDocument): CallerChat['call'] {
  const { temperature, top_p, reasoning_effort, seed, stop, response_format: format } = chat
  const { tools = [], max_tokens: most, max_completion_tokens: mostNew } = chat
  const { max_tokens: _, max_completion_tokens: __, ...rest } = settings
  const { tool_choice: ___, parallel_tool_calls: ____, ...others } = rest
  return {
    ...others,
    ...lengthOf(most === undefined && mostNew === undefined ? settings : chat),
    ...toolRules(tools.length === 0 ? settings : chat),
    ...(temperature !== undefined && { temperature }),
    ...(top_p !== undefined && { top_p }),
    ...(reasoning_effort !== undefined && { reasoning_effort }),
    ...(seed !== undefined && { seed }),
    ...(stop !== undefined && { stop }),
    ...(format !== undefined && format.type !== 'text' && { response_format: format })
  }
}
/** Under one name: servers refuse both together. */
function lengthOf({ max_tokens: most, max_completion_tokens: mostNew }: Lengths): Lengths {
  if (mostNew != null) return { max_completion_tokens: mostNew }
  return most == null ? {} : { max_tokens: most }
}

type Lengths = Pick<CallerChat['call'], 'max_tokens' | 'max_completion_tokens'>

/** They are about the tools beside which they stand. */
function toolRules({
  tool_choice,
  parallel_tool_calls
}: Pick<CallerChat['call'], 'tool_choice' | 'parallel_tool_calls'>) {
  return {
    ...(tool_choice !== undefined && { tool_choice }),
    ...(parallel_tool_calls !== undefined && { parallel_tool_calls })
  }
}

/** For servers that cannot hold a model to a form. */
function wishOf(format: ChatDocument['response_format']): string {
  if (format === undefined || format.type === 'text') return ''
  const wish = 'When you answer, answer with one JSON value and nothing else.'
  if (format.type === 'json_object') return wish
  return `${wish} It fits this JSON Schema:\n${JSON.stringify(format.json_schema.schema)}`
}
