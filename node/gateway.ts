/** Joins the doors over HTTP with what is behind them: tokens, agents of the swarm, tasks. */
import { join } from 'node:path'
import { CHAT_EXTENSION } from '../core/chat-request.ts'
import type { WayIn } from '../client/auth-api.ts'
import type { Component } from '../core/component.ts'
import { createHttpCards } from '../gateway/a2a/cards.ts'
import type { KnownAgent } from '../gateway/a2a/cards.ts'
import { createA2aDoor } from '../gateway/a2a/door.ts'
import { refuseForControl } from '../gateway/control/refusal.ts'
import type { ControlOperations } from '../gateway/control/operations.ts'
import { createDashboardDoor } from '../gateway/dashboard/door.ts'
import { createDashboardFiles } from '../gateway/dashboard/files.ts'
import { refuseForDashboard } from '../gateway/dashboard/refusal.ts'
import { createDashboardSessions } from '../gateway/dashboard/sessions.ts'
import type { DashboardSessions } from '../gateway/dashboard/sessions.ts'
import { answerPublicly } from '../gateway/docs/door.ts'
import { createHttpServer } from '../gateway/http/http-server.ts'
import type { HttpServer } from '../gateway/http/http-server.ts'
import type { PublicRequest } from '../gateway/http/request.ts'
import { createMetricsDoor } from '../gateway/metrics/door.ts'
import { refuseForLive } from '../gateway/live/refusal.ts'
import { createMcpRefusal } from '../gateway/mcp/http-door.ts'
import { createResourceMetadata } from '../gateway/mcp/resource-metadata.ts'
import type { ResourceMetadata } from '../gateway/mcp/resource-metadata.ts'
import { refuseOpenAi } from '../gateway/openai/door.ts'
import {
  ERROR_EXTENSION,
  PROGRESS_EXTENSION,
  STEP_EXTENSION,
  TURN_EXTENSION
} from '../protocols/a2a/constants.ts'
import { a2aRequests } from '../protocols/a2a/requests.ts'
import { createEdgeService } from '../tasks/edge/service.ts'
import { createApiTokens } from '../trust/api-tokens.ts'
import type { ApiTokens } from '../trust/api-tokens.ts'
import { createCardSigner } from '../trust/card-signature.ts'
import type { Assembly } from './assembly.ts'
import { createControlDoors } from './control-doors.ts'
import { createNodeCallers, serverInitOf, waysIn } from './gateway-callers.ts'
import { createNodeEdgePush } from './edge-push.ts'
import { createLifeCycle } from './life-cycle.ts'
import type { Part } from './life-cycle.ts'
import { createNodeOpenAiDoor } from './openai-door.ts'
import { createNodeMcpDoor } from './mcp-http.ts'
import { packageRoot } from './version.ts'

export interface NodeGateway extends Component {
  readonly tokens: Pick<ApiTokens, 'create' | 'list' | 'revoke'>
  readonly sessions: Pick<DashboardSessions, 'endAll' | 'offer'>
  /** Where the doors are; `undefined` while they are shut. */
  readonly url: string | undefined
  readonly auth: readonly WayIn[]
}

/** Extensions that hold over HTTP, too; the others are about sessions. */
const EXTENSIONS = new Set([
  CHAT_EXTENSION,
  ERROR_EXTENSION,
  PROGRESS_EXTENSION,
  STEP_EXTENSION,
  TURN_EXTENSION
])

export interface NodeGatewayInit {
  /** Whether there are doors to open at all. */
  readonly enabled: boolean
  /** What the user of this machine can do, as of the start; absent, nothing of it can be had over HTTP. */
  readonly control?: () => ControlOperations
}

/** Started after the node, and stopped before it. */
export function createNodeGateway(
  assembly: Assembly,
  { enabled, control }: NodeGatewayInit
): NodeGateway {
  const { components, init, wire } = assembly
  const { clock, random } = components
  const logger = components.logger.child('gateway')
  const path = join(init.paths.data, 'api-tokens.json')
  const tokens = createApiTokens({ clock, random, logger }, { path })
  const sessions = createDashboardSessions({ clock, random, audit: wire.authority.audit })
  const { server, parts = [] } = enabled ? createDoors(assembly, { tokens, sessions, control }) : {}
  const lifeCycle = createLifeCycle({ ...components, logger }, [
    { name: 'tokens', component: tokens },
    ...parts
  ])
  return {
    ...lifeCycle,
    async start() {
      await lifeCycle.start()
      if (server?.url !== undefined) logger.info('open', { url: server.url, peer: wire.name })
    },
    tokens,
    sessions,
    auth: waysIn(init.config.gateway),
    get url() {
      return server?.url
    }
  }
}

interface DoorsParts {
  readonly control: NodeGatewayInit['control'] | undefined
  readonly tokens: Pick<ApiTokens, 'verify' | 'ended'>
  readonly sessions: DashboardSessions
}

interface Doors {
  readonly server: HttpServer
  /** The server and what is behind it; what is stopped first ends its streams. */
  readonly parts: readonly Part[]
}

function createDoors(assembly: Assembly, { tokens, sessions, control }: DoorsParts): Doors {
  const { components, init, wire, work, capabilities } = assembly
  const { clock } = components
  const { gateway } = init.config
  const logger = components.logger.child('gateway')
  const callers = createNodeCallers(assembly, { tokens, sessions })
  const url = (): string => server.url ?? ''
  const agents = () => knownAgents(capabilities.directory.peers())
  const cards = createHttpCards(
    { clock, sign: createCardSigner(wire.identity), agents, url },
    {
      extensions: EXTENSIONS,
      open: gateway.open,
      pushNotifications: init.config.tasks.push.enabled
    }
  )
  const push = createNodeEdgePush(assembly)
  const service = createEdgeService({
    push,
    delegations: work.delegations,
    card: async (agent, owner) =>
      work.tenants.knows(owner, agent) ? (await cards.find(agent))?.card : undefined
  })
  const operations = { operations: service, requests: a2aRequests }
  const a2a = createA2aDoor({ clock, logger, callers, ...operations, cards, url })
  const openAi = createNodeOpenAiDoor(assembly, { callers, service, agents })
  const mcp = createNodeMcpDoor(assembly, callers)
  const issuers = Object.values(gateway.jwt).map(({ issuer }) => issuer)
  const metadata = createResourceMetadata({ issuers, url })
  const own = control && createControlDoors(assembly, { callers, service, control })
  const server: HttpServer = createHttpServer(
    {
      clock,
      logger,
      newRequestId: () => requestId(components),
      callers,
      doors: [a2a, openAi, mcp.door, ...(own ? [own.door] : [])],
      publicly: answersForAll(assembly, { metadata, sessions, control }),
      upgrades: own ? [own.upgrade] : [],
      meter: wire.meters.http,
      refusals: [
        refuseForDashboard,
        refuseOpenAi,
        createMcpRefusal(metadata),
        refuseForLive,
        refuseForControl
      ]
    },
    serverInitOf(gateway)
  )
  const parts = [
    { name: 'push notifications over HTTP', component: push },
    { name: 'doors over HTTP', component: server },
    { name: 'MCP over HTTP', component: mcp }
  ]
  return { server, parts }
}

interface OpenDoorsParts extends Pick<DoorsParts, 'sessions' | 'control'> {
  readonly metadata: ResourceMetadata
}

/** What is answered before anybody has said who they are. */
function answersForAll(
  { components, database, init }: Assembly,
  { metadata, sessions, control }: OpenDoorsParts
): (request: PublicRequest) => boolean {
  const logger = components.logger.child('gateway')
  const files = createDashboardFiles({ folder: join(packageRoot(), 'dist', 'web') })
  const dashboard = createDashboardDoor({ logger, sessions, files })
  // Each task is on disk before it is accepted.
  const isReady = (): boolean => database.state?.name === 'writable'
  const isScraped = init.config.metrics.public && control !== undefined
  const metrics = isScraped
    ? createMetricsDoor({ metrics: () => control().metrics() })
    : () => false
  return (request) =>
    metadata.answer(request) ||
    answerPublicly(request, isReady) ||
    metrics(request) ||
    dashboard(request)
}

function knownAgents(
  peers: readonly { readonly name: string; readonly cards: readonly KnownAgent['card'][] }[]
): readonly KnownAgent[] {
  return peers.flatMap(({ name, cards }) => cards.map((card) => ({ card, node: name })))
}

/** 64 random bits: nobody has to find two alike. */
function requestId({ random }: Pick<Assembly['components'], 'random'>): string {
  return Buffer.from(random.bytes(8)).toString('hex')
}
