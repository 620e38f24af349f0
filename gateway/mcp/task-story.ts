/** Follows a task for an MCP client: what it says on the way is progress, what it ends with the result. */
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/server'
import type { Question, RunEvent } from '../../client/api.ts'
import type { Artifact, Part } from '../../core/a2a.ts'
import { textOf } from '../../core/a2a.ts'
import { LumosError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'

/** How following ended: with the task, or with a question that somebody has to answer. */
export type StoryEnd =
  | { readonly type: 'result'; readonly result: CallToolResult }
  | { readonly type: 'question'; readonly task: string; readonly question: Question }

export interface StoryInit {
  /** Where it is known from the start. */
  readonly task?: string
  /** Told of each piece of text as it comes. */
  readonly say: (text: string) => void
}

/** @throws what the events throw; CANCELLED when they end before the task does */
export async function followTask(
  events: AsyncIterable<RunEvent>,
  { task: known = '', say }: StoryInit
): Promise<StoryEnd> {
  let task = known
  for await (const event of events) {
    if (event.type === 'accepted') task = event.task.id
    else if (event.type === 'input-required') {
      return { type: 'question', task, question: event }
    } else if (event.type === 'result') return { type: 'result', result: resultOf(event) }
    else {
      const text = progressOf(event)
      if (text !== '') say(text)
    }
  }
  throw new LumosError('CANCELLED')
}

function progressOf(event: RunEvent): string {
  if (event.type === 'status') return event.text ?? ''
  if (event.type === 'artifact') return textOf(event.artifact.parts)
  if (event.type === 'waiting') return `(waiting for ${event.worker.name})`
  return ''
}

function resultOf(event: Extract<RunEvent, { type: 'result' }>): CallToolResult {
  const { task, worker, error } = event
  const structuredContent = { task: task.id, state: task.state, node: worker.name }
  if (task.state === 'TASK_STATE_COMPLETED') {
    return { content: task.artifacts.flatMap(contentOf), structuredContent }
  }
  const reason = error === undefined ? task.state : `${error.message} (${error.code})`
  const hint = error?.hint === undefined ? '' : `\n${error.hint}`
  const text = `The task ${task.id} ended without a result: ${reason}${hint}`
  return { content: [{ type: 'text', text }], structuredContent, isError: true }
}

/** A question as a result that any client can show, and answer with a second call. */
export function questionResult(task: string, { text, parts = [] }: Question): CallToolResult {
  const how = `The task waits. Answer with the tool answer_task: {"task": "${task}", "text": "…"}`
  return {
    content: [
      { type: 'text', text: `The agent asks: ${text}` },
      ...parts.map(blockOf),
      { type: 'text', text: how }
    ],
    structuredContent: { task, state: 'TASK_STATE_INPUT_REQUIRED', question: text }
  }
}

function contentOf({ parts }: Artifact): ContentBlock[] {
  return parts.map(blockOf)
}

function blockOf({ text, raw, url, data, mediaType = '', filename }: Part): ContentBlock {
  if (text !== undefined) return { type: 'text', text }
  if (url !== undefined) return { type: 'resource_link', uri: url, name: filename ?? url }
  if (raw === undefined) {
    return { type: 'text', text: JSON.stringify(data, undefined, isJsonObject(data) ? 2 : 0) }
  }
  const kind = /^(image|audio)\//.exec(mediaType)?.[1]
  if (kind === 'image' || kind === 'audio') return { type: kind, data: raw, mimeType: mediaType }
  const name = encodeURIComponent(filename ?? 'file')
  const mimeType = mediaType === '' ? 'application/octet-stream' : mediaType
  return { type: 'resource', resource: { uri: `lumos-part:${name}`, blob: raw, mimeType } }
}
