/** Keeps a run in the question that ends it, so that the next run goes on exactly there. */
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import type { Message, Part } from '../../core/a2a.ts'
import { HIDDEN_MEDIA_TYPE } from '../../core/a2a.ts'
import { isJsonList, isJsonObject } from '../../core/json.ts'
import type { JsonObject } from '../../core/json.ts'
import { asJson } from '../tools/json-value.ts'
import type { Spent } from './budget.ts'
import { asSpent } from './budget.ts'
import type { PendingCall } from './tool-calls.ts'

/** A run that waits for a person. */
export interface PausedRun {
  /** What was said since the user's message. */
  readonly messages: readonly ChatCompletionMessageParam[]
  /** The calls of the last answer, in its order; those that have a result are not made again. */
  readonly calls: readonly PendingCall[]
  /** For the model, by `callId`. */
  readonly results: Readonly<Record<string, string>>
  /** The call that asked. */
  readonly asked: string
  readonly toolbox: JsonObject
  readonly spent: Spent
  /** The working memory that is to be written with the turn. */
  readonly note?: string
}

const KIND = 'lumos-llm-run-1'

export function pausePart(run: PausedRun): Part {
  return { data: asJson({ kind: KIND, ...run }), mediaType: HIDDEN_MEDIA_TYPE }
}

/** The run that the last message of `history` answers; `undefined` when it answers none. */
export function pausedRun(history: readonly Message[]): PausedRun | undefined {
  // Only what this agent said itself: what a caller sends is always of the role of a user.
  const question = history.at(-2)
  if (history.length < 3 || question?.role !== 'ROLE_AGENT') return undefined
  const data = question.parts.find(({ mediaType }) => mediaType === HIDDEN_MEDIA_TYPE)?.data
  return isJsonObject(data) && data['kind'] === KIND ? asPaused(data) : undefined
}

type Outline = Omit<PausedRun, 'spent' | 'note'>

function asPaused(data: JsonObject): PausedRun | undefined {
  const spent = isJsonObject(data['spent']) ? asSpent(data['spent']) : undefined
  if (!isOutline(data) || spent === undefined) return undefined
  const { messages, calls, results, asked, toolbox, note } = data
  return {
    messages,
    calls,
    results,
    asked,
    toolbox,
    spent,
    ...(typeof note === 'string' && { note })
  }
}

/** Written by pausePart, and kept in this node's own journal: nobody else could have. */
function isOutline(data: JsonObject): data is JsonObject & Outline {
  return (
    isJsonList(data['messages']) &&
    isJsonList(data['calls']) &&
    isJsonObject(data['results']) &&
    typeof data['asked'] === 'string' &&
    isJsonObject(data['toolbox'])
  )
}
