/** The one table of the control API: served by app.ts, documented by openapi.ts. */
import { z } from 'zod'
import type { TaskFilter } from './operations.ts'
import { grantRoutes } from './grant-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { mcpRoutes } from './mcp-routes.ts'
import { meshRoutes } from './mesh-routes.ts'
import { dashboardRoutes } from './dashboard-routes.ts'
import { devRoutes } from './dev-routes.ts'
import { eventRoutes } from './event-routes.ts'
import { healthRoutes } from './health-routes.ts'
import { hostingRoutes } from './hosting-routes.ts'
import { logRoutes } from './log-routes.ts'
import { memoryRoutes, spaceRoutes } from './memory-routes.ts'
import { metricsRoutes } from './metrics-routes.ts'
import { modelRoutes } from './model-routes.ts'
import { documentRoute, linesRoute, type Route } from './route.ts'
import { taskState } from './schema/a2a.ts'
import { truth } from './schema/document.ts'
import * as node from './schema/node.ts'
import * as tasks from './schema/tasks.ts'
import { findRoutes } from './find-routes.ts'
import { swarmRoutes } from './swarm-routes.ts'
import { traceRoutes } from './trace-routes.ts'
import { toolRoutes } from './tools-routes.ts'

const text = z.string().min(1).max(1024)

/** Selectors: name, PeerId, or a unique prefix of at least 6 characters. */
const selector = z.strictObject({ selector: text.describe('Name, PeerId or unique prefix.') })
const taskId = z.strictObject({ id: text.describe('Task id.') })

function amount(most: number, usual: number): z.ZodType<number> {
  return z.coerce.number<string>().int().min(1).max(most).prefault(String(usual))
}

const taskFilter = z.strictObject({
  state: taskState.exactOptional(),
  cursor: text.exactOptional(),
  limit: amount(1000, 50)
}) satisfies z.ZodType<TaskFilter>

const nodeRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/status',
    id: 'status',
    summary: 'How the node is',
    answer: node.status,
    handle: (operations) => operations.status()
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/id',
    id: 'identity',
    summary: 'Who the node is',
    answer: node.identity,
    handle: (operations) => operations.identity()
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/config',
    id: 'config',
    summary: 'What the node runs with, and where each value came from',
    answer: node.configDocument,
    handle: (operations) => operations.config()
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/doctor',
    id: 'doctor',
    summary: 'What is wrong, and what to do about it',
    query: z.strictObject({ peer: text.exactOptional().describe('Only what concerns this peer.') }),
    answer: node.doctorReport,
    handle: (operations, { query, signal }) => operations.doctor(query.peer, signal)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/doctor/fix',
    id: 'fix',
    summary:
      'Mends what checks of the doctor name as `fix`: never anything that cannot be had again',
    body: node.doctorFixRequest,
    answer: node.doctorFixed,
    audit: ({ body }) => body.fixes.join(' '),
    handle: (operations, { body }) => operations.fix(body)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/stop',
    id: 'stop',
    summary: 'Ends the daemon in good order',
    answer: node.stopResult,
    handle: (operations) => operations.stop()
  })
]

const peerRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/peers',
    id: 'peers',
    summary: 'Known peers',
    answer: node.peerList,
    handle: (operations) => operations.peers()
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/peers/connect',
    id: 'connectPeer',
    summary: 'Connects to a peer',
    body: z.strictObject({ address: text.describe('Multiaddr, or name of a known peer.') }),
    answer: node.peerDocument,
    audit: ({ body }) => body.address,
    handle: (operations, { body, signal }) => operations.connectPeer(body.address, signal)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/peers/{selector}/disconnect',
    id: 'disconnectPeer',
    summary: 'Disconnects from a peer',
    params: selector,
    answer: node.peerDocument,
    handle: (operations, { params }) => operations.disconnectPeer(params.selector)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/peers/{selector}',
    id: 'peer',
    summary: 'One peer: how this node stands with it, and what it did wrong',
    params: selector,
    answer: node.peerDetails,
    handle: (operations, { params }) => operations.peer(params.selector)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/peers/{selector}/block',
    id: 'blockPeer',
    summary: 'Lets a peer connect no more; what is connected ends at once',
    params: selector,
    body: node.blockRequest,
    answer: node.peerDetails,
    handle: (operations, { params, body }) => operations.blockPeer(params.selector, body)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/peers/{selector}/unblock',
    id: 'unblockPeer',
    summary: 'Lets a peer connect again',
    params: selector,
    answer: node.peerDetails,
    handle: (operations, { params }) => operations.unblockPeer(params.selector)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/peers/{selector}/ping',
    id: 'pingPeer',
    summary: 'Measures the round trip to a peer',
    params: selector,
    answer: node.pingResult,
    audit: false,
    handle: (operations, { params, signal }) => operations.pingPeer(params.selector, signal)
  })
]

const agentRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/agents',
    id: 'agents',
    summary: 'Agents of this node and of its peers',
    answer: node.agentList,
    handle: (operations) => operations.agents()
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/agents/{agent}',
    id: 'agent',
    summary: 'One agent and its signed card',
    params: z.strictObject({ agent: text }),
    query: z.strictObject({ node: text.exactOptional().describe('The agent of this node.') }),
    answer: node.agentDetails,
    handle: (operations, { params, query }) => operations.agent(params.agent, query.node)
  }),
  ...(['enable', 'disable'] as const).map((verb) =>
    documentRoute({
      method: 'POST',
      path: `/v1/agents/{agent}/${verb}`,
      id: `${verb}Agent`,
      summary: `${verb === 'enable' ? 'Offers' : 'Stops offering'} an agent of this node, also after a restart`,
      params: z.strictObject({ agent: text }),
      answer: node.agentState,
      handle: (operations, { params }) =>
        operations.setAgentEnabled(params.agent, verb === 'enable')
    })
  )
]

const taskRoutes = [
  linesRoute({
    method: 'POST',
    path: '/v1/run',
    id: 'run',
    summary: 'Runs a task; closing the request early leaves it running, unless asked otherwise',
    body: tasks.runRequest,
    answer: tasks.runEvent,
    audit: ({ body }) => body.target,
    handle: (operations, { body, signal }) => operations.run(body, signal)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/tasks',
    id: 'tasks',
    summary: 'Tasks, newest first',
    query: taskFilter,
    answer: tasks.taskList,
    handle: (operations, { query }) => operations.tasks(query)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/tasks/{id}',
    id: 'task',
    summary: 'One task',
    params: taskId,
    answer: tasks.taskDocument,
    handle: (operations, { params }) => operations.task(params.id)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/tasks/{id}/cancel',
    id: 'cancelTask',
    summary: 'Cancels a task, wherever it runs',
    params: taskId,
    answer: tasks.taskDocument,
    handle: (operations, { params, signal }) => operations.cancelTask(params.id, signal)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/tasks/{id}/answer',
    id: 'answerTask',
    summary: 'Gives a task that waits what it asks for',
    params: taskId,
    body: tasks.answerRequest,
    answer: tasks.taskDocument,
    handle: (operations, { params, body }) => operations.answerTask(params.id, body)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/tasks/{id}/retry',
    id: 'retryTask',
    summary: 'Asks again for what an ended task was about, under a new id',
    params: taskId,
    answer: tasks.taskDocument,
    handle: (operations, { params }) => operations.retryTask(params.id)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/tasks/{id}/remove',
    id: 'removeTask',
    summary: 'Forgets a task that was asked for here and has ended',
    params: taskId,
    answer: tasks.taskDocument,
    handle: (operations, { params }) => operations.removeTask(params.id)
  }),
  linesRoute({
    method: 'GET',
    path: '/v1/tasks/{id}/events',
    id: 'taskEvents',
    summary: 'The story of a task from its beginning, then live',
    params: taskId,
    query: z.strictObject({
      follow: truth.prefault('true').describe('Go on with what happens, until the result.')
    }),
    answer: tasks.runEvent,
    handle: (operations, { params, query, signal }) =>
      operations.taskEvents(params.id, signal, query.follow)
  })
]

export const ROUTES: readonly Route[] = [
  ...nodeRoutes,
  ...eventRoutes,
  ...dashboardRoutes,
  ...logRoutes,
  ...auditRoutes,
  ...peerRoutes,
  ...meshRoutes,
  ...agentRoutes,
  ...findRoutes,
  ...taskRoutes,
  ...traceRoutes,
  ...hostingRoutes,
  ...devRoutes,
  ...memoryRoutes,
  ...spaceRoutes,
  ...grantRoutes,
  ...swarmRoutes,
  ...toolRoutes,
  ...mcpRoutes,
  ...modelRoutes,
  ...metricsRoutes,
  ...healthRoutes
]
