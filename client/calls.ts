/** Every call of the control API, typed, over any transport. */
import type {
  AgentDetails,
  AgentList,
  AgentState,
  AnswerRequest,
  ConfigDocument,
  FindResult,
  Identity,
  LogLine,
  PeerDocument,
  PeerList,
  PingResult,
  RunEvent,
  RunRequest,
  Status,
  StopResult,
  TaskDocument,
  TaskList
} from './api.ts'
import type { DoctorFixed, DoctorReport } from './doctor-api.ts'
import type { BlockRequest, PeerDetails } from './peers-api.ts'
import type { FindEvent } from './find-api.ts'
import type { RouteExplanation, RouteQuery } from './routing-api.ts'
import type { DevEvent, DevRequest } from './dev-api.ts'
import { createDashboardCalls } from './dashboard-calls.ts'
import type { DashboardCalls } from './dashboard-calls.ts'
import { createAuthCalls } from './auth-calls.ts'
import type { AuthCalls } from './auth-calls.ts'
import type { TaskTrace } from './trace-api.ts'
import type { UsageQuery, UsageReport } from './usage-api.ts'
import type { Vitals, VitalsQuery } from './vitals-api.ts'
import { createGrantCalls } from './grants-calls.ts'
import type { GrantCalls } from './grants-calls.ts'
import { createSwarmCalls } from './swarm-calls.ts'
import type { SwarmCalls } from './swarm-calls.ts'
import { createAuditCalls } from './audit-calls.ts'
import type { AuditCalls } from './audit-calls.ts'
import { createHostCalls } from './hosting-calls.ts'
import type { HostCalls } from './hosting-calls.ts'
import { createLogLevelCalls } from './log-levels-calls.ts'
import type { LogLevelCalls } from './log-levels-calls.ts'
import { createMemoryCalls, createSpaceCalls } from './memory-calls.ts'
import type { MemoryCalls, SpaceCalls } from './memory-calls.ts'
import { createMcpCalls } from './mcp-calls.ts'
import type { McpCalls } from './mcp-calls.ts'
import { createMeshCalls } from './mesh-calls.ts'
import type { MeshCalls } from './mesh-calls.ts'
import { createModelCalls } from './models-calls.ts'
import type { ModelCalls } from './models-calls.ts'
import { createToolCalls } from './tools-calls.ts'
import type { ToolCalls } from './tools-calls.ts'
import type { Transport } from './transport.ts'
import { createWatchCalls } from './watch-calls.ts'
import type { WatchCalls } from './watch-calls.ts'
import { createVerbs, encode, overNetwork, query } from './verbs.ts'
import type { CallOptions, Verbs } from './verbs.ts'

export type { CallOptions } from './verbs.ts'

export interface LogQuery {
  readonly follow?: boolean
  readonly level?: string
  readonly component?: string
  /** Name, PeerId or a part of it. */
  readonly peer?: string
  /** Id of a task, or the end of it. */
  readonly task?: string
  /** ISO 8601. */
  readonly since?: string
  /** The newest so many of the kept lines. */
  readonly limit?: number
}

export interface TaskQuery {
  readonly state?: string
  readonly cursor?: string
  readonly limit?: number
}

/** Failures are `LumosError`s with the daemon's code; an aborted call fails with `signal.reason`. */
export interface Client extends WatchCalls {
  status(options?: CallOptions): Promise<Status>
  id(options?: CallOptions): Promise<Identity>
  peers(options?: CallOptions): Promise<PeerList>
  connect(address: string, options?: CallOptions): Promise<PeerDocument>
  /** `peer`: name, PeerId or unique prefix of at least 6 characters. */
  disconnect(peer: string, options?: CallOptions): Promise<PeerDocument>
  peer(peer: string, options?: CallOptions): Promise<PeerDetails>
  /** From now on; what is connected ends at once. */
  block(peer: string, request?: BlockRequest, options?: CallOptions): Promise<PeerDetails>
  unblock(peer: string, options?: CallOptions): Promise<PeerDetails>
  ping(peer: string, options?: CallOptions): Promise<PingResult>
  agents(options?: CallOptions): Promise<AgentList>
  agent(id: string, options?: CallOptions & { node?: string | undefined }): Promise<AgentDetails>
  /** An agent of this node; resolves when its peers have been told. */
  enableAgent(id: string, options?: CallOptions): Promise<AgentState>
  disableAgent(id: string, options?: CallOptions): Promise<AgentState>
  find(query: string, options?: CallOptions & { all?: boolean | undefined }): Promise<FindResult>
  /** Who is there, `ready`, and then who comes, changes and goes; until the loop ends. */
  watchFind(
    query: string,
    options?: CallOptions & { all?: boolean | undefined }
  ): AsyncGenerator<FindEvent>
  /** Who would be asked, if it were now. NO_ROUTE, AGENT_UNKNOWN, PEER_UNKNOWN. */
  explainRoute(query: RouteQuery, options?: CallOptions): Promise<RouteExplanation>
  /** Ending the loop early leaves the task running; `cancel` ends it. */
  run(request: RunRequest, options?: CallOptions): AsyncGenerator<RunEvent>
  tasks(query?: TaskQuery, options?: CallOptions): Promise<TaskList>
  task(id: string, options?: CallOptions): Promise<TaskDocument>
  cancel(id: string, options?: CallOptions): Promise<TaskDocument>
  /** Resolves when the answer is on disk; the daemon brings it to the worker. */
  answer(id: string, request: AnswerRequest, options?: CallOptions): Promise<TaskDocument>
  /** The same order under a new id. */
  retry(id: string, options?: CallOptions): Promise<TaskDocument>
  /** Forgets an ended task; answers with what it was. */
  remove(id: string, options?: CallOptions): Promise<TaskDocument>
  /** All events from the first, then live ones until the result, unless `follow` is false. */
  events(id: string, options?: CallOptions & { follow?: boolean }): AsyncGenerator<RunEvent>
  /** Where its time went, on all nodes that took part. */
  trace(id: string, options?: CallOptions): Promise<TaskTrace>
  /** Runs a project anew with each save; ending the loop ends it. */
  develop(request: DevRequest, options?: CallOptions): AsyncGenerator<DevEvent>
  logs(query?: LogQuery, options?: CallOptions): AsyncGenerator<LogLine>
  readonly logLevels: LogLevelCalls
  config(options?: CallOptions): Promise<ConfigDocument>
  doctor(options?: CallOptions & { peer?: string | undefined }): Promise<DoctorReport>
  /** Mends what checks of the doctor name as `fix`. */
  fix(fixes: readonly string[], options?: CallOptions): Promise<DoctorFixed>
  stop(options?: CallOptions): Promise<StopResult>
  /** What those who come in over HTTP have used. */
  usage(query: UsageQuery, options?: CallOptions): Promise<UsageReport>
  /** How the node is doing; asked again and again, it looks every second. */
  vitals(query?: VitalsQuery, options?: CallOptions): Promise<Vitals>
  /** In the text format of Prometheus. */
  metrics(options?: CallOptions): Promise<string>
  readonly auth: AuthCalls
  readonly dashboard: DashboardCalls
  readonly grants: GrantCalls
  readonly swarm: SwarmCalls
  readonly audit: AuditCalls
  readonly hosts: HostCalls
  readonly memory: MemoryCalls
  readonly spaces: SpaceCalls
  readonly tools: ToolCalls
  readonly models: ModelCalls
  readonly mcp: McpCalls
  readonly mesh: MeshCalls
}

export function createCalls(transport: Transport): Client {
  const verbs = createVerbs(transport)
  const { get, post, stream } = verbs
  return {
    status: (options) => get('/v1/status', options),
    id: (options) => get('/v1/id', options),
    peers: (options) => get('/v1/peers', options),
    connect: (address, options) => post('/v1/peers/connect', { address }, overNetwork(options)),
    disconnect: (peer, options) => post(`/v1/peers/${encode(peer)}/disconnect`, {}, options),
    peer: (peer, options) => get(`/v1/peers/${encode(peer)}`, options),
    block: (peer, request = {}, options) =>
      post(`/v1/peers/${encode(peer)}/block`, request, options),
    unblock: (peer, options) => post(`/v1/peers/${encode(peer)}/unblock`, {}, options),
    ping: (peer, options) => post(`/v1/peers/${encode(peer)}/ping`, {}, overNetwork(options)),
    agents: (options) => get('/v1/agents', options),
    agent: (id, { node, ...options } = {}) =>
      get(`/v1/agents/${encode(id)}${query({ node })}`, options),
    enableAgent: (id, options) => post(`/v1/agents/${encode(id)}/enable`, {}, options),
    disableAgent: (id, options) => post(`/v1/agents/${encode(id)}/disable`, {}, options),
    find: (text, { all, ...options } = {}) =>
      get(`/v1/find${query({ q: text, all })}`, overNetwork(options)),
    watchFind: (text, { all, ...options } = {}) =>
      stream({ method: 'GET', path: `/v1/find/watch${query({ q: text, all })}` }, options),
    explainRoute: (question, options) =>
      get(`/v1/route${query({ ...question })}`, overNetwork(options)),
    run: (request, options) =>
      stream({ method: 'POST', path: '/v1/run', body: JSON.stringify(request) }, options),
    tasks: (page = {}, options) => get(`/v1/tasks${query({ ...page })}`, options),
    task: (id, options) => get(`/v1/tasks/${encode(id)}`, options),
    cancel: (id, options) => post(`/v1/tasks/${encode(id)}/cancel`, {}, overNetwork(options)),
    answer: (id, request, options) =>
      post(`/v1/tasks/${encode(id)}/answer`, { ...request }, options),
    retry: (id, options) => post(`/v1/tasks/${encode(id)}/retry`, {}, options),
    remove: (id, options) => post(`/v1/tasks/${encode(id)}/remove`, {}, options),
    events: (id, { follow = true, ...options } = {}) => {
      const filter = follow ? '' : query({ follow })
      return stream({ method: 'GET', path: `/v1/tasks/${encode(id)}/events${filter}` }, options)
    },
    trace: (id, options) => get(`/v1/tasks/${encode(id)}/trace`, overNetwork(options)),
    develop: (request, options) =>
      stream({ method: 'POST', path: '/v1/dev', body: JSON.stringify(request) }, options),
    logs: (filter = {}, options) =>
      stream({ method: 'GET', path: `/v1/logs${query({ ...filter })}` }, options),
    logLevels: createLogLevelCalls(verbs),
    config: (options) => get('/v1/config', options),
    doctor: ({ peer, ...options } = {}) =>
      get(`/v1/doctor${query({ peer })}`, overNetwork(options)),
    fix: (fixes, options) => post('/v1/doctor/fix', { fixes }, overNetwork(options)),
    stop: (options) => post('/v1/stop', {}, options),
    usage: (asked, options) => get(`/v1/usage${query({ ...asked })}`, options),
    metrics: (options) => verbs.text('/metrics', options),
    vitals: (asked = {}, options) => get(`/v1/vitals${query({ ...asked })}`, options),
    ...createPartCalls(verbs)
  }
}

/** Calls that have a file of their own. */
function createPartCalls(verbs: Verbs) {
  return {
    auth: createAuthCalls(verbs),
    dashboard: createDashboardCalls(verbs),
    grants: createGrantCalls(verbs),
    swarm: createSwarmCalls(verbs),
    audit: createAuditCalls(verbs),
    hosts: createHostCalls(verbs),
    memory: createMemoryCalls(verbs),
    spaces: createSpaceCalls(verbs),
    tools: createToolCalls(verbs),
    models: createModelCalls(verbs),
    mcp: createMcpCalls(verbs),
    mesh: createMeshCalls(verbs),
    ...createWatchCalls(verbs)
  }
}
