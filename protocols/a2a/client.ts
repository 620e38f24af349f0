/** Asks a peer's agents over a session, in the operations of A2A. */
import type { z } from 'zod'
import { A2A_VERSION } from '../../core/a2a.ts'
import type { A2aOperations } from '../../core/a2a-operations.ts'
import type { AgentCard, StreamResponse } from '../../core/a2a.ts'
import { LumosError } from '../../core/errors.ts'
import { parseCardShape } from '../../trust/card-schema.ts'
import type { CallOptions, Session } from '../session/session.ts'
import { decode, encode, parseJson } from './codec.ts'
import { A2A_EXTENSIONS, A2A_METHODS, SERVICE_PARAMETERS } from './constants.ts'
import { formatPosition } from './extensions.ts'
import type { Position } from './extensions.ts'
import { schemas } from './schema.ts'

export interface A2aCallOptions {
  /** Ends the call. The task goes on: only `cancelTask` stops it. */
  readonly signal?: AbortSignal
  /** How long to wait for the answer; streams wait without end by default. */
  readonly timeoutMs?: number
  /** Milliseconds the task may take, counted by the worker from the arrival of the request. */
  readonly deadlineMs?: number
  /** Agents that asked each other before the one that is asked now; default 0. */
  readonly depth?: number
  /** The last event that is already here; a stream continues behind it. */
  readonly after?: Position
}

export type A2aClient = A2aOperations<A2aCallOptions>

const BLAME = 'AGENT_RESPONSE_INVALID'

/** The operations of the peer at the other end of `session`. Errors arrive as LumosError. */
export function createA2aClient(session: Session): A2aClient {
  async function call<T>(
    [method, schema]: readonly [method: string, schema: z.ZodType<T>],
    request: object,
    options: A2aCallOptions
  ): Promise<T> {
    const answer = await session.request(method, encode(request), callOptions(options))
    return decode(answer, schema, BLAME)
  }

  async function* stream(
    method: string,
    request: object,
    options: A2aCallOptions
  ): AsyncIterable<StreamResponse> {
    const endless = { timeoutMs: Infinity, ...callOptions(options) }
    for await (const bytes of session.stream(method, encode(request), endless)) {
      yield decode(bytes, schemas.streamResponse, BLAME)
    }
  }

  return {
    sendMessage: (request, options) =>
      call([A2A_METHODS.sendMessage, schemas.sendMessageResponse], request, options),
    sendStreamingMessage: (request, options) =>
      stream(A2A_METHODS.sendStreamingMessage, request, options),
    getTask: (request, options) => call([A2A_METHODS.getTask, schemas.task], request, options),
    listTasks: (request, options) =>
      call([A2A_METHODS.listTasks, schemas.listTasksResponse], request, options),
    cancelTask: (request, options) =>
      call([A2A_METHODS.cancelTask, schemas.task], request, options),
    subscribeToTask: (request, options) => stream(A2A_METHODS.subscribeToTask, request, options),
    createTaskPushNotificationConfig: (request, options) =>
      call([A2A_METHODS.createPushConfig, schemas.pushConfig], request, options),
    getTaskPushNotificationConfig: (request, options) =>
      call([A2A_METHODS.getPushConfig, schemas.pushConfig], request, options),
    listTaskPushNotificationConfigs: (request, options) =>
      call([A2A_METHODS.listPushConfigs, schemas.listPushConfigsResponse], request, options),
    async deleteTaskPushNotificationConfig(request, options) {
      await session.request(A2A_METHODS.deletePushConfig, encode(request), callOptions(options))
    },
    async getExtendedAgentCard(request, options) {
      const method = A2A_METHODS.getExtendedAgentCard
      const answer = await session.request(method, encode(request), callOptions(options))
      return cardFrom(answer, session.peer)
    }
  }
}

/** Its signature is not checked here: whoever relies on the card calls `verifyCard`. */
function cardFrom(bytes: Uint8Array, peer: string): AgentCard {
  const shape = parseCardShape(parseJson(bytes, BLAME))
  if ('card' in shape) return shape.card
  throw new LumosError('CARD_INVALID', { details: { peer, reason: shape.reason } })
}

const EXTENSIONS = A2A_EXTENSIONS.join(',')

function callOptions(options: A2aCallOptions): CallOptions {
  const { signal, timeoutMs, deadlineMs, depth = 0, after } = options
  return {
    ...(signal && { signal }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    headers: {
      [SERVICE_PARAMETERS.version]: A2A_VERSION,
      [SERVICE_PARAMETERS.extensions]: EXTENSIONS,
      ...(deadlineMs !== undefined && {
        [SERVICE_PARAMETERS.deadline]: String(Math.max(0, Math.floor(deadlineMs)))
      }),
      ...(depth > 0 && { [SERVICE_PARAMETERS.depth]: String(depth) }),
      ...(after && { [SERVICE_PARAMETERS.after]: formatPosition(after) })
    }
  }
}
