/** Joins the doors over HTTP with what is behind them: tokens, agents of the swarm, tasks. */
import { join } from 'node:path'
import type { Component } from '../core/component.ts'
import { createHttpCards } from '../gateway/a2a/cards.ts'
import type { KnownAgent } from '../gateway/a2a/cards.ts'
import { createA2aDoor } from '../gateway/a2a/door.ts'
import { createHttpServer } from '../gateway/http/http-server.ts'
import type { HttpServer } from '../gateway/http/http-server.ts'
import {
  ERROR_EXTENSION,
  PROGRESS_EXTENSION,
  STEP_EXTENSION,
  TURN_EXTENSION
} from '../protocols/a2a/constants.ts'
import { a2aRequests } from '../protocols/a2a/requests.ts'
import { createEdgeService } from '../tasks/edge-service.ts'
import { createApiTokens } from '../trust/api-tokens.ts'
import type { ApiTokens } from '../trust/api-tokens.ts'
import { createCardSigner } from '../trust/card-signature.ts'
import type { Assembly } from './assembly.ts'
import { createNodeCallers, serverInitOf } from './gateway-callers.ts'
import { createLifeCycle } from './life-cycle.ts'

export interface NodeGateway extends Component {
  readonly tokens: Pick<ApiTokens, 'create' | 'list' | 'revoke'>
  /** Where the doors are; `undefined` while they are shut. */
  readonly url: string | undefined
}

/** Extensions that hold over HTTP, too; the others are about sessions. */
const EXTENSIONS = new Set([ERROR_EXTENSION, PROGRESS_EXTENSION, STEP_EXTENSION, TURN_EXTENSION])

/** Started after the node, and stopped before it. `enabled`: whether there are doors to open at all. */
export function createNodeGateway(
  assembly: Assembly,
  { enabled }: { readonly enabled: boolean }
): NodeGateway {
  const { components, init, wire } = assembly
  const { clock, random } = components
  const logger = components.logger.child('gateway')
  const path = join(init.paths.data, 'api-tokens.json')
  const tokens = createApiTokens({ clock, random, logger }, { path })
  const server = enabled ? createServer(assembly, { tokens }) : undefined
  const lifeCycle = createLifeCycle({ ...components, logger }, [
    { name: 'tokens', component: tokens },
    ...(server === undefined ? [] : [{ name: 'doors over HTTP', component: server }])
  ])
  return {
    ...lifeCycle,
    async start() {
      await lifeCycle.start()
      if (server?.url !== undefined) logger.info('open', { url: server.url, peer: wire.name })
    },
    tokens,
    get url() {
      return server?.url
    }
  }
}

function createServer(
  assembly: Assembly,
  { tokens }: { readonly tokens: Pick<ApiTokens, 'verify'> }
): HttpServer {
  const { components, init, wire, work, capabilities } = assembly
  const { clock } = components
  const { gateway } = init.config
  const logger = components.logger.child('gateway')
  const callers = createNodeCallers(assembly, { tokens })
  const url = (): string => server.url ?? ''
  const cards = createHttpCards(
    {
      clock,
      sign: createCardSigner(wire.identity),
      agents: () => knownAgents(capabilities.directory.peers()),
      url
    },
    { extensions: EXTENSIONS, open: gateway.open }
  )
  const service = createEdgeService({
    delegations: work.delegations,
    card: async (agent) => (await cards.find(agent))?.card
  })
  const operations = { operations: service, requests: a2aRequests }
  const a2a = createA2aDoor({ clock, logger, callers, ...operations, cards, url })
  const server: HttpServer = createHttpServer(
    { clock, logger, callers, doors: [a2a] },
    serverInitOf(gateway)
  )
  return server
}

function knownAgents(
  peers: readonly { readonly name: string; readonly cards: readonly KnownAgent['card'][] }[]
): readonly KnownAgent[] {
  return peers.flatMap(({ name, cards }) => cards.map((card) => ({ card, node: name })))
}
