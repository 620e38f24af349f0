/** A dashboard before a node that is made up: as many peers and tasks as a test wants, behind the real doors. */
import { join } from 'node:path'
import type { AgentSummary, Peer, Status, TaskList } from '../../client/api.ts'
import type { NodeEvent } from '../../client/live-api.ts'
import type { Placed } from '../../client/live.ts'
import type { MeshGraph } from '../../client/mesh-api.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { systemRandom } from '../../core/random.ts'
import { createControlDoor } from '../../gateway/control/http-door.ts'
import type { ControlOperations } from '../../gateway/control/operations.ts'
import { createDashboardDoor } from '../../gateway/dashboard/door.ts'
import { createDashboardFiles } from '../../gateway/dashboard/files.ts'
import { refuseForDashboard } from '../../gateway/dashboard/refusal.ts'
import { createDashboardSessions, DASHBOARD_SCOPES } from '../../gateway/dashboard/sessions.ts'
import { createHttpServer } from '../../gateway/http/http-server.ts'
import { fakeOperations } from './control-operations.ts'
import { VITALS } from './vitals.ts'

export interface FakeSwarm {
  readonly peers: readonly Peer[]
  readonly agents: readonly AgentSummary[]
  readonly tasks: TaskList['tasks']
}

export interface FakeDashboard {
  /** Of the page, with a code that signs in. */
  signInUrl(): string
  readonly url: string
  /** Tells everybody who watches. */
  tell(event: NodeEvent): void
  stop(): Promise<void>
}

const ROOT = join(import.meta.dirname, '../..')

/** The dashboard must have been built. */
export async function startFakeDashboard(
  swarm: FakeSwarm,
  { port = 0, ...overrides }: Partial<ControlOperations> & { readonly port?: number } = {}
): Promise<FakeDashboard> {
  const clock = systemClock
  const logger = silentLogger
  const audit = { note: () => undefined }
  const sessions = createDashboardSessions({ clock, random: systemRandom, audit })
  const news = createNews()
  const operations = fakeOperations({
    ...operationsOf(swarm),
    watch: (...asked) => news.watch(...asked),
    ...overrides
  })
  const files = createDashboardFiles({ folder: join(ROOT, 'dist', 'web') })
  const caller = {
    who: 'dashboard:test',
    owner: 'local',
    scopes: DASHBOARD_SCOPES,
    ended: new AbortController().signal,
    local: true as const
  }
  const callers = {
    admit: () => undefined,
    identify: async () => caller,
    recheck: async () => undefined,
    answering: () => () => undefined,
    sees: () => true,
    reaches: () => true,
    permit: () => undefined
  }
  const control = createControlDoor({ clock, logger, callers, operationsOf: () => operations })
  const server = createHttpServer(
    {
      newRequestId: () => 'request-1',
      clock,
      logger,
      callers,
      doors: [control],
      publicly: createDashboardDoor({ logger, sessions, files }),
      refusals: [refuseForDashboard]
    },
    { host: '127.0.0.1', ports: [port] }
  )
  await server.start()
  const url = server.url ?? ''
  return {
    url,
    signInUrl: () => `${url}/dashboard/#code=${sessions.offer().code}`,
    tell: (event) => news.tell(event),
    stop: () => server.stop()
  }
}

/** Events as a node tells them, without its memory: who comes back hears `resync`. */
function createNews() {
  const listeners = new Set<(event: NodeEvent) => void>()
  let number = 0
  return {
    tell(event: NodeEvent): void {
      for (const listener of listeners) listener(event)
    },
    async *watch(
      _topics: unknown,
      { signal }: { readonly signal: AbortSignal }
    ): AsyncIterable<Placed<NodeEvent>> {
      const waiting: NodeEvent[] = [{ type: 'resync' }]
      let wake: (() => void) | undefined
      const listener = (event: NodeEvent): void => {
        waiting.push(event)
        wake?.()
      }
      listeners.add(listener)
      signal.addEventListener('abort', () => wake?.(), { once: true })
      try {
        while (!signal.aborted) {
          const event = waiting.shift()
          number += 1
          if (event !== undefined) yield { event, place: `fake.${number}` }
          else await new Promise<void>((resolve) => (wake = resolve))
        }
      } finally {
        listeners.delete(listener)
      }
    }
  }
}

function operationsOf({ peers, agents, tasks }: FakeSwarm): Partial<ControlOperations> {
  const [self] = agents
  const status = statusOf({ peers, agents, tasks })
  return {
    status: async () => status,
    peers: async () => ({ v: 1, peers }),
    peer: async (selector) => {
      const peer = peers.find(({ id }) => id === selector) ?? peers[0]
      if (peer === undefined) throw new Error('no peers')
      return { v: 1, peer, quotas: {} }
    },
    agents: async () => ({ v: 1, agents }),
    tasks: async ({ limit, cursor = '0' }) => {
      const at = Number(cursor)
      const end = at + limit
      return { v: 1, tasks: tasks.slice(at, end), next: end < tasks.length ? String(end) : '' }
    },
    mesh: { ...fakeOperations().mesh, graph: async () => graphOf(peers, self?.node.id ?? 'self') },
    vitals: async () => VITALS
  }
}

function statusOf({ peers, agents, tasks }: FakeSwarm): Status {
  const running = tasks.filter(({ state }) => state === 'TASK_STATE_WORKING').length
  return {
    v: 1,
    peerId: agents[0]?.node.id ?? 'self',
    name: 'amber-otter',
    version: '0.1.0',
    profile: 'default',
    pid: 4711,
    socket: '/run/lumos/default.sock',
    swarm: 'home',
    swarmId: 'home',
    open: false,
    addresses: ['/ip4/192.168.1.4/tcp/4001'],
    gateway: { url: 'http://127.0.0.1:5869', auth: ['token'] },
    peers: peers.filter(({ state }) => state === 'connected').length,
    agents: agents.length,
    tasks: { running, completed: 1204, failed: 3 },
    asked: { running: 2, completed: 861, failed: 4 },
    uptimeMs: 93_780_000,
    rssBytes: 131_000_000,
    eventLoopDelayMs: 1.2,
    problems: []
  }
}

function linkOf(
  one: string,
  two: string,
  { rttMs, path = 'direct' }: Pick<Peer, 'path' | 'rttMs'>
): MeshGraph['links'][number] {
  const [a, b] = one < two ? [one, two] : [two, one]
  return { a, b, path, rttMs, sure: true, seenBy: [one] }
}

/** Each peer is linked with this node and with some others. */
function graphOf(peers: readonly Peer[], self: string): MeshGraph {
  const others = peers.filter(({ state }) => state === 'connected')
  return {
    v: 1,
    self,
    nodes: [
      { id: self, name: 'amber-otter', state: 'self', agents: 4, load: 0.2, links: 'told' },
      ...others.map(({ id, name, agents, load = 0 }) => ({
        id,
        name,
        load,
        state: 'connected' as const,
        agents: agents.length,
        links: 'told' as const
      }))
    ],
    links: others.flatMap(({ id, rttMs, path }, index) => {
      const neighbour = others[(index * 7 + 3) % others.length]
      const own = linkOf(self, id, { rttMs, ...(path && { path }) })
      return neighbour === undefined || neighbour.id === id
        ? [own]
        : [own, linkOf(id, neighbour.id, { rttMs: (rttMs ?? 5) + 1 })]
    }),
    omitted: 0,
    ageMs: 800
  }
}
