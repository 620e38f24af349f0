/** What the control API can ask of this node: the parts' public faces in the API's documents. */
import { API_VERSION } from '../client/api.ts'
import type { ConfigValue } from '../client/api.ts'
import type { Component } from '../core/component.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { ControlOperations } from '../gateway/control/operations.ts'
import type { SwarmOperations } from '../gateway/mcp/swarm-server.ts'
import type { Newcomer } from '../trust/members/member.ts'
import { LOCAL_OWNER } from '../gateway/http/callers.ts'
import { isLabel } from '../trust/node-name.ts'
import type { Assembly } from './assembly.ts'
import {
  findAgents,
  listAgents,
  setAgentEnabled,
  showAgent,
  watchAgents
} from './operations/agents.ts'
import type { NodeGateway } from './gateway.ts'
import { createLoopMonitor } from './metrics/loop-monitor.ts'
import { createAuditOperations } from './operations/audit.ts'
import { createAuthOperations } from './operations/auth.ts'
import { usageReport } from './operations/usage.ts'
import { createDashboardOperations } from './operations/dashboard.ts'
import { createDevelopment } from './operations/dev.ts'
import { createDoctorOperations } from './operations/doctor/operations.ts'
import { nodeEventsOf } from './operations/events.ts'
import { createGrantOperations } from './operations/grants.ts'
import { createHostOperations } from './operations/hosting.ts'
import { createMcpOperations } from './operations/mcp.ts'
import { createMemoryOperations } from './operations/memory.ts'
import { createMeshOperations } from './operations/mesh.ts'
import { createModelOperations } from './operations/models.ts'
import { peerViews } from './operations/peer-views.ts'
import { blockPeer, showPeer, unblockPeer } from './operations/blocking.ts'
import {
  connectPeer,
  disconnectPeer,
  listPeers,
  PING_METHOD,
  pingPeer
} from './operations/peers.ts'
import { explainRoute } from './operations/routing.ts'
import { linesOf } from './operations/logs.ts'
import { selectPeer } from './operations/selectors.ts'
import { createSpaceOperations } from './operations/spaces.ts'
import { createSwarmOperations } from './operations/swarm.ts'
import { createToolOperations, toolRequest } from './operations/tools.ts'
import { traceTask } from './operations/task-trace.ts'
import { identityDocument, statusDocument } from './operations/status.ts'
import {
  answerTask,
  cancelTask,
  listTasks,
  removeTask,
  retryTask,
  runTask,
  showTask,
  watchTask
} from './operations/tasks.ts'
import { createVitals } from './operations/vitals.ts'

export interface OperationsInit {
  readonly socket: string
  readonly values: readonly ConfigValue[]
  readonly logs: ControlOperations['logs']
  readonly logLevels: ControlOperations['logLevels']
  readonly gateway: Pick<NodeGateway, 'auth' | 'sessions' | 'tokens' | 'url'>
  /** Asks the process to end. */
  readonly requestStop: () => void
}

export interface Operations extends Component {
  readonly control: ControlOperations
}

/** Also answers `node.ping` of peers. Start it with the node. */
export function createOperations(assembly: Assembly, init: OperationsInit): Operations {
  const loop = createLoopMonitor()
  const facts = { ...init, loop, startedAt: assembly.components.clock.monotonic() }
  assembly.wire.sessions.methods.request(PING_METHOD, (body) => body)
  const doctor = createDoctorOperations(assembly, loop)
  const swarm = swarmOperations(assembly)
  const mcp = createMcpOperations(assembly, swarm)
  const vitals = createVitals(assembly, facts)
  const events = nodeEventsOf(assembly)
  return {
    async start() {
      await loop.start()
      await vitals.start()
    },
    async stop() {
      mcp.stop()
      await vitals.stop()
      await loop.stop()
    },
    control: {
      status: async () => statusDocument(assembly, facts),
      identity: async () => identityDocument(assembly),
      ...peerOperations(assembly),
      explainRoute: (query, signal) => explainRoute(assembly, query, signal),
      watchFind: (query, options) => watchAgents(assembly, query, options),
      agent: async (id, node) => showAgent(assembly, id, node),
      setAgentEnabled: (id, enabled) => setAgentEnabled(assembly, id, enabled),
      ...taskOperations(assembly),
      watch: (topics, { after, owner = LOCAL_OWNER, signal }) =>
        events.watch(topics, { after, owner, signal }),
      logs: (filter, signal) => init.logs(linesOf(assembly, filter), signal),
      logLevels: init.logLevels,
      config: async () => ({ v: API_VERSION, values: init.values }),
      ...doctor,
      async stop() {
        init.requestStop()
        return { v: API_VERSION, pid: process.pid }
      },
      develop: development(assembly),
      usage: (query) => usageReport(assembly.work.accounts, query),
      vitals: async (query) => vitals.answer(query),
      metrics: () => vitals.metrics(),
      dashboard: createDashboardOperations(init.gateway),
      auth: createAuthOperations(init.gateway.tokens, assembly.init.config.gateway),
      grants: grantOperations(assembly),
      members: memberOperations(assembly),
      audit: auditOperations(assembly),
      hosts: createHostOperations(assembly.hosting.hosts),
      mcp: mcp.operations,
      mesh: createMeshOperations(assembly),
      models: createModelOperations({ ...assembly.components, models: assembly.models }),
      tools: createToolOperations({
        ...assembly.components,
        tools: assembly.tools,
        request: (signal) => toolRequest(assembly, signal)
      }),
      ...swarm
    }
  }
}

function peerOperations(
  assembly: Assembly
): Pick<
  ControlOperations,
  'peers' | 'connectPeer' | 'peer' | 'blockPeer' | 'unblockPeer' | 'disconnectPeer' | 'pingPeer'
> {
  return {
    peers: async () => listPeers(assembly),
    connectPeer: (address, signal) => connectPeer(assembly, address, signal),
    peer: async (selector) => showPeer(assembly, selector),
    blockPeer: (selector, request) => blockPeer(assembly, selector, request),
    unblockPeer: (selector) => unblockPeer(assembly, selector),
    disconnectPeer: (selector) => disconnectPeer(assembly, selector),
    pingPeer: (selector, signal) => pingPeer(assembly, selector, signal)
  }
}

function taskOperations(
  assembly: Assembly
): Pick<ControlOperations, 'tasks' | 'task' | 'retryTask' | 'removeTask' | 'taskTrace'> {
  return {
    tasks: (filter) => listTasks(assembly, filter),
    task: (id) => showTask(assembly, id),
    retryTask: (id) => retryTask(assembly, id),
    removeTask: (id) => removeTask(assembly, id),
    taskTrace: (id) => traceTask(assembly, id)
  }
}

function auditOperations(assembly: Assembly): ControlOperations['audit'] {
  return createAuditOperations({
    audit: assembly.wire.authority.audit,
    nameOf: nameOf(assembly),
    named: (name) => peerViews(assembly).flatMap((peer) => (peer.name === name ? [peer.id] : []))
  })
}

/** What an MCP client is offered, too. */
export function swarmOperations(
  assembly: Assembly
): SwarmOperations & Pick<ControlOperations, 'memory' | 'spaces'> {
  return {
    agents: async () => listAgents(assembly),
    find: (query, options) => findAgents(assembly, query, options),
    run: (request, signal) => runTask(assembly, request, { signal }),
    cancelTask: (id) => cancelTask(assembly, id),
    answerTask: (id, request) => answerTask(assembly, id, request),
    taskEvents: (id, signal, follow) => watchTask(assembly, id, { signal, follow }),
    ...memoryOperations(assembly)
  }
}

function memoryOperations(assembly: Assembly): Pick<ControlOperations, 'memory' | 'spaces'> {
  const { components, wire, memory, memoryFor } = assembly
  const self = wire.author.peer
  const parts = { ...components, spaces: memory, nameOf: nameOf(assembly) }
  return {
    memory: createMemoryOperations({ ...parts, memory: memoryFor() }),
    spaces: createSpaceOperations({
      ...parts,
      self,
      select: (selector) => authorOf(assembly, selectPeer(peerViews(assembly), selector).id)
    })
  }
}

/** Shared memory goes by the first id of a node. */
function authorOf({ wire }: Assembly, peer: PeerIdText): PeerIdText {
  return wire.nodeSwarm.idsOf(peer)[0] ?? peer
}

function grantOperations(assembly: Assembly): ControlOperations['grants'] {
  const { grants, authority, identity, swarm } = assembly.wire
  return createGrantOperations({
    grants,
    authority,
    self: identity.peer,
    swarm: swarm.id,
    nameOf: nameOf(assembly),
    select: (selector) => selectPeer(peerViews(assembly), selector).id
  })
}

function development(assembly: Assembly): ControlOperations['develop'] {
  const { components, hosting, roster } = assembly
  return createDevelopment({ ...components, ...hosting, roster, nameOf: nameOf(assembly) })
}

function memberOperations(assembly: Assembly): ControlOperations['members'] {
  return createSwarmOperations({
    ...assembly.components,
    wire: assembly.wire,
    known: () => knownMembers(assembly),
    nameOf: nameOf(assembly)
  })
}

/** All that are behind the wall: hints of mDNS and the like prove nothing. */
function knownMembers({ wire, capabilities }: Assembly): readonly Newcomer[] {
  const self = wire.identity.peer
  const connected = wire.sessions.all().map(({ peer, hello }) => [peer, hello.name] as const)
  const told = capabilities.directory
    .peers()
    .filter(({ cards }) => cards.length > 0)
    .map(({ peer, name }) => [peer, name] as const)
  const names = new Map([...told, ...connected])
  names.delete(self)
  return Array.from(names, ([peer, name]) => ({ peer, name: isLabel(name) ? name : '' }))
}

/** Empty for a peer that nobody has told of. */
function nameOf({ wire, capabilities }: Assembly): (peer: PeerIdText) => string {
  const { directory } = capabilities
  return (known) => {
    const peer = wire.nodeSwarm.book.roll?.heirOf(known) ?? known
    if (peer === wire.identity.peer) return wire.name
    return directory.peer(peer)?.name ?? wire.sessions.get(peer)?.hello.name ?? ''
  }
}
