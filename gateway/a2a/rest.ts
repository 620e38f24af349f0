/** The HTTP+JSON binding of A2A: paths and queries in place of method names and parameters. */
import type { Clock } from '../../core/clock.ts'
import { invalidRequest } from '../../core/errors.ts'
import type { LumosError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Callers } from '../http/callers.ts'
import { decoded, readJsonBody, routeUnknown, sendJson } from '../http/request.ts'
import type { HttpRequest } from '../http/request.ts'
import { sendEvents } from '../http/server-events.ts'
import type { ServerEvent } from '../http/server-events.ts'
import { agentIn, checkVersion, inTenant, optionsOf, withPlaces } from './call-options.ts'
import type { A2aVersion } from './call-options.ts'
import type { A2aMethods, A2aRequests } from './methods.ts'

export interface RestComponents {
  readonly clock: Clock
  readonly callers: Pick<Callers, 'permit'>
  readonly requests: Pick<A2aRequests, 'json'>
}

/** What is asked, and in which version of the binding. */
export interface RestPlace {
  readonly path: string
  /** The agent; empty when the request names it, or none. */
  readonly tenant: string
  readonly binding: RestBinding
}

export interface RestBinding {
  readonly version: A2aVersion
  readonly routes: readonly Route[]
  readonly methods: A2aMethods
  /** A failure in its words. */
  readonly errorOf: (failure: LumosError) => object
}

export interface Route {
  readonly verbs: readonly string[]
  /** Its groups name parameters. */
  readonly path: RegExp
  readonly method: string
}

const CONFIGS = String.raw`/tasks/(?<taskId>[^/:]+)/pushNotificationConfigs`

/** A2A 1.0, section 5.3. The text of the specification subscribes by POST, its proto by GET. */
export const ROUTES: readonly Route[] = [
  route('POST', '/message:send', 'SendMessage'),
  route('POST', '/message:stream', 'SendStreamingMessage'),
  route('GET', '/tasks', 'ListTasks'),
  route('GET', '/tasks/(?<id>[^/:]+)', 'GetTask'),
  route('POST', '/tasks/(?<id>[^/:]+):cancel', 'CancelTask'),
  route('GET POST', '/tasks/(?<id>[^/:]+):subscribe', 'SubscribeToTask'),
  route('POST', CONFIGS, 'CreateTaskPushNotificationConfig'),
  route('GET', CONFIGS, 'ListTaskPushNotificationConfigs'),
  route('GET', `${CONFIGS}/(?<id>[^/]+)`, 'GetTaskPushNotificationConfig'),
  route('DELETE', `${CONFIGS}/(?<id>[^/]+)`, 'DeleteTaskPushNotificationConfig'),
  route('GET', '/extendedAgentCard', 'GetExtendedAgentCard')
]

/** Parameters that a query has as text. */
const NUMBERS: ReadonlySet<string> = new Set(['historyLength', 'pageSize'])
const TRUTHS: ReadonlySet<string> = new Set(['includeArtifacts'])

/** Whether an operation of 1.0 has this path. */
export function isRestPath(path: string): boolean {
  return ROUTES.some((one) => one.path.test(path))
}

/** @throws ROUTE_UNKNOWN, INVALID_REQUEST, A2A_VERSION_UNSUPPORTED, FORBIDDEN, and what the operation does */
export async function answerRest(
  { clock, callers, requests }: RestComponents,
  request: HttpRequest,
  { path, tenant, binding: { version, routes, methods, errorOf } }: RestPlace
): Promise<void> {
  checkVersion(request, version)
  const found = routes.find((one) => one.verbs.includes(request.method) && one.path.test(path))
  const method = found && methods.get(found.method)
  if (method === undefined) {
    throw routeUnknown(request)
  }
  const named = found?.path.exec(path)?.groups ?? {}
  const body = request.method === 'POST' ? await readJsonBody(request) : undefined
  const params = inTenant(
    {
      ...queryOf(request.query),
      ...(body && bodyOf(requests.json(body))),
      ...Object.fromEntries(Object.entries(named).map(([name, text]) => [name, decoded(text)]))
    },
    tenant
  )
  callers.permit(request.caller, method.operation, agentIn(params))
  if (method.kind === 'document') {
    return sendJson(request, (await method.call(params, optionsOf(request))) ?? {})
  }
  const events = withPlaces(request, (options) => method.call(params, options))
  const tell = (refusal: LumosError): ServerEvent => ({
    event: 'error',
    data: JSON.stringify(errorOf(refusal))
  })
  await sendEvents(request, framed(events), { clock, tell })
}

async function* framed(
  events: AsyncIterable<readonly [place: string, update: object]>
): AsyncIterable<ServerEvent> {
  for await (const [id, update] of events) yield { id, data: JSON.stringify(update) }
}

function bodyOf(value: unknown): JsonObject {
  if (isJsonObject(value)) return value
  // Some clients write nothing that way.
  if (value === null) return {}
  throw invalidRequest('the body is no JSON object')
}

/** What is no number stays text, and the schema of the request says so. */
function queryOf(query: URLSearchParams): JsonObject {
  const entries = [...query].filter(([name]) => name !== 'A2A-Version')
  return Object.fromEntries(
    entries.map(([name, text]) => {
      if (NUMBERS.has(name) && /^\d{1,9}$/.test(text)) return [name, Number(text)]
      if (TRUTHS.has(name) && /^(true|false)$/.test(text)) return [name, text === 'true']
      return [name, text]
    })
  )
}

export function route(verbs: string, path: string, method: string): Route {
  return { verbs: verbs.split(' '), path: new RegExp(`^${path}$`), method }
}
