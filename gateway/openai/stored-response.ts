/** Responses that were given before, as the tasks that they are: found, told again, and gone on from. */
import { INTERRUPTED_STATES, TERMINAL_STATES, textOf } from '../../core/a2a.ts'
import type { Message, Task } from '../../core/a2a.ts'
import { chatSchema } from '../../agents/llm/chat-schema.ts'
import type { ChatMessage } from '../../agents/llm/chat-schema.ts'
import { chatIn } from '../../core/chat-request.ts'
import { LumosError } from '../../core/errors.ts'
import { Answer } from './answer.ts'
import type { UpdateReader } from './answer.ts'
import type { EdgeTasks } from './edge-task.ts'
import { askedIn, responseOf } from './response-document.ts'
import type { Asked, ResponseStatus } from './response-document.ts'

export interface StoredComponents extends Pick<EdgeTasks, 'service'> {
  readonly read: UpdateReader
}

export interface Reader {
  readonly owner: string
  readonly signal: AbortSignal
}

export interface StoredResponse {
  readonly id: string
  readonly task: Task
  readonly asked: Asked
  /** Which message of its caller it answers, from 1. */
  readonly turn: number
  /** Whether nothing was said to the agent after it. */
  readonly isLast: boolean
}

const ID = /^resp_([\da-f-]{36})(?:_([1-9]\d{0,3}))?$/

/** One task may give several: its agent asks back, and is answered. */
export function responseId({ taskId, turn }: Pick<Answer, 'taskId' | 'turn'>): string {
  return turn === 1 ? `resp_${taskId}` : `resp_${taskId}_${turn}`
}

/** @throws TASK_NOT_FOUND also for another's, and for a task that is no response */
export async function findResponse(
  { service }: StoredComponents,
  id: string,
  reader: Reader
): Promise<StoredResponse> {
  const [, taskId, number = '1'] = ID.exec(id) ?? []
  if (taskId === undefined) throw new LumosError('TASK_NOT_FOUND')
  const task = await service.getTask({ id: taskId }, reader)
  const turn = Number(number)
  const said = task.history?.filter(({ role }) => role === 'ROLE_USER') ?? []
  const message = said[turn - 1]
  const asked = message && askedIn(message)
  if (asked === undefined) throw new LumosError('TASK_NOT_FOUND')
  return { id, task, asked, turn, isLast: turn === said.length }
}

/** Whether its agent has asked back and waits. */
export function waits({ task, isLast }: StoredResponse): boolean {
  return isLast && INTERRUPTED_STATES.has(task.status.state)
}

/** Whether there is something to go on from. */
export function hasEnded({ task, isLast }: StoredResponse): boolean {
  const { state } = task.status
  return !isLast || TERMINAL_STATES.has(state) || INTERRUPTED_STATES.has(state)
}

/** The document of it, as it is now. */
export async function retold(
  components: StoredComponents,
  stored: StoredResponse,
  reader: Reader
): Promise<object> {
  const { id, task, asked } = stored
  if (!hasEnded(stored)) {
    const isQueued = task.status.state === 'TASK_STATE_SUBMITTED'
    const nothing = new Answer(components.read)
    return responseOf(nothing, { id, asked, status: isQueued ? 'queued' : 'in_progress' })
  }
  const answer = await replayed(components, stored, reader)
  const failure = answer.failure()
  return responseOf(answer, { id, asked, status: statusOf(answer), failure: toldOf(failure) })
}

function statusOf({ isOver, state }: Answer): ResponseStatus {
  if (!isOver || state === 'TASK_STATE_COMPLETED') return 'completed'
  return state === 'TASK_STATE_CANCELED' ? 'cancelled' : 'failed'
}

/** That it was cancelled is no error of it. */
function toldOf(failure: LumosError | undefined): LumosError | undefined {
  return failure?.code === 'CANCELLED' ? undefined : failure
}

/** Reads the updates of the task again, from its first on, up to the end of that answer. */
async function replayed(
  { service, read }: StoredComponents,
  { task, turn }: StoredResponse,
  reader: Reader
): Promise<Answer> {
  const answer = new Answer(read)
  const after = { attempt: 1, seq: 0 }
  for await (const update of service.subscribeToTask({ id: task.id }, { ...reader, after })) {
    const goesOn = update.statusUpdate && read.turnOf(update.statusUpdate) !== undefined
    if (goesOn && answer.turn === turn) break
    answer.take(update)
    if (answer.turn === turn && answer.question !== undefined) break
  }
  return answer
}

/** What was said up to the end of that response, for an agent that takes whole chats. */
export function saidUntil({ task }: StoredResponse, read: UpdateReader): ChatMessage[] {
  const [order, ...others] = task.history ?? []
  const answer = new Answer(read)
  answer.take({ task })
  const { text, toolCalls } = answer
  const tool_calls = toolCalls.map(({ id, name, arguments: input }) => ({
    id,
    type: 'function' as const,
    function: { name, arguments: input }
  }))
  return [
    ...(order === undefined ? [] : chatOf(order)),
    ...others.map(asChatMessage),
    { role: 'assistant', content: text, ...(tool_calls.length > 0 && { tool_calls }) }
  ]
}

/** What its caller brought was checked when it came, but whoever speaks A2A may have put it there. */
function chatOf(order: Message): ChatMessage[] {
  const chat = chatSchema.safeParse(chatIn(order))
  return chat.success ? chat.data.messages : [asChatMessage(order)]
}

function asChatMessage({ role, parts }: Message): ChatMessage {
  return { role: role === 'ROLE_USER' ? 'user' : 'assistant', content: textOf(parts) }
}
