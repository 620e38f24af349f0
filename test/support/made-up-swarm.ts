/** A swarm of any size, always the same for the same size, with names as people and attackers choose them. */
import type { AgentSummary, Peer, TaskList } from '../../client/api.ts'
import { seededRandom } from './random.ts'
import type { FakeSwarm } from './fake-dashboard.ts'

const NAMES = ['birch', '銀河の猫', 'oak', 'nas-attic', 'gpu-box', 'pine', 'Ελένη', 'elm', 'laptop']
/** Turns what follows around, where it is let. */
const TURNING = '\u202Eevil\u202D'
const MARKUP = '<img src=x onerror=alert(1)>'
const AGENTS = ['text', 'translate', 'web.search', 'code.review', 'vision']
const STATES = ['COMPLETED', 'COMPLETED', 'COMPLETED', 'WORKING', 'FAILED', 'CANCELED'] as const
const START = Date.UTC(2026, 0, 2, 3, 4, 5)

export function madeUpSwarm(peerCount: number, taskCount: number): FakeSwarm {
  const random = seededRandom(7)
  const peers = Array.from({ length: peerCount }, (_, index) => peerOf(index, random.next()))
  const self = { id: '12D3KooWSelfSelfSelfSelf', name: 'amber-otter' }
  const agents = [self, ...peers.filter(({ state }) => state === 'connected')].flatMap(
    (node, index) => [agentOf(AGENTS[index % AGENTS.length] ?? 'text', node, index === 0)]
  )
  const tasks = Array.from({ length: taskCount }, (_, index) =>
    taskOf(index, { self, peers, chance: random.next() })
  )
  return { peers, agents, tasks }
}

function peerOf(index: number, chance: number): Peer {
  const base = NAMES[index % NAMES.length] ?? 'peer'
  const name = index < NAMES.length ? base : index === NAMES.length ? TURNING : `${base}-${index}`
  const isDown = index % 11 === 10
  return {
    id: `12D3KooW${String(index).padStart(8, '0')}${'x'.repeat(20)}`,
    name: index === NAMES.length + 1 ? MARKUP : name,
    state: isDown ? 'disconnected' : 'connected',
    path: index % 9 === 4 ? 'relay' : 'direct',
    addresses: [`/ip4/192.168.1.${index % 250}/tcp/4001`],
    rttMs: isDown ? null : 0.4 + chance * chance * 80,
    agents: isDown ? [] : [AGENTS[index % AGENTS.length] ?? 'text'],
    version: '0.1.0',
    load: isDown ? 0 : Math.round(chance * 10) / 10,
    since: new Date(START).toISOString(),
    foundBy: ['mdns']
  }
}

function agentOf(
  id: string,
  { id: node, name }: { readonly id: string; readonly name: string },
  local: boolean
): AgentSummary {
  const skill = { id: `${id}.do`, name: id, description: `Does ${id}.`, tags: [id] }
  return {
    id,
    name: id,
    description: `Does ${id}.`,
    version: '1.0.0',
    skills: [skill],
    node: { id: node, name },
    local
  }
}

interface TaskParts {
  readonly self: { readonly id: string; readonly name: string }
  readonly peers: readonly Peer[]
  readonly chance: number
}

function taskOf(index: number, { self, peers, chance }: TaskParts): TaskList['tasks'][number] {
  const worker = peers[Math.floor(chance * peers.length)] ?? self
  const state = STATES[index % STATES.length] ?? 'COMPLETED'
  const outgoing = index % 4 !== 3
  const moment = new Date(START - index * 40_000).toISOString()
  const other = { id: worker.id, name: worker.name }
  return {
    id: `0198c2aa-0000-7000-8000-${String(index).padStart(12, '0')}`,
    contextId: 'c',
    state: `TASK_STATE_${state}`,
    agent: AGENTS[index % AGENTS.length] ?? 'text',
    outgoing,
    caller: outgoing ? self : other,
    worker: outgoing ? other : self,
    createdAt: moment,
    updatedAt: moment,
    tookMs: state === 'WORKING' ? null : 20 + chance * 3000,
    input: 'what is to be done'
  }
}
