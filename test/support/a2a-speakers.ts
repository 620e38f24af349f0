/** Four ways to say the same over HTTP: A2A 1.0 and 0.3, each as JSON-RPC and as HTTP+JSON, byte for byte without an SDK. */
import { isJsonList, isJsonObject } from '../../core/json.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { readEvents } from './server-events.ts'

export const SPEAKERS = ['JSON-RPC 1.0', 'REST 1.0', 'JSON-RPC 0.3', 'REST 0.3'] as const

export type SpeakerName = (typeof SPEAKERS)[number]

export type Operation = keyof typeof OPERATIONS

export interface Ask {
  /** Its own version unless it is said otherwise; empty for none. */
  readonly version?: string
  readonly lastEventId?: string
  readonly token?: string
}

export interface Speaker {
  readonly name: SpeakerName
  readonly isLegacy: boolean
  /** @param params as `messageParams`, `taskParams` and `configParams` write them */
  call(operation: Operation, params: JsonObject, ask?: Ask): Promise<Told>
  messageParams(text: string, more?: MessageMore): JsonObject
  taskParams(id: string): JsonObject
  configParams(taskId: string, config: PushTarget): JsonObject
  configNames(taskId: string, id: string): JsonObject
}

export interface MessageMore {
  readonly taskId?: string
  readonly wait?: boolean
  readonly push?: PushTarget
}

export interface PushTarget {
  readonly url: string
  readonly id?: string
  readonly token?: string
}

/** What came back, in words that all four have in common. */
export interface Told {
  /** Of JSON-RPC, in each of them. */
  readonly error?: number
  readonly documents: readonly JsonObject[]
  /** Ids of server-sent events. */
  readonly places: readonly string[]
}

/** In the order of SPEAKERS; none where there is no such operation. */
const OPERATIONS = {
  send: ['SendMessage', 'POST /message:send', 'message/send', 'POST /v1/message:send'],
  stream: [
    'SendStreamingMessage',
    'POST /message:stream',
    'message/stream',
    'POST /v1/message:stream'
  ],
  get: ['GetTask', 'GET /tasks/:id', 'tasks/get', 'GET /v1/tasks/:id'],
  list: ['ListTasks', 'GET /tasks', 'tasks/list', 'GET /v1/tasks'],
  cancel: ['CancelTask', 'POST /tasks/:id:cancel', 'tasks/cancel', 'POST /v1/tasks/:id:cancel'],
  subscribe: [
    'SubscribeToTask',
    'POST /tasks/:id:subscribe',
    'tasks/resubscribe',
    'POST /v1/tasks/:id:subscribe'
  ],
  setPush: [
    'CreateTaskPushNotificationConfig',
    'POST /tasks/:taskId/pushNotificationConfigs',
    'tasks/pushNotificationConfig/set',
    'POST /v1/tasks/:taskId/pushNotificationConfigs'
  ],
  listPush: [
    'ListTaskPushNotificationConfigs',
    'GET /tasks/:taskId/pushNotificationConfigs',
    'tasks/pushNotificationConfig/list',
    'GET /v1/tasks/:taskId/pushNotificationConfigs'
  ],
  getPush: [
    'GetTaskPushNotificationConfig',
    'GET /tasks/:taskId/pushNotificationConfigs/:id',
    'tasks/pushNotificationConfig/get',
    'GET /v1/tasks/:taskId/pushNotificationConfigs/:id'
  ],
  deletePush: [
    'DeleteTaskPushNotificationConfig',
    'DELETE /tasks/:taskId/pushNotificationConfigs/:id',
    'tasks/pushNotificationConfig/delete',
    'DELETE /v1/tasks/:taskId/pushNotificationConfigs/:id'
  ],
  card: [
    'GetExtendedAgentCard',
    'GET /extendedAgentCard',
    'agent/getAuthenticatedExtendedCard',
    'GET /v1/card'
  ]
} as const

/** @param base of the agent: `http://127.0.0.1:5869/agents/echo` */
export function createSpeaker(name: SpeakerName, base: string, token: string): Speaker {
  const index = SPEAKERS.indexOf(name)
  const isLegacy = name.endsWith('0.3')
  const isRpc = name.startsWith('JSON-RPC')

  function requestOf(operation: Operation, params: JsonObject) {
    const word = OPERATIONS[operation][index] ?? ''
    if (isRpc) return rpcRequest(base, word, params)
    return restRequest(base, word, params)
  }

  return {
    name,
    isLegacy,
    async call(operation, params, ask = {}) {
      const { url, method, body } = requestOf(operation, params)
      const version = ask.version ?? (isLegacy ? '' : '1.0')
      const answer = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${ask.token ?? token}`,
          'content-type': 'application/json',
          ...(version && { 'A2A-Version': version }),
          ...(ask.lastEventId && { 'last-event-id': ask.lastEventId })
        },
        ...(method === 'POST' && { body: JSON.stringify(body) })
      })
      return told(answer)
    },
    messageParams(text, { taskId, wait = true, push } = {}) {
      const message = { messageId: crypto.randomUUID(), ...(taskId && { taskId }) }
      if (!isLegacy) {
        return {
          message: { ...message, role: 'ROLE_USER', parts: [{ text }] },
          configuration: {
            returnImmediately: !wait,
            ...(push && { taskPushNotificationConfig: { ...push } })
          }
        }
      }
      const config = push && { ...push }
      return isRpc
        ? {
            message: { kind: 'message', ...message, role: 'user', parts: [{ kind: 'text', text }] },
            configuration: { blocking: wait, ...(config && { pushNotificationConfig: config }) }
          }
        : {
            message: { ...message, role: 'ROLE_USER', content: [{ text }] },
            configuration: {
              ...(wait && { blocking: true }),
              ...(config && { pushNotification: config })
            }
          }
    },
    taskParams: (id) => ({ id }),
    configParams: (taskId, config) =>
      isLegacy ? { taskId, pushNotificationConfig: { ...config } } : { taskId, ...config },
    configNames: (taskId, id) =>
      isLegacy && isRpc ? { id: taskId, pushNotificationConfigId: id } : { taskId, id }
  }
}

function rpcRequest(base: string, method: string, params: JsonObject) {
  return { url: base, method: 'POST', body: { jsonrpc: '2.0', id: 1, method, params } }
}

/** Parameters that the path names are in it; those of a GET are its query. */
function restRequest(base: string, word: string, params: JsonObject) {
  const [method = '', template = ''] = word.split(' ')
  const inPath = new Set<string>()
  const path = template.replace(/:(id|taskId)\b/g, (_, name: string) => {
    inPath.add(name)
    return encodeURIComponent(asText(params[name]))
  })
  const rest = Object.entries(params).filter(([name]) => !inPath.has(name))
  const query = new URLSearchParams(
    Object.fromEntries(rest.map(([name, value]) => [name, asText(value)]))
  )
  const url = base + path + (method === 'GET' && rest.length > 0 ? `?${String(query)}` : '')
  return { url, method, body: Object.fromEntries(rest) }
}

function asText(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

async function told(answer: Response): Promise<Told> {
  if (answer.headers.get('content-type')?.startsWith('text/event-stream')) {
    const events = await Array.fromAsync(readEvents(answer))
    const documents = events.map(({ data }) => resultOf(JSON.parse(data)))
    return { documents: documents.filter(isJsonObject), places: events.map(({ id }) => id) }
  }
  const text = await answer.text()
  const document: Json = text === '' ? {} : JSON.parse(text)
  const error = errorOf(document)
  if (error !== undefined) return { error, documents: [], places: [] }
  const result = resultOf(document)
  const list = isJsonList(result) ? result : [result]
  return { documents: list.filter(isJsonObject), places: [] }
}

function resultOf(document: Json): Json {
  return isJsonObject(document) && document['jsonrpc'] === '2.0'
    ? (document['result'] ?? null)
    : document
}

const REASONS: ReadonlyMap<Json | undefined, number> = new Map([
  ['TASK_NOT_FOUND', -32_001],
  ['TASK_NOT_CANCELABLE', -32_002],
  ['UNSUPPORTED_OPERATION', -32_004],
  ['VERSION_NOT_SUPPORTED', -32_009],
  ['PUSH_TARGET_FORBIDDEN', -32_602],
  ['INVALID_REQUEST', -32_602],
  ['ROUTE_UNKNOWN', -32_601]
])

/** REST of 1.0 names its errors, the other three number them. */
function errorOf(document: Json): number | undefined {
  if (!isJsonObject(document)) return undefined
  const { error, code } = document
  if (typeof code === 'number') return code
  if (!isJsonObject(error)) return undefined
  const { details } = error
  const [info] = isJsonList(details) ? details : []
  if (isJsonObject(info)) return REASONS.get(info['reason']) ?? 0
  return Number(error['code'])
}

/** Ids of tasks, states and texts, wherever they stand: what a scenario compares. */
export function summaryOf(documents: readonly JsonObject[]) {
  const found = { ids: new Set<string>(), states: [] as string[], text: '' }
  for (const document of documents) look(document, found, false)
  return { id: [...found.ids][0] ?? '', states: found.states, text: found.text }
}

interface Found {
  readonly ids: Set<string>
  readonly states: string[]
  text: string
}

function look(value: Json | undefined, found: Found, inArtifact: boolean): void {
  if (isJsonList(value)) for (const one of value) look(one, found, inArtifact)
  if (!isJsonObject(value)) return
  const { id, taskId, state, text } = value
  if (typeof state === 'string') found.states.push(plain(state))
  if (typeof taskId === 'string') found.ids.add(taskId)
  else if (typeof id === 'string' && value['status'] !== undefined) found.ids.add(id)
  if (inArtifact && typeof text === 'string') found.text += text
  for (const [name, member] of Object.entries(value)) {
    look(member, found, inArtifact || name === 'artifact' || name === 'artifacts')
  }
}

/** `TASK_STATE_CANCELLED`, `TASK_STATE_CANCELED` and `canceled` are one. */
function plain(state: string): string {
  return state
    .replace('TASK_STATE_', '')
    .toLowerCase()
    .replaceAll('_', '-')
    .replace('cancelled', 'canceled')
}
