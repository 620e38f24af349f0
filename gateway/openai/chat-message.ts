/** Makes the message of a task of a chat: whole for agents that take it so, its last words for all others. */
import { chatSchema } from '../../agents/llm/chat-schema.ts'
import type { ChatContentPart, ChatDocument } from '../../agents/llm/chat-schema.ts'
import type { Message, Part } from '../../core/a2a.ts'
import { CHAT_EXTENSION } from '../../core/chat-request.ts'
import type { JsonObject } from '../../core/json.ts'
import { unfit } from './body.ts'

export interface ChatMessageInit {
  readonly messageId: string
  /** Whether the agent takes whole chats. */
  readonly isWhole: boolean
  /** Names of the request's members, for what is wrong with them. */
  readonly params: ChatParams
}

export interface ChatParams {
  readonly messages: string
  readonly tools: string
  readonly format: string
}

/** @throws INVALID_REQUEST for what the agent would have to pass over */
export function messageOf(
  chat: ChatDocument,
  { messageId, isWhole, params }: ChatMessageInit
): Message {
  const { messages, tools = [], tool_choice: choice = 'auto', response_format: format } = chat
  const isFree = choice === 'auto' || choice === 'none'
  if (tools.length === 0 && !isFree) throw unfit('tool_choice', 'there are no tools')
  const last = messages.findLast((message) => message.role === 'user')
  const said = last === undefined ? [] : partsOf(last.content)
  const base = { messageId, role: 'ROLE_USER' as const }
  if (isWhole) {
    const text = said.find((part) => part.text !== undefined)?.text ?? ''
    return { ...base, parts: [{ text }], metadata: { [CHAT_EXTENSION]: documentOf(chat) } }
  }
  if (tools.length > 0) {
    throw unfit(params.tools, 'this agent takes no tools of its caller: it has its own')
  }
  if (format !== undefined && format.type !== 'text') {
    throw unfit(params.format, 'this agent gives its answers in its own form')
  }
  if (said.length === 0)
    throw unfit(params.messages, 'no message of a user is there to be answered')
  return { ...base, parts: said }
}

const MEMBERS: ReadonlySet<string> = new Set(Object.keys(chatSchema.shape))

/** Of a request, what is about the chat. */
function documentOf(chat: ChatDocument): JsonObject {
  const members = Object.entries(chat)
  return Object.fromEntries(
    members.filter(([name, value]) => MEMBERS.has(name) && value !== undefined)
  )
}

/** @throws INVALID_REQUEST */
function partsOf(content: string | readonly ChatContentPart[]): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ text: content }]
  return content.map(partOf)
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w=.-]+)*;base64,/

function partOf(part: ChatContentPart): Part {
  switch (part.type) {
    case 'image_url':
      return fileOf(part.image_url.url) ?? { url: part.image_url.url, mediaType: 'image/*' }
    case 'input_audio': {
      const { data, format } = part.input_audio
      return { raw: checked(data), mediaType: format === 'mp3' ? 'audio/mpeg' : 'audio/wav' }
    }
    case 'file': {
      const { file_data: data, filename } = part.file
      return { ...(fileOf(data) ?? { raw: checked(data) }), filename: filename.slice(0, 255) }
    }
    case 'text':
    default:
      return { text: part.text }
  }
}

function fileOf(url: string): Part | undefined {
  const match = DATA_URL.exec(url)
  if (match === null) return undefined
  const raw = checked(url.slice(match[0].length))
  return { raw, mediaType: match[1] ?? 'application/octet-stream' }
}

function checked(base64: string): string {
  if (/^[\w+/-]*={0,2}$/.test(base64)) return base64
  throw unfit('', 'a file is no base64')
}
