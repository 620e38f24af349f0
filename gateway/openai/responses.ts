/** `/v1/responses`: a response is a task that can be asked for again, gone on from, cancelled and deleted. */
import type { Message } from '../../core/a2a.ts'
import { toLumosError } from '../../core/errors.ts'
import { routeUnknown, sendJson } from '../http/request.ts'
import type { HttpRequest } from '../http/request.ts'
import { optionsOf } from '../a2a/call-options.ts'
import { sendEvents } from '../http/server-events.ts'
import { Answer } from './answer.ts'
import { readBody, unfit } from './body.ts'
import { messageOf } from './chat-message.ts'
import type { CompletionsComponents } from './completions.ts'
import { answering } from './edge-task.ts'
import { chatOf } from './response-chat.ts'
import { askedOf, responseOf, withAsked } from './response-document.ts'
import type { Asked } from './response-document.ts'
import { responseEvents } from './response-events.ts'
import { responseSchema } from './response-schema.ts'
import type { ResponseRequest } from './response-schema.ts'
import { findResponse, hasEnded, responseId, retold, saidUntil, waits } from './stored-response.ts'
import type { Reader, StoredResponse } from './stored-response.ts'

export type ResponsesComponents = CompletionsComponents

const PARAMS = { messages: 'input', tools: 'tools', format: 'text.format' } as const
const PATH = /^\/v1\/responses(?:\/([^/]+)(\/cancel)?)?$/

/** @throws ROUTE_UNKNOWN, INVALID_REQUEST, FORBIDDEN, TASK_NOT_FOUND, and what the task fails with */
export async function answerResponses(
  components: ResponsesComponents,
  request: HttpRequest
): Promise<void> {
  const { method, path } = request
  const [whole, id, cancel] = PATH.exec(path) ?? []
  if (method === 'POST' && whole !== undefined && id === undefined) {
    return create(components, request)
  }
  const isCancel = method === 'POST' && cancel !== undefined
  const isOne = cancel === undefined && (method === 'GET' || method === 'DELETE')
  if (id === undefined || !(isCancel || isOne)) {
    throw routeUnknown(request)
  }
  components.callers.permit(request.caller, 'task.follow', id)
  const reader = optionsOf(request)
  const stored = await findResponse(components, id, reader)
  if (method === 'DELETE') return remove(components, request, stored)
  if (isCancel) await components.service.cancelTask({ id: stored.task.id }, reader)
  else if (request.query.get('stream') === 'true') {
    throw unfit('stream', 'a response that was given before is not streamed')
  }
  const now = isCancel ? await findResponse(components, id, reader) : stored
  sendJson(request, await retold(components, now, reader))
}

async function remove(
  { service, forget }: ResponsesComponents,
  request: HttpRequest,
  { id, task }: StoredResponse
): Promise<void> {
  try {
    await service.cancelTask({ id: task.id }, optionsOf(request))
  } catch (error) {
    if (toLumosError(error).code !== 'TASK_NOT_CANCELABLE') throw error
  }
  await forget(task.id)
  sendJson(request, { id, object: 'response', deleted: true })
}

async function create(components: ResponsesComponents, request: HttpRequest): Promise<void> {
  const { clock, callers, parseJson, read, service } = components
  const body = await readBody(request, parseJson, responseSchema)
  const { model, stream, background } = body
  if (background === true && body.store === false) {
    throw unfit('background', 'it cannot be asked for later when it is not stored')
  }
  callers.permit(request.caller, 'task.send', model)
  const reader = optionsOf(request)
  const previous = await previousOf(components, body, reader)
  const asked = askedOf(body, Math.floor(clock.now() / 1000))
  const plain = messageFor(components, body, previous)
  const message = body.store === false ? plain : withAsked(plain, asked)
  if (background === true && stream !== true) {
    const configuration = { returnImmediately: true }
    const { task } = await service.sendMessage({ tenant: model, message, configuration }, reader)
    const id = responseId({ taskId: task?.id ?? '', turn: turnAfter(previous, message) })
    return sendJson(request, responseOf(new Answer(read), { id, asked, status: 'queued' }))
  }
  const answer = new Answer(read)
  const pieces = answering(components, answer, {
    model,
    message,
    ...reader,
    mayWait: body.store !== false,
    goesOn: background === true
  })
  const idOf = ({ taskId }: Answer): string =>
    responseId({ taskId, turn: turnAfter(previous, message) })
  if (stream === true) {
    const events = responseEvents(pieces, answer, { asked, idOf })
    return sendEvents(request, events, { clock })
  }
  for await (const _ of pieces) continue
  sendWhole(request, answer, { asked, id: idOf(answer) })
}

function sendWhole(
  request: HttpRequest,
  answer: Answer,
  init: { readonly asked: Asked; readonly id: string }
): void {
  sendJson(request, responseOf(answer, { ...init, status: 'completed' }))
}

/** @throws INVALID_REQUEST */
async function previousOf(
  components: ResponsesComponents,
  { previous_response_id: id }: ResponseRequest,
  reader: Reader
): Promise<StoredResponse | undefined> {
  if (!id) return undefined
  let stored: StoredResponse
  try {
    stored = await findResponse(components, id, reader)
  } catch (error) {
    if (toLumosError(error).code !== 'TASK_NOT_FOUND') throw error
    throw unfit('previous_response_id', 'there is no such response')
  }
  if (!stored.isLast) throw unfit('previous_response_id', 'it was gone on from already')
  if (!hasEnded(stored)) throw unfit('previous_response_id', 'it has not ended yet')
  return stored
}

/** An agent that waits is answered; else another task goes on in the same context. */
function messageFor(
  { ids, models, read }: ResponsesComponents,
  body: ResponseRequest,
  previous: StoredResponse | undefined
): Message {
  const { model } = body
  const init = { messageId: ids(), params: PARAMS }
  if (previous === undefined) {
    return messageOf(chatOf(body, []), { ...init, isWhole: models.takesChats(model) })
  }
  const { task, asked } = previous
  if (waits(previous) && asked['model'] === model) {
    const { contextId, id: taskId } = task
    // What it has to go by came with the first message.
    const { messages } = chatOf(body, [])
    return { ...messageOf({ messages }, { ...init, isWhole: false }), contextId, taskId }
  }
  const isWhole = models.takesChats(model)
  const chat = chatOf(body, isWhole ? saidUntil(previous, read) : [])
  return { ...messageOf(chat, { ...init, isWhole }), contextId: task.contextId }
}

function turnAfter(previous: StoredResponse | undefined, { taskId }: Message): number {
  return taskId === undefined ? 1 : (previous?.turn ?? 0) + 1
}
