/** A2A over HTTP for every agent of the swarm: at `/agents/{id}`, and by tenant under `/a2a`. */
import { agentUnknown } from '../../core/errors.ts'
import type { HttpDoor, HttpRequest } from '../http/request.ts'
import { decoded, routeUnknown, sendJson } from '../http/request.ts'
import { mayBeLegacy } from './call-options.ts'
import type { Callers } from '../http/callers.ts'
import { restErrorOf } from '../http/errors.ts'
import type { HttpCards } from './cards.ts'
import { answerJsonRpc } from './json-rpc.ts'
import type { JsonRpcComponents } from './json-rpc.ts'
import { KINDS_FORM, PROTO_FORM } from './legacy/forms.ts'
import { createLegacyMethods } from './legacy/methods.ts'
import type { LegacyComponents } from './legacy/methods.ts'
import { answerLegacyRest, isLegacyPath, legacyErrorOf, LEGACY_ROUTES } from './legacy/rest.ts'
import { createA2aMethods } from './methods.ts'
import { answerRest, isRestPath, ROUTES } from './rest.ts'
import type { RestBinding } from './rest.ts'

export interface A2aDoorComponents
  extends LegacyComponents, Omit<JsonRpcComponents, 'legacyMethods' | 'methods' | 'requests'> {
  readonly cards: HttpCards
  readonly callers: Pick<Callers, 'permit' | 'sees'>
  readonly url: () => string
}

const CARD_PATH = '/.well-known/agent-card.json'
/** Agents come and go; a client that asks with its ETag gets no body. */
const CARD_CACHE = 'private, max-age=60'

export function createA2aDoor(components: A2aDoorComponents): HttpDoor {
  const methods = createA2aMethods(components.operations, components.requests)
  const rpc = { ...components, methods, legacyMethods: createLegacyMethods(components, KINDS_FORM) }
  const rest: RestBinding = { version: '1.0', routes: ROUTES, methods, errorOf: restErrorOf }
  const legacyRest: RestBinding = {
    version: '0.3',
    routes: LEGACY_ROUTES,
    methods: createLegacyMethods(components, PROTO_FORM),
    errorOf: legacyErrorOf
  }
  return async (request) => {
    const place = placeOf(request.path)
    if (place === undefined) return false
    const { tenant, path } = place
    if (path === CARD_PATH && tenant !== '') await sendCard(components, request, tenant)
    else if (path === '' && request.method === 'POST') {
      await answerJsonRpc(rpc, request, tenant)
    } else if (path === '' && tenant === '') sendNames(components, request)
    else if (isLegacyPath(path)) {
      await answerLegacyRest(components, request, { path, tenant, binding: legacyRest })
    } else await answerRest(components, request, { path, tenant, binding: rest })
    return true
  }
}

/** The agent that a path is about, and what behind it is asked of it; `undefined` for another door's. */
function placeOf(whole: string): { readonly tenant: string; readonly path: string } | undefined {
  const [, door, rest = ''] = /^\/(agents|a2a)(?:\/(.*))?$/.exec(whole) ?? []
  if (door === undefined) return undefined
  if (rest === '') return { tenant: '', path: '' }
  if (door === 'a2a' && isRestPath(`/${rest}`)) return { tenant: '', path: `/${rest}` }
  const end = rest.indexOf('/')
  const tenant = decoded(end < 0 ? rest : rest.slice(0, end))
  const path = end < 0 ? '' : rest.slice(end)
  // Nothing between two slashes is no agent, and not all of them either.
  if (tenant === '') return undefined
  return { tenant, path: path === '/' ? '' : path }
}

async function sendCard(
  { cards, callers }: A2aDoorComponents,
  request: HttpRequest,
  agent: string
): Promise<void> {
  onlyGet(request)
  callers.permit(request.caller, 'agent.list', agent)
  const found = callers.sees(request.caller, agent) ? await cards.find(agent) : undefined
  if (found === undefined) throw agentUnknown(agent)
  const { card, digest } = mayBeLegacy(request) ? found.legacy : found
  const etag = `"${digest}"`
  const headers = { etag, 'cache-control': CARD_CACHE, vary: 'A2A-Version' }
  const { 'if-none-match': held = '' } = request.incoming.headers
  if (!held.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)) {
    return sendJson(request, card, { headers })
  }
  request.response.writeHead(304, headers)
  request.response.end()
}

/** Where each agent is. */
function sendNames({ cards, callers, url }: A2aDoorComponents, request: HttpRequest): void {
  onlyGet(request)
  callers.permit(request.caller, 'agent.list', '')
  const own = cards.names().filter((name) => callers.sees(request.caller, name))
  const agents = own.map((name) => {
    const base = `${url()}/agents/${encodeURIComponent(name)}`
    return { id: name, url: base, card: `${base}${CARD_PATH}` }
  })
  sendJson(request, { agents })
}

/** @throws ROUTE_UNKNOWN */
function onlyGet(request: HttpRequest): void {
  if (request.method !== 'GET') throw routeUnknown(request)
}
