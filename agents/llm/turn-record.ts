/** The form in which turns of a conversation are kept in a thread, and how they are sent again. */
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { isJsonList, isJsonObject } from '../../core/json.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { ThreadMessage, ThreadMessageInit } from '../../core/memory.ts'
import { stateOf } from '../tools/consent.ts'
import type { TaintLabel } from '../tools/taint.ts'
import { messageTokens } from './tokens.ts'

export interface CallRecord {
  readonly id: string
  readonly name: string
  readonly input: string
  readonly result: string
}

/** One answer of the model, and what came of the calls in it. */
export interface StepRecord {
  readonly text: string
  readonly calls: readonly CallRecord[]
}

export interface TurnRecord {
  /** What the user said. */
  readonly text: string
  readonly steps: readonly StepRecord[]
  /** What the task had seen by then. */
  readonly labels: readonly TaintLabel[]
  /** What went into its tools and came out of them is not for all who read the thread. */
  readonly hidesTools?: boolean
}

/** A turn as it is read: as chat models take it. */
export interface KeptTurn {
  readonly messages: ChatCompletionMessageParam[]
  /** Of its last message. */
  lastId: string
  tokens: number
}

export interface KeptThread {
  readonly turns: readonly KeptTurn[]
  /** Of what was before them. */
  readonly summary: string | undefined
  /** Id of the last message that the summary stands for. */
  readonly through: string | undefined
  /** What its tools had seen, by each turn that says so: a later one takes nothing back. */
  readonly seen: readonly JsonObject[]
}

/**
 * Characters of one message: six bytes each at worst, in JSON, and all of a message is one value of
 * `memoryValueBytes`.
 */
const PIECE = 5000
/** Characters of all calls of one answer, for the same reason; control characters are taken out. */
const CALLS = 8000

export function toThreadMessages({
  text,
  steps,
  labels,
  hidesTools = false
}: TurnRecord): ThreadMessageInit[] {
  const told = hidesTools ? steps.map(withoutTools) : steps
  const messages = [...pieces('user', text), ...told.flatMap(stepMessages)]
  // What the task saw counts even where the words have no room.
  const room = messages.slice(0, LIMITS.llmTurnMessages.value - 1)
  if (labels.length === 0) return room
  return [...room, { role: 'assistant', parts: [{ data: { seen: stateOf(labels) } }] }]
}

/** The answers of a run, from what was said since the user's message. */
export function recordSteps(messages: readonly ChatCompletionMessageParam[]): StepRecord[] {
  const results = new Map(
    messages.flatMap((message) =>
      message.role === 'tool' ? [[message.tool_call_id, textOf(message.content)] as const] : []
    )
  )
  return messages.flatMap((message) => {
    if (message.role !== 'assistant') return []
    const calls = (message.tool_calls ?? []).flatMap((call) =>
      call.type === 'function' ? [{ id: call.id, ...call.function }] : []
    )
    return {
      text: textOf(message.content),
      calls: calls.map(({ id, name, arguments: input }) => ({
        id,
        name,
        input,
        result: results.get(id) ?? ''
      }))
    }
  })
}

/** All text of a message's content; what is no text is named. */
function textOf(content: ChatCompletionMessageParam['content']): string {
  if (!content) return ''
  if (typeof content === 'string') return content
  return content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join('\n')
}

/** What stands for all messages up to the one of the id `through`. */
export function summaryMessage(text: string, through: string): ThreadMessageInit {
  return { role: 'system', parts: [{ text, metadata: { summaryThrough: through } }] }
}

const HIDDEN =
  'Not kept: this conversation has seen private data, and others can read it. Call the tool again if you need it.'

function withoutTools({ text, calls }: StepRecord): StepRecord {
  return { text, calls: calls.map(({ id, name }) => ({ id, name, input: '{}', result: HIDDEN })) }
}

function stepMessages({ text, calls }: StepRecord): ThreadMessageInit[] {
  const said = text === '' ? [] : pieces('assistant', text)
  if (calls.length === 0) return said
  const most = Math.min(LIMITS.llmKeptTool.value, Math.floor(CALLS / calls.length / 2))
  const kept = calls.map(({ id, name, input, result }) => ({
    id,
    name,
    // Half of it would be no JSON any more, which some servers refuse.
    input: input.length > most ? '{}' : plain(input),
    result: plain(result.length > most ? `${result.slice(0, most)}…` : result)
  }))
  return [...said, { role: 'assistant', parts: [{ data: { calls: kept } }] }]
}

function pieces(role: 'user' | 'assistant', text: string): ThreadMessageInit[] {
  const messages: ThreadMessageInit[] = []
  for (let at = 0; at < text.length || at === 0;) {
    const end = at + PIECE
    // A pair of surrogates stays together.
    const next = end < text.length && /[\uD800-\uDBFF]/.test(text[end - 1] ?? '') ? end - 1 : end
    const part = { text: text.slice(at, next), ...(at > 0 && { metadata: { continues: true } }) }
    messages.push({ role, parts: [part] })
    at = next
  }
  return messages
}

function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F]/g, ' ')
}

/** Messages that others wrote (Mastra's, a program's) count as far as they are text. */
export function readThread(messages: readonly ThreadMessage[]): KeptThread {
  const summaries = messages.flatMap(summaryOf)
  const summary = summaries.at(-1)
  const turns: KeptTurn[] = []
  const seen = messages.flatMap(seenOf)
  for (const message of messages) {
    if (summary !== undefined && message.id <= summary.through) continue
    addTo(turns, message)
  }
  for (const turn of turns) {
    turn.tokens = turn.messages.reduce((sum, message) => sum + messageTokens(message), 0)
  }
  return {
    turns: turns.filter((turn) => turn.messages.length > 0),
    summary: summary?.text,
    through: summary?.through,
    seen
  }
}

function addTo(turns: KeptTurn[], message: ThreadMessage): void {
  const { id, role } = message
  if (role !== 'user' && role !== 'assistant') return
  const text = textIn(message)
  const goesOn = message.parts.some(({ metadata }) => member(metadata, 'continues') === true)
  if (role === 'user' && !goesOn) turns.push({ messages: [], lastId: id, tokens: 0 })
  const turn = turns.at(-1) ?? { messages: [], lastId: id, tokens: 0 }
  if (turns.length === 0) turns.push(turn)
  turn.lastId = id
  const last = turn.messages.at(-1)
  if (goesOn && last?.role === role && typeof last.content === 'string') last.content += text
  else if (text !== '') turn.messages.push({ role, content: text })
  if (role === 'assistant') addCalls(turn.messages, callsOf(message))
}

function addCalls(messages: ChatCompletionMessageParam[], calls: readonly CallRecord[]): void {
  if (calls.length === 0) return
  const tool_calls = calls.map(({ id, name, input }) => ({
    id,
    type: 'function' as const,
    function: { name, arguments: input }
  }))
  const last = messages.at(-1)
  if (last?.role === 'assistant' && last.tool_calls === undefined) last.tool_calls = tool_calls
  else messages.push({ role: 'assistant', content: null, tool_calls })
  for (const { id, result } of calls) {
    messages.push({ role: 'tool', tool_call_id: id, content: result })
  }
}

function textIn({ parts }: ThreadMessage): string {
  return parts.flatMap(({ text }) => (typeof text === 'string' ? [text] : [])).join('\n')
}

function callsOf({ parts }: ThreadMessage): CallRecord[] {
  const kept = parts.flatMap(({ data }) => listOf(member(data, 'calls')))
  return kept.flatMap((call) => {
    const [id, name, input, result] = ['id', 'name', 'input', 'result'].map((key) =>
      member(call, key)
    )
    const isCall =
      typeof id === 'string' &&
      typeof name === 'string' &&
      typeof input === 'string' &&
      typeof result === 'string'
    return isCall ? [{ id, name, input, result }] : []
  })
}

function seenOf({ role, parts }: ThreadMessage): JsonObject[] {
  if (role !== 'assistant') return []
  return parts.map(({ data }) => member(data, 'seen')).filter(isJsonObject)
}

function summaryOf(message: ThreadMessage): { text: string; through: string }[] {
  if (message.role !== 'system') return []
  return message.parts.flatMap(({ text, metadata }) => {
    const through = member(metadata, 'summaryThrough')
    return typeof text === 'string' && typeof through === 'string' ? [{ text, through }] : []
  })
}

function member(value: Json | undefined, name: string): Json | undefined {
  return isJsonObject(value) ? value[name] : undefined
}

function listOf(value: Json | undefined): readonly Json[] {
  return isJsonList(value) ? value : []
}
