/** What of the control API can be had over HTTP, and by which right: a route that stands here nowhere is a mistake that a test finds. */
import type { EdgeOperation } from '../../trust/operations.ts'

/** Ids of routes by what their caller has to be allowed. */
export const BY_OPERATION = {
  'agent.list': ['agents', 'agent', 'find', 'watchFind'],
  'task.send': ['run'],
  'task.follow': [
    'tasks',
    'task',
    'taskEvents',
    'cancelTask',
    'answerTask',
    'removeTask',
    'taskTrace'
  ],
  'memory.read': [
    'fact',
    'facts',
    'watchFacts',
    'factHistory',
    'searchFacts',
    'exportFacts',
    'space'
  ],
  'memory.write': ['putFact', 'removeFact', 'importFacts'],
  'control.read': [
    'events',
    'status',
    'identity',
    'config',
    'doctor',
    'logs',
    'logLevels',
    'peers',
    'peer',
    'mesh',
    'meshRoutes',
    'meshTopics',
    'meshDht',
    'tracePeer',
    'explainRoute',
    'audit',
    'usage',
    'vitals',
    'metrics',
    'verifyAudit',
    'memoryStatus',
    'spaces',
    'swarm',
    'hosts',
    'host',
    'tools',
    'tool',
    'mcpServers',
    'mcpServer',
    'models'
  ],
  'control.write': [
    'connectPeer',
    'disconnectPeer',
    'blockPeer',
    'unblockPeer',
    'pingPeer',
    'enableAgent',
    'disableAgent',
    'changeLogLevels',
    'restartHost',
    'restartMcpServer',
    'fix'
  ]
} as const satisfies Partial<Record<EdgeOperation, readonly string[]>>

/** Ids of routes that are for the control socket alone, by what is bad about them elsewhere. */
export const SOCKET_ONLY: Readonly<Record<string, readonly string[]>> = {
  'would let a token make itself another, or outlive its end': [
    'apiTokens',
    'createApiToken',
    'revokeApiToken',
    'createDashboardCode',
    'endDashboardSessions'
  ],
  'says who may do what, or who is in': [
    'grants',
    'createGrant',
    'showGrant',
    'addGrant',
    'revokeGrant',
    'createSpace',
    'grantSpace',
    'revokeSpace',
    'forgetSpace',
    'joinSpace',
    'invite',
    'withdrawInvite',
    'removeMember',
    'setMemberRole',
    'leaveSwarm'
  ],
  'runs programs of this machine, or says which may run': [
    'develop',
    'addHost',
    'removeHost',
    'addMcpServer',
    'removeMcpServer',
    'approveMcpServer',
    'callTool',
    'setToolRule',
    'resetToolRules',
    'enableTool',
    'disableTool'
  ],
  'takes or shows what is private to the user': ['mcpResource', 'mcpPrompt'],
  'takes keys of models, says where prompts go, or spends money': [
    'addModels',
    'removeModels',
    'setDefaultModel',
    'testModel'
  ],
  'cannot be taken back from there': ['stop'],
  'makes a task that is nobody’s at the edge: send the message again': ['retryTask']
}

/** Ids of routes that answer without a token: they say nothing but that the process is there. */
export const PUBLIC_ROUTES: readonly string[] = ['healthz', 'readyz']

const OPERATIONS: ReadonlyMap<string, EdgeOperation> = new Map(
  entriesOf(BY_OPERATION).flatMap(([operation, ids]) => ids.map((id) => [id, operation] as const))
)

/** `undefined` for a route that HTTP does not have. */
export function operationOfRoute(id: string): EdgeOperation | undefined {
  return OPERATIONS.get(id)
}

function entriesOf(table: typeof BY_OPERATION): readonly [EdgeOperation, readonly string[]][] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.entries forgets the names
  return Object.entries(table) as [EdgeOperation, readonly string[]][]
}
