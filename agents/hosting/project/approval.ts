/** Questions to the person behind a task: may a tool be called, and what else a framework waits for. */
import type { Json } from '../../../core/json.ts'
import { isJsonObject } from '../../../core/json.ts'
import type { ProjectOutput, ProjectRequest } from './adapter.ts'
import { brief, jsonText } from './steps.ts'

export interface WantedCall {
  readonly tool: string
  readonly input: unknown
}

/** Only a clear yes is one. */
const YES = /^\s*(y|yes|approve|approved|allow|allowed|ok|okay|ja|true)\b/i

export function approvalQuestion(calls: readonly WantedCall[], state: Json): ProjectOutput {
  const wanted = calls.map(({ tool, input }) => `${tool} with ${jsonText(brief(input))}`)
  return {
    type: 'input-required',
    text: `May it call ${wanted.join(' and ')}? Answer yes or no.`,
    parts: [{ data: { approve: calls.map(({ tool, input }) => ({ tool, input: brief(input) })) } }],
    state
  }
}

/** Something else that an agent waits for; what it shows is its own. */
export function openQuestion(shown: unknown, state: Json): ProjectOutput {
  const value = brief(shown)
  const fields = isJsonObject(value) ? value : {}
  const asked = fields['question'] ?? fields['message'] ?? fields['reason'] ?? value
  const text = typeof asked === 'string' && asked !== '' ? asked : (jsonText(value) ?? 'null')
  return { type: 'input-required', text, parts: [{ data: value }], state }
}

export interface Approval {
  readonly approved: boolean
  /** What the person said instead of yes. */
  readonly reason: string
}

/** `yes`, or the data `{"approved": true}`; everything else is a no. */
export function readApproval(request: Pick<ProjectRequest, 'text' | 'message'>): Approval {
  const answer = readAnswer(request)
  if (isJsonObject(answer)) {
    const { approved, reason } = answer
    return { approved: approved === true, reason: typeof reason === 'string' ? reason : '' }
  }
  return { approved: YES.test(request.text), reason: request.text }
}

/** Data where there is some, or a text that is a JSON object or list; else the text as it is. */
export function readAnswer({ text, message }: Pick<ProjectRequest, 'text' | 'message'>): Json {
  const data = message.parts.find((part) => part.data !== undefined)?.data
  if (data !== undefined) return data
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
