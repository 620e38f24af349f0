/** Answers A2A operations that arrive over sessions. */
import { A2A_VERSION } from '../../core/a2a.ts'
import type { A2aOperations, PushConfigOperations } from '../../core/a2a-operations.ts'
import type { StreamResponse } from '../../core/a2a.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { othersFirst } from '../../core/turn.ts'
import type { CallContext, MethodTable } from '../session/session.ts'
import { decode, encode } from './codec.ts'
import { A2A_METHODS, SERVICE_PARAMETERS } from './constants.ts'
import { parsePosition } from './extensions.ts'
import type { Position } from './extensions.ts'
import { schemas } from './schema.ts'

/** Who asks, and under which conditions. */
export interface ServerOptions {
  /** The authenticated peer: every operation sees only this peer's tasks. */
  readonly caller: PeerIdText
  /** Aborts when nobody waits for the answer any more. That does not cancel a task. */
  readonly signal: AbortSignal
  /** Milliseconds the task may take; absent when the caller set no limit. */
  readonly deadlineMs?: number
  /** Agents that asked each other before the one that is asked now; absent for none. */
  readonly depth?: number
  /** The last event that the caller holds; a stream continues behind it. */
  readonly after?: Position
}

const BLAME = 'INVALID_REQUEST'

const QUESTION = { mostBytes: LIMITS.questionBytes.value }

/** Registers the eleven operations. */
export function serveA2a(methods: MethodTable, service: A2aOperations<ServerOptions>): void {
  methods.request(A2A_METHODS.sendMessage, async (body, context) => {
    const options = optionsOf(context)
    const request = decode(body, schemas.sendMessageRequest, BLAME)
    await readInTurn(body, context)
    return encode(await service.sendMessage(request, options))
  })
  methods.stream(A2A_METHODS.sendStreamingMessage, async function* (body, context) {
    const options = optionsOf(context)
    const request = decode(body, schemas.sendMessageRequest, BLAME)
    await readInTurn(body, context)
    yield* encodeEach(service.sendStreamingMessage(request, options))
  })
  const questions = ofBoundedRequests(methods)
  questions.request(A2A_METHODS.getTask, async (body, context) => {
    const options = optionsOf(context)
    return encode(await service.getTask(decode(body, schemas.getTaskRequest, BLAME), options))
  })
  questions.request(A2A_METHODS.listTasks, async (body, context) => {
    const options = optionsOf(context)
    return encode(await service.listTasks(decode(body, schemas.listTasksRequest, BLAME), options))
  })
  questions.request(A2A_METHODS.cancelTask, async (body, context) => {
    const options = optionsOf(context)
    return encode(await service.cancelTask(decode(body, schemas.cancelTaskRequest, BLAME), options))
  })
  questions.stream(A2A_METHODS.subscribeToTask, async function* (body, context) {
    const options = optionsOf(context)
    yield* encodeEach(
      service.subscribeToTask(decode(body, schemas.subscribeRequest, BLAME), options)
    )
  })
  questions.request(A2A_METHODS.getExtendedAgentCard, async (body, context) => {
    const options = optionsOf(context)
    const request = decode(body, schemas.extendedCardRequest, BLAME)
    return encode(await service.getExtendedAgentCard(request, options))
  })
  servePushConfigs(questions, service)
}

/** A cancel may come meanwhile, and finds no task: as nothing was promised yet, there is to be none. */
async function readInTurn(body: Uint8Array, context: CallContext): Promise<void> {
  const pause = othersFirst(body.length)
  if (pause === undefined) return
  await pause
  context.signal.throwIfAborted()
}

/** For all but messages: the rest only names something. */
function ofBoundedRequests(methods: MethodTable): MethodTable {
  return {
    request: (method, handler) => methods.request(method, handler, QUESTION),
    stream: (method, handler) => methods.stream(method, handler, QUESTION)
  }
}

function servePushConfigs(
  methods: MethodTable,
  service: PushConfigOperations<ServerOptions>
): void {
  methods.request(A2A_METHODS.createPushConfig, async (body, context) => {
    const options = optionsOf(context)
    const request = decode(body, schemas.pushConfig, BLAME)
    return encode(await service.createTaskPushNotificationConfig(request, options))
  })
  methods.request(A2A_METHODS.getPushConfig, async (body, context) => {
    const options = optionsOf(context)
    const request = decode(body, schemas.pushConfigRequest, BLAME)
    return encode(await service.getTaskPushNotificationConfig(request, options))
  })
  methods.request(A2A_METHODS.listPushConfigs, async (body, context) => {
    const options = optionsOf(context)
    const request = decode(body, schemas.listPushConfigsRequest, BLAME)
    return encode(await service.listTaskPushNotificationConfigs(request, options))
  })
  methods.request(A2A_METHODS.deletePushConfig, async (body, context) => {
    const options = optionsOf(context)
    const request = decode(body, schemas.pushConfigRequest, BLAME)
    await service.deleteTaskPushNotificationConfig(request, options)
    return encode({})
  })
}

async function* encodeEach(events: AsyncIterable<StreamResponse>): AsyncIterable<Uint8Array> {
  for await (const event of events) yield encode(event)
}

function optionsOf(context: CallContext): ServerOptions {
  const { peer, headers } = context
  const version = headers[SERVICE_PARAMETERS.version]
  if (version !== A2A_VERSION) {
    // The specification reads an absent version as 0.3.
    const theirs = typeof version === 'string' ? version.slice(0, 16) : '0.3'
    throw new LumosError('A2A_VERSION_UNSUPPORTED', { details: { theirs, ours: A2A_VERSION } })
  }
  const deadlineMs = parseDeadline(headers[SERVICE_PARAMETERS.deadline])
  const depth = parseDepth(headers[SERVICE_PARAMETERS.depth])
  const after = parseAfter(headers[SERVICE_PARAMETERS.after])
  return {
    caller: peer,
    // Asked for late: a session makes it only for calls that need it.
    get signal() {
      return context.signal
    },
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(depth !== undefined && { depth }),
    ...(after !== undefined && { after })
  }
}

function parseDeadline(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !/^\d{1,12}$/.test(value)) {
    throw malformed(SERVICE_PARAMETERS.deadline)
  }
  return Math.min(Number(value), LIMITS.taskDuration.value)
}

function parseDepth(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !/^\d{1,4}$/.test(value)) {
    throw malformed(SERVICE_PARAMETERS.depth)
  }
  return Number(value)
}

function parseAfter(value: unknown): Position | undefined {
  if (value === undefined) return undefined
  const position = typeof value === 'string' ? parsePosition(value) : undefined
  if (position === undefined) throw malformed(SERVICE_PARAMETERS.after)
  return position
}

function malformed(parameter: string): LumosError {
  return new LumosError(BLAME, { details: { reason: `the header "${parameter}" is malformed` } })
}
