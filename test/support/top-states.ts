/** Meshes for `lumos top` to show: as many peers and tasks as a test wants, the same each time. */
import type { AgentSummary, LogLine, Peer, Status } from '../../client/api.ts'
import type { SpaceState } from '../../client/memory-api.ts'
import type { PeerVitals, TaskVitals, Vitals, VitalsSample } from '../../client/vitals-api.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { NO_DATA, withLogLines, withVitals, type Data, type Task } from '../../cli/top/data.ts'
import type { TopState } from '../../cli/top/frame.ts'
import { PANES, type PaneId } from '../../cli/top/panes.ts'
import { createView, press, type View } from '../../cli/top/view.ts'

/** 2026-11-22, 14:02:07 of whatever place the test runs in. */
export const NOW = new Date(2026, 10, 22, 14, 2, 7).getTime()

const NAMES = ['birch', 'ruby-finch', 'slate-heron', 'amber-otter', 'jade-lynx', 'coral-wren']
const AGENTS = ['calc', 'echo', 'files', 'summarize', 'sysinfo', 'researcher']
const STATES = [
  'COMPLETED',
  'WORKING',
  'FAILED',
  'COMPLETED',
  'INPUT_REQUIRED',
  'SUBMITTED'
] as const

function pick<T>(list: readonly [T, ...T[]] | readonly T[], index: number): T {
  const value = list[index % list.length]
  if (value === undefined) throw new RangeError('an empty list')
  return value
}

function peerName(index: number): string {
  return index < NAMES.length ? pick(NAMES, index) : `${pick(NAMES, index)}-${index}`
}

function peerId(index: number): PeerIdText {
  return `12D3KooW${String(index).padStart(44, 'A').replaceAll('0', 'z')}` as PeerIdText
}

export function makePeer(index: number, name = peerName(index)): Peer {
  const isUp = index % 11 !== 7
  return {
    id: peerId(index),
    name,
    state: isUp ? 'connected' : 'refused',
    ...(isUp && { path: index % 5 === 2 ? ('relay' as const) : ('direct' as const) }),
    addresses: [`/ip4/192.0.2.${index % 250}/tcp/5866`],
    rttMs: isUp ? 0.4 + ((index * 37) % 400) / 10 : null,
    agents: AGENTS.slice(0, 1 + (index % AGENTS.length)),
    version: '0.1.0',
    load: ((index * 13) % 101) / 100,
    since: new Date(NOW - (index + 1) * 61_000).toISOString(),
    foundBy: [pick(['mdns', 'bootstrap', 'dht'], index)],
    ...(isUp ? {} : { error: { code: 'PEER_REFUSED', message: 'it is of another swarm' } })
  }
}

function makePeerVitals(index: number, name = peerName(index)): PeerVitals {
  return {
    id: peerId(index),
    name,
    path: index % 5 === 2 ? 'relay' : 'direct',
    rttMs: 0.4 + ((index * 37) % 400) / 10,
    bytesIn: (index * 977) % 60_000,
    bytesOut: (index * 631) % 20_000,
    load: ((index * 13) % 101) / 100,
    running: index % 4,
    queued: index % 3,
    serving: index % 5,
    donePerMinute: (index * 29) % 97,
    failedPerMinute: index % 7 === 3 ? 2 : 0,
    p50Ms: 3 + ((index * 7) % 40),
    p95Ms: 30 + ((index * 17) % 300)
  }
}

export function makeTask(index: number, name = peerName(index)): Task {
  const state = pick(STATES, index)
  const ended = state === 'COMPLETED' || state === 'FAILED'
  const at = new Date(NOW - index * 1700).toISOString()
  return {
    id: `0193b5a0-1111-7222-8333-${index.toString(16).padStart(12, '0')}`,
    contextId: 'c',
    state: `TASK_STATE_${state}`,
    agent: pick(AGENTS, index),
    outgoing: index % 3 !== 1,
    caller: { id: peerId(index), name },
    worker: { id: peerId(index + 1), name: peerName(index + 1) },
    createdAt: at,
    updatedAt: at,
    tookMs: ended ? 20 + ((index * 53) % 3000) : null,
    input: `summarize page ${index} of the report`,
    ...(state === 'INPUT_REQUIRED' && { question: { auth: false, text: 'which year?', atMs: 3 } }),
    ...(state === 'FAILED' && { error: { code: 'TIMED_OUT', message: 'it took too long' } })
  }
}

export function makeStatus(peers: number): Status {
  return {
    v: 1,
    peerId: peerId(999),
    name: 'amber-otter',
    version: '0.1.0',
    profile: 'default',
    pid: 4123,
    socket: '/run/lumos.sock',
    gateway: null,
    swarm: 'home',
    swarmId: 'abc',
    open: false,
    addresses: [],
    peers,
    agents: 6,
    tasks: { running: 3, completed: 1204, failed: 2 },
    asked: { running: 1, completed: 88, failed: 0 },
    uptimeMs: 11_520_000,
    rssBytes: 101_000_000,
    eventLoopDelayMs: 4,
    problems: []
  }
}

function makeTaskVitals(rate: number): TaskVitals {
  return {
    started: rate,
    completed: rate,
    failed: 0,
    running: 3,
    queued: 1,
    p50Ms: 18,
    p95Ms: 91,
    errorRate: 0.004
  }
}

export function makeSample(seq: number, peers: number): VitalsSample {
  const wave = 1 + Math.sin(seq / 4)
  return {
    seq,
    at: new Date(NOW - (60 - seq) * 1000).toISOString(),
    overMs: 1000,
    cpu: 0.09,
    rssBytes: 101_000_000,
    heapBytes: 40_000_000,
    loopP99Ms: 4,
    loopMaxMs: 9,
    bytesIn: Math.round(41_000 * wave),
    bytesOut: Math.round(12_000 * wave),
    tasksIn: makeTaskVitals(Math.round(124 * wave) / 10),
    tasksOut: makeTaskVitals(Math.round(31 * wave) / 10),
    gossip: 22,
    gossipDuplicates: 7,
    memoryWrites: 3,
    sessions: peers,
    connections: { direct: peers - Math.floor(peers / 5), relay: Math.floor(peers / 5) }
  }
}

export function makeVitals(peers: number, names?: readonly string[]): Vitals {
  const history = Array.from({ length: 60 }, (_, index) => makeSample(index + 1, peers))
  return {
    v: 1,
    instance: 'one',
    uptimeMs: 11_520_000,
    now: makeSample(60, peers),
    history,
    peers: Array.from({ length: peers }, (_, index) => makePeerVitals(index, names?.[index]))
  }
}

function makeAgent(index: number, name = peerName(index)): AgentSummary {
  const id = pick(AGENTS, index)
  return {
    id,
    name: id,
    description: `does ${id} for whoever asks`,
    version: '1.0.0',
    skills: [
      { id: `${id}.one`, name: id, description: 'the one thing', tags: [id], examples: ['hello'] }
    ],
    node: { id: peerId(index), name },
    local: index === 0
  }
}

export const SPACES: readonly SpaceState[] = [
  {
    name: 'shared',
    id: 's1',
    keys: 1204,
    bytes: 2_100_000,
    writers: 3,
    root: '8a61f0aa12bb',
    stale: false,
    peers: [
      { id: peerId(0), name: 'birch', inSync: true, behind: 0, ahead: 0 },
      { id: peerId(2), name: 'slate-heron', inSync: false, behind: 14, ahead: 0 }
    ]
  },
  {
    name: 'lab/notes',
    id: 's2',
    keys: 3,
    bytes: 210,
    writers: 1,
    root: '0011223344',
    stale: false,
    peers: []
  }
]

export const LOGS: readonly LogLine[] = Array.from({ length: 30 }, (_, index) => ({
  time: new Date(NOW - (30 - index) * 1113).toISOString(),
  level: pick(['info', 'debug', 'warn', 'info', 'error'] as const, index),
  component: pick(['discovery', 'session', 'tasks'], index),
  message: pick(['peer was found', 'session opened', 'the task took too long'], index),
  fields: { peer: peerName(index), ms: index }
}))

export interface MeshInit {
  readonly peers?: number
  readonly tasks?: number
  /** Of the first peers, in place of what they are called otherwise. */
  readonly names?: readonly string[]
}

export function makeData({ peers = 6, tasks = 12, names }: MeshInit = {}): Data {
  const data: Data = {
    ...NO_DATA,
    status: makeStatus(peers),
    peers: Array.from({ length: peers }, (_, index) => makePeer(index, names?.[index])),
    tasks: Array.from({ length: tasks }, (_, index) => makeTask(index, names?.[index])),
    agents: Array.from({ length: peers + 1 }, (_, index) => makeAgent(index, names?.[index])),
    spaces: SPACES
  }
  return withLogLines(withVitals(data, makeVitals(peers, names)), LOGS)
}

/** As `lumos top` shows it after these keys. */
export function makeState(
  data: Data,
  { pane = 'peers', keys = [] }: { readonly pane?: PaneId; readonly keys?: readonly string[] } = {}
): TopState {
  let state = stateOf(createView({ pane, intervalMs: 1000 }), data)
  for (const key of keys) {
    const shown = { keys: state.listing?.keys ?? [], page: 10, lines: 40 }
    const view = press(state.view, key, shown)
    if (view === undefined) throw new Error(`${key} ended it`)
    state = stateOf(view, data)
  }
  return state
}

function stateOf(view: View, data: Data): TopState {
  return {
    view,
    data,
    listing: PANES[view.pane].list(data, view.panes[view.pane]),
    now: NOW,
    lateMs: 0
  }
}
