/** The note that a model keeps of whom it talks to: a small text, replaced as a whole. */
import { isJsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Tool, ToolResult } from '../tools/tool.ts'
import { readJson } from './json-text.ts'
import type { PendingCall } from './tool-calls.ts'

export const NOTE_TOOL = 'update_working_memory'

export const NOTE_RULE =
  `You keep a note about this user that you see in every conversation with them. When you learn something ` +
  `that will matter later, call ${NOTE_TOOL} with the whole new note.`

export const noteTool: Pick<Tool, 'id' | 'description' | 'inputSchema'> = {
  id: NOTE_TOOL,
  description:
    'Replaces the note about this user by a new text: names, preferences, facts that stay true.',
  inputSchema: {
    type: 'object',
    properties: {
      text: { type: 'string', description: 'The whole note, at most 4,000 characters.' }
    },
    required: ['text'],
    additionalProperties: false
  }
}

/** Takes the text of a call; it is written with the turn. */
export function noteCall(
  keeper: { note: string | undefined },
  { input }: Pick<PendingCall, 'input'>
): ToolResult {
  const text = textIn(input)
  const limit = LIMITS.llmNoteBytes.value
  if (text === undefined) return failed('The input has to be {"text": "the whole note"}.')
  if (Buffer.byteLength(text) > limit) return failed(`The note has more than ${limit} bytes.`)
  keeper.note = text
  return { type: 'done', output: 'noted', text: 'noted' }
}

function failed(text: string): ToolResult {
  return { type: 'failed', code: 'TOOL_INPUT', text }
}

function textIn(input: string): string | undefined {
  const value = readJson(input)?.value
  const text = isJsonObject(value) ? value['text'] : undefined
  return typeof text === 'string' ? text : undefined
}
