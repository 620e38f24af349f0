/** The JSON-RPC 2.0 binding of A2A: one path an agent, answers as documents or as server-sent events. */
import type { Clock } from '../../core/clock.ts'
import { LumosError, invalidRequest } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Logger } from '../../core/logger.ts'
import { asFailure } from '../control/failure.ts'
import type { Callers } from '../http/callers.ts'
import { rpcErrorOf } from '../http/errors.ts'
import type { RpcError } from '../http/errors.ts'
import { readJsonBody, sendJson } from '../http/request.ts'
import type { HttpRequest } from '../http/request.ts'
import { sendEvents } from '../http/server-events.ts'
import type { ServerEvent } from '../http/server-events.ts'
import { agentIn, inTenant, optionsOf, versionOf, withPlaces } from './call-options.ts'
import type { A2aVersion } from './call-options.ts'
import type { A2aMethod, A2aMethods, A2aRequests } from './methods.ts'

export interface JsonRpcComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly callers: Pick<Callers, 'permit'>
  readonly methods: A2aMethods
  /** Those of A2A 0.3, by its names. */
  readonly legacyMethods: A2aMethods
  readonly requests: Pick<A2aRequests, 'json'>
}

type Id = string | number | null

interface Call {
  readonly id: Id
  readonly name: string
  readonly method: A2aMethod
  readonly params: JsonObject
}

const PARSE_ERROR: RpcError = { code: -32_700, message: 'the body is not JSON', data: [] }
/** Names a person can read; longer ones are none. */
const MAX_NAME = 64

/** Answers a POST to the agent `tenant`, or to the one that the parameters name when that is empty. */
export async function answerJsonRpc(
  components: JsonRpcComponents,
  request: HttpRequest,
  tenant: string
): Promise<void> {
  const body = (await readJsonBody(request)) ?? new Uint8Array()
  let value: unknown
  try {
    value = components.requests.json(body)
  } catch {
    return sendJson(request, { jsonrpc: '2.0', id: null, error: PARSE_ERROR })
  }
  const id = isJsonObject(value) && isId(value['id']) ? value['id'] : null
  const fail = (error: unknown, isParams: boolean): void => {
    const failure = asFailure(error, 0)
    if (failure.code === 'INTERNAL') components.logger.error('a call failed', { error })
    sendJson(request, { jsonrpc: '2.0', id, error: rpcErrorOf(failure, { isParams }) })
  }
  let call: Call
  try {
    call = callOf(value, methodsOf(components, versionOf(request)))
  } catch (error) {
    return fail(error, false)
  }
  try {
    const params = inTenant(call.params, tenant)
    const { operation } = call.method
    components.callers.permit(request.caller, operation, agentIn(params))
    await answer(components, request, { ...call, params })
  } catch (error) {
    if (request.response.headersSent) throw error
    fail(error, true)
  }
}

async function answer(
  { clock }: JsonRpcComponents,
  request: HttpRequest,
  { id, method, params }: Call
): Promise<void> {
  if (method.kind === 'document') {
    const result = await method.call(params, optionsOf(request))
    return sendJson(request, { jsonrpc: '2.0', id, result })
  }
  const events = withPlaces(request, (options) => method.call(params, options))
  const tell = (refusal: LumosError): ServerEvent => ({
    data: JSON.stringify({ jsonrpc: '2.0', id, error: rpcErrorOf(refusal) })
  })
  await sendEvents(request, framed(events, id), { clock, tell })
}

async function* framed(
  events: AsyncIterable<readonly [place: string, update: object]>,
  id: Id
): AsyncIterable<ServerEvent> {
  for await (const [place, result] of events) {
    yield { id: place, data: JSON.stringify({ jsonrpc: '2.0', id, result }) }
  }
}

type Find = (name: string) => A2aMethod | undefined

/** Names tell the versions apart, too: they have none in common. */
function methodsOf(
  { methods, legacyMethods }: JsonRpcComponents,
  version: A2aVersion | undefined
): Find {
  if (version === '1.0') return (name) => methods.get(name)
  if (version === '0.3') return (name) => legacyMethods.get(name)
  return (name) => methods.get(name) ?? legacyMethods.get(name)
}

/** @throws INVALID_REQUEST, UNKNOWN_METHOD */
function callOf(value: unknown, find: Find): Call {
  if (!isJsonObject(value)) throw invalidRequest('a call is one JSON object')
  const { jsonrpc, id, method: name, params = {} } = value
  if (jsonrpc !== '2.0') throw invalidRequest('"jsonrpc" is not "2.0"')
  if (!isId(id)) throw invalidRequest('a call has an id: text or a number')
  if (typeof name !== 'string') throw invalidRequest('"method" is no text')
  if (!isJsonObject(params)) throw invalidRequest('"params" is no object')
  const method = find(name)
  if (method === undefined) {
    throw new LumosError('UNKNOWN_METHOD', { details: { method: name.slice(0, MAX_NAME) } })
  }
  return { id, name, method, params }
}

function isId(value: Json | undefined): value is Id {
  return typeof value === 'string' || typeof value === 'number' || value === null
}
