/** What the control API asks of a node: the seam between HTTP and the parts that `node/` joins. */
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
} from '../../client/api.ts'
import type { DoctorFixed, DoctorReport } from '../../client/doctor-api.ts'
import type { BlockRequest, PeerDetails } from '../../client/peers-api.ts'
import type { FindEvent } from '../../client/find-api.ts'
import type { NodeEvent, Topic } from '../../client/live-api.ts'
import type { Placed } from '../../client/live.ts'
import type { RouteExplanation, RouteQuery } from '../../client/routing-api.ts'
import type { DevEvent, DevRequest } from '../../client/dev-api.ts'
import type { TaskState } from '../../core/a2a.ts'
import type { TaskTrace } from '../../client/trace-api.ts'
import type { UsageQuery, UsageReport } from '../../client/usage-api.ts'
import type { Vitals, VitalsQuery } from '../../client/vitals-api.ts'
import type { AuthOperations } from './auth-operations.ts'
import type { GrantOperations } from './grant-operations.ts'
import type { AuditOperations } from './audit-operations.ts'
import type { DashboardOperations } from './dashboard-operations.ts'
import type { LogFilter, LogLevelOperations } from './log-operations.ts'
import type { McpOperations } from './mcp-operations.ts'
import type { MeshOperations } from './mesh-operations.ts'
import type { SwarmMemberOperations } from './swarm-operations.ts'
import type { HostOperations } from './hosting-operations.ts'
import type { MemoryOperations, SpaceOperations } from './memory-operations.ts'
import type { ToolOperations } from './tools-operations.ts'
import type { ModelOperations } from './model-operations.ts'

export interface WatchOptions {
  readonly signal: AbortSignal
  /** Place of the last event that is known. */
  readonly after?: string
  /** Who is told of its own tasks alone; without it, of all. */
  readonly owner?: string
}

export interface TaskFilter {
  readonly state?: TaskState
  /** `next` of the page before. */
  readonly cursor?: string
  readonly limit: number
}

/**
 * Failures are thrown as LumosError. `signal` aborts when the client goes away, at the deadline of
 * the answer, or when the node stops; a stream must then end. It never cancels a task: only
 * `cancelTask` does, and a run with `cancelOnDisconnect` when the client goes away.
 */
export interface ControlOperations {
  status(): Promise<Status>
  identity(): Promise<Identity>
  peers(): Promise<PeerList>
  /** `address` is a multiaddr, or the selector of a known peer. */
  connectPeer(address: string, signal: AbortSignal): Promise<PeerDocument>
  disconnectPeer(selector: string): Promise<PeerDocument>
  peer(selector: string): Promise<PeerDetails>
  /** In force at once, and after a restart; a peer that was never seen is named by its PeerId. */
  blockPeer(selector: string, request: BlockRequest): Promise<PeerDetails>
  unblockPeer(selector: string): Promise<PeerDetails>
  pingPeer(selector: string, signal: AbortSignal): Promise<PingResult>
  agents(): Promise<AgentList>
  agent(id: string, node: string | undefined): Promise<AgentDetails>
  /** An agent of this node, from now on; resolves when its peers have been told. */
  setAgentEnabled(id: string, enabled: boolean): Promise<AgentState>
  explainRoute(query: RouteQuery, signal: AbortSignal): Promise<RouteExplanation>
  find(
    query: string,
    options: { readonly all: boolean; readonly signal: AbortSignal }
  ): Promise<FindResult>
  /** Who is there, `ready`, and then what changes, until nobody listens any more. */
  watchFind(
    query: string,
    options: { readonly all: boolean; readonly signal: AbortSignal }
  ): AsyncIterable<FindEvent>
  /** Starts a task and tells its story up to `result`; leaving early leaves the task running. */
  run(request: RunRequest, signal: AbortSignal): AsyncIterable<RunEvent>
  tasks(filter: TaskFilter): Promise<TaskList>
  task(id: string): Promise<TaskDocument>
  cancelTask(id: string, signal: AbortSignal): Promise<TaskDocument>
  /** Gives a task that waits what it asks for; resolves when the answer is on disk. */
  answerTask(id: string, request: AnswerRequest): Promise<TaskDocument>
  /** The same order under a new id. */
  retryTask(id: string): Promise<TaskDocument>
  /** Forgets a task that was asked for here and has ended; answers with what it was. */
  removeTask(id: string): Promise<TaskDocument>
  /** What happened so far; with `follow`, then what happens, up to `result`. */
  taskEvents(id: string, signal: AbortSignal, follow: boolean): AsyncIterable<RunEvent>
  /** Where its time went, here and at those who took part. */
  taskTrace(id: string): Promise<TaskTrace>
  /**
   * Runs a project anew with each save and tells what happens, until nobody listens any more.
   *
   * @throws HOST_INVALID, HOST_EXISTS
   */
  develop(request: DevRequest, signal: AbortSignal): AsyncIterable<DevEvent>
  /** What happens, from behind a place or from now on, until nobody listens any more. */
  watch(topics: ReadonlySet<Topic>, options: WatchOptions): AsyncIterable<Placed<NodeEvent>>
  logs(filter: LogFilter, signal: AbortSignal): AsyncIterable<LogLine>
  readonly logLevels: LogLevelOperations
  config(): Promise<ConfigDocument>
  doctor(peer: string | undefined, signal: AbortSignal): Promise<DoctorReport>
  /** Mends what checks of the doctor name as `fix`. */
  fix(request: { readonly fixes: readonly string[] }): Promise<DoctorFixed>
  /** Asks the process to end; the answer leaves before it does. */
  stop(): Promise<StopResult>
  /** What those who come in over HTTP have used. */
  usage(query: UsageQuery): Promise<UsageReport>
  /** How the node is doing; who asks is taken to watch for a while. */
  vitals(query: VitalsQuery): Promise<Vitals>
  /** In the text format of Prometheus. */
  metrics(): Promise<string>
  readonly auth: AuthOperations
  readonly dashboard: DashboardOperations
  readonly grants: GrantOperations
  readonly members: SwarmMemberOperations
  readonly audit: AuditOperations
  readonly hosts: HostOperations
  readonly memory: MemoryOperations
  readonly spaces: SpaceOperations
  readonly tools: ToolOperations
  readonly mcp: McpOperations
  readonly mesh: MeshOperations
  readonly models: ModelOperations
}
