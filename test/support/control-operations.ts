/** A node that answers every operation with a document that has all its fields. */
import type * as api from '../../client/api.ts'
import type { FindEvent } from '../../client/find-api.ts'
import type { DevEvent } from '../../client/dev-api.ts'
import type { NodeEvent } from '../../client/live-api.ts'
import type { Placed } from '../../client/live.ts'
import type { AgentCard, AgentSkill, Artifact, Message } from '../../core/a2a.ts'
import { LumosError } from '../../core/errors.ts'
import type { ControlOperations } from '../../gateway/control/operations.ts'
import { fakeAudit } from './audit-operations.ts'
import { fakeAuth, USAGE_DAY } from './auth-operations.ts'
import { fakeGrants } from './grant-operations.ts'
import { fakeHosts } from './hosting-operations.ts'
import { fakeLogLevels } from './log-operations.ts'
import { fakeMcp } from './mcp-operations.ts'
import { fakeDashboard, fakeDoctor } from './node-operations.ts'
import { fakeMesh } from './mesh-operations.ts'
import { explainRoute } from './route-explanation.ts'
import { fakePeers } from './peer-operations.ts'
import { fakeModels } from './model-operations.ts'
import { fakeMemory, fakeSpaces } from './memory-operations.ts'
import { fakeSwarm } from './swarm-operations.ts'
import { fakeTools } from './tool-operations.ts'
import { TASK_TRACE } from './task-trace.ts'
import { VITALS } from './vitals.ts'

const node = { id: '12D3KooWPeer', name: 'amber-otter' }
const moment = '2026-01-02T03:04:05.678Z'
const error = { code: 'NO_ROUTE', message: 'no route', hint: 'wait', details: { tried: 2 } }

const skill: AgentSkill = {
  id: 'echo.say',
  name: 'echo',
  description: 'says it again',
  tags: ['echo'],
  examples: ['hello'],
  inputModes: ['text/plain'],
  outputModes: ['text/plain']
}

const artifact: Artifact = {
  artifactId: 'result',
  name: 'result',
  description: 'what came out',
  parts: [{ text: 'hello', mediaType: 'text/plain', metadata: { deep: [{ a: null }] } }],
  metadata: { a: 1 },
  extensions: ['urn:x']
}

const message: Message = {
  messageId: 'm1',
  contextId: 'c1',
  taskId: 't1',
  role: 'ROLE_USER',
  parts: [{ data: { a: [1, 'b', true] }, filename: 'a.json' }]
}

const card: AgentCard = {
  name: 'echo',
  description: 'says it again',
  supportedInterfaces: [
    { url: 'libp2p:/p2p/x', protocolBinding: 'urn:x', protocolVersion: '1.0', tenant: 'echo' }
  ],
  version: '1.0.0',
  capabilities: { streaming: true, extensions: [{ uri: 'urn:x' }] },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [skill],
  signatures: [{ protected: 'e30', signature: 'AA' }]
}

const summary: api.AgentSummary = {
  id: 'echo',
  name: 'echo',
  description: 'says it again',
  version: '1.0.0',
  skills: [skill],
  node,
  local: false
}

const taskSummary: Required<api.TaskList['tasks'][number]> = {
  id: 't1',
  parent: 't0',
  contextId: 'c1',
  state: 'TASK_STATE_FAILED',
  agent: 'echo',
  outgoing: true,
  caller: node,
  worker: node,
  createdAt: moment,
  updatedAt: moment,
  tookMs: 12,
  input: 'hello',
  question: { auth: false, text: 'where to?', atMs: 6, parts: [{ data: ['Rome', 'Oslo'] }] },
  error
}

const task: Required<api.TaskView> = {
  ...taskSummary,
  artifacts: [artifact],
  history: [message],
  chain: {
    trace: 'a'.repeat(32),
    path: [{ peer: 'peer', agent: 'echo' }],
    maxHops: 8,
    priority: 'batch',
    budget: { calls: 20, tokens: 50_000, money: 0.1 }
  },
  usage: { calls: 1, tokens: 900, money: 0.01 }
}

export const RUN_EVENTS: readonly api.RunEvent[] = [
  {
    v: 1,
    seq: 0,
    type: 'routed',
    candidates: 2,
    worker: node,
    agent: 'echo',
    path: 'direct',
    lookupMs: 0.4
  },
  { v: 1, seq: 1, type: 'accepted', task: { id: 't1' }, atMs: 1 },
  {
    v: 1,
    seq: 2,
    type: 'status',
    state: 'TASK_STATE_WORKING',
    text: 'reading',
    fraction: 0.5,
    atMs: 2
  },
  { v: 1, seq: 3, type: 'artifact', artifact, append: true, lastChunk: false, atMs: 3 },
  { v: 1, seq: 4, type: 'retry', error, atMs: 4 },
  { v: 1, seq: 5, type: 'waiting', worker: node, error, atMs: 4 },
  { v: 1, seq: 6, type: 'resumed', worker: node, atMs: 5 },
  { v: 1, seq: 7, type: 'restarted', attempt: 2, atMs: 5 },
  {
    v: 1,
    seq: 8,
    type: 'input-required',
    auth: true,
    text: 'may I?',
    parts: [{ url: 'https://example.org/login' }],
    atMs: 6
  },
  { v: 1, seq: 9, type: 'answered', messageId: 'm2', text: 'yes', atMs: 7 },
  {
    v: 1,
    seq: 10,
    type: 'hedged',
    worker: node,
    agent: 'echo',
    path: 'relay',
    afterMs: 7,
    atMs: 8
  },
  { v: 1, seq: 11, type: 'hedge-lost', worker: node, error, atMs: 9 },
  {
    v: 1,
    seq: 12,
    type: 'result',
    task: { id: 't1', state: 'TASK_STATE_COMPLETED', artifacts: [artifact] },
    worker: node,
    tookMs: 5,
    firstEventMs: null,
    error
  }
]

const status: api.Status = {
  v: 1,
  peerId: node.id,
  name: node.name,
  version: '0.1.0',
  profile: 'default',
  pid: 1,
  socket: '/run/lumos.sock',
  gateway: { url: 'http://127.0.0.1:5869', auth: ['token'] },
  swarm: 'home',
  swarmId: 'abc',
  open: false,
  addresses: [],
  peers: 0,
  agents: 1,
  tasks: { running: 0, completed: 0, failed: 0 },
  asked: { running: 1, completed: 2, failed: 0 },
  uptimeMs: 1,
  rssBytes: 1,
  eventLoopDelayMs: 0,
  problems: [error]
}

const provider: api.Provider = {
  agent: 'echo',
  skill: skill.id,
  description: skill.description,
  node,
  local: true,
  connected: true,
  rttMs: null,
  load: null,
  freshMs: 3,
  score: 0.9
}

const DEV_EVENTS: readonly DevEvent[] = [
  {
    v: 1,
    type: 'loaded',
    agents: [{ id: 'a', description: 'b', example: 'c' }],
    version: 1,
    tookMs: 9
  },
  {
    v: 1,
    type: 'failed',
    reason: 'r',
    place: { file: '/a.ts', line: 1, column: 2 },
    serving: true
  },
  { v: 1, type: 'asked', task: 't1', agent: 'a', caller: node, text: 'hi' },
  {
    v: 1,
    type: 'answered',
    task: 't1',
    agent: 'a',
    tookMs: 5,
    error,
    place: { file: '/a', line: 1 }
  },
  { v: 1, type: 'printed', stream: 'stderr', text: 'oops' }
]

const identity: api.Identity = {
  v: 1,
  peerId: node.id,
  name: node.name,
  swarm: 'home',
  addresses: []
}

/** Replace what a test is about. */
export function fakeOperations(overrides: Partial<ControlOperations> = {}): ControlOperations {
  return {
    status: async () => status,
    identity: async () => identity,
    ...fakePeers(),
    agents: async () => ({ v: 1, agents: [summary] }),
    agent: async () => ({ v: 1, agent: summary, card }),
    setAgentEnabled: async (id, enabled) => ({ v: 1, id, enabled }),
    find: async (query, { all }) => ({
      v: 1,
      query,
      providers: [provider],
      asked: { directory: 1, dht: all, tookMs: 1 }
    }),
    watchFind: () => lines<FindEvent>([{ v: 1, type: 'appeared', provider }]),
    explainRoute,
    run: () => lines(RUN_EVENTS),
    tasks: async ({ cursor = '' }) => ({ v: 1, tasks: [taskSummary], next: cursor }),
    task: async (id) => {
      if (id !== task.id) throw new LumosError('TASK_NOT_FOUND')
      return { v: 1, task }
    },
    cancelTask: async () => ({ v: 1, task }),
    answerTask: async () => ({ v: 1, task }),
    retryTask: async () => ({ v: 1, task }),
    removeTask: async () => ({ v: 1, task }),
    taskEvents: () => lines(RUN_EVENTS),
    taskTrace: async () => TASK_TRACE,
    develop: () => lines(DEV_EVENTS),
    watch: () =>
      lines<Placed<NodeEvent>>([{ event: { type: 'peer-gone', id: node.id }, place: 'a.1' }]),
    dashboard: fakeDashboard(),
    logs: () =>
      lines<api.LogLine>([
        { time: moment, level: 'info', component: 'node', message: 'ready', fields: { a: [1] } }
      ]),
    logLevels: fakeLogLevels(),
    config: async () => ({
      v: 1,
      values: [{ key: 'listen', value: ['/ip4/0.0.0.0/tcp/0'], origin: 'default' }]
    }),
    ...fakeDoctor(),
    stop: async () => ({ v: 1, pid: 1 }),
    audit: fakeAudit(),
    usage: async () => ({ v: 1, days: [USAGE_DAY] }),
    vitals: async () => VITALS,
    metrics: async () => '# TYPE lumos_sessions gauge\nlumos_sessions{path="direct"} 1\n',
    auth: fakeAuth(),
    grants: fakeGrants(),
    hosts: fakeHosts(),
    memory: fakeMemory(),
    mcp: fakeMcp(),
    mesh: fakeMesh(),
    members: fakeSwarm(),
    models: fakeModels(),
    spaces: fakeSpaces(),
    tools: fakeTools(),
    ...overrides
  }
}

/** @yields the documents, one after the other */
export async function* lines<T>(documents: Iterable<T>): AsyncGenerator<T> {
  yield* documents
}
