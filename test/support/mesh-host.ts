/** A process that runs several mesh nodes for a test; speaks JSON over the IPC channel of `fork`. */
import type { GossipSub } from '@libp2p/gossipsub'
import type { ForeignNode } from '../../discovery/peers/hint.ts'
import { seededIdentity, startMeshNode, testSwarm, TEST_TOPIC } from './mesh-node.ts'
import type { MeshNode } from './mesh-node.ts'

/** What crosses the process boundary of {@link MeshNodeInit}. */
export interface MeshHostInit {
  readonly bootstrap?: readonly string[]
  readonly listen?: readonly string[]
  readonly mdns?: boolean
  /** Of {@link testSwarm}. */
  readonly swarm?: number
  /** Of {@link seededIdentity}, so that a node can come back; for one node only. */
  readonly identity?: number
}

export interface MeshNodeView {
  readonly peer: string
  readonly addresses: readonly string[]
  readonly sessions: readonly string[]
  readonly foreign: readonly ForeignNode[]
  /** Contacts with somebody of another swarm, dialled or dialling. */
  readonly contacts: number
}

export interface MeshHostCommands {
  /** Starts nodes at once; resolves to the addresses of the first. */
  start(count: number, init?: MeshHostInit): Promise<readonly string[]>
  views(): Promise<readonly MeshNodeView[]>
  /** Session peers of each node. */
  degrees(): Promise<readonly number[]>
  /** Peers in each node's gossip mesh. */
  meshes(): Promise<readonly number[]>
  /** Publishes `text` from one node on the test topic. */
  publish(node: number, text: string): Promise<void>
  /** How many nodes have received `text`. */
  received(text: string): Promise<number>
  /** Connection ends of all nodes, and CPU milliseconds of the process so far. */
  cost(): Promise<{ readonly connectionEnds: number; readonly cpuMs: number }>
}

const nodes: MeshNode[] = []
const receivers = new Map<string, number>()
const contacts = new Map<MeshNode, number>()

async function startOne({ swarm, identity, ...init }: MeshHostInit): Promise<void> {
  const node = await startMeshNode({
    ...init,
    swarm: testSwarm(swarm),
    ...(identity !== undefined && { identity: await seededIdentity(identity) })
  })
  nodes.push(node)
  node.network.events.on('foreign', () => contacts.set(node, (contacts.get(node) ?? 0) + 1))
  node.pubsub.subscribe(TEST_TOPIC, (_, data) => {
    const text = Buffer.from(data).toString()
    receivers.set(text, (receivers.get(text) ?? 0) + 1)
    return 'accept'
  })
}

const commands: MeshHostCommands = {
  async start(count, init = {}) {
    await Promise.all(Array.from({ length: count }, () => startOne(init)))
    return nodes[0]?.network.addresses() ?? []
  },
  views: async () =>
    nodes.map((node) => ({
      peer: node.peer,
      addresses: node.network.addresses(),
      sessions: node.sessions.all().map(({ peer }) => peer),
      foreign: node.finding.finder.foreign(),
      contacts: contacts.get(node) ?? 0
    })),
  degrees: async () => nodes.map(({ sessions }) => sessions.all().length),
  meshes: async () => nodes.map(({ network }) => meshSize(network.libp2p.services.pubsub)),
  async publish(node, text) {
    await nodes[node]?.pubsub.publish(TEST_TOPIC, Buffer.from(text))
  },
  received: async (text) => receivers.get(text) ?? 0,
  async cost() {
    const { user, system } = process.cpuUsage()
    const ends = nodes.map(({ network }) => network.libp2p.getConnections().length)
    return { connectionEnds: ends.reduce((a, b) => a + b, 0), cpuMs: (user + system) / 1000 }
  }
}

/** gossipsub's class tells its mesh; its interface does not. */
function meshSize(gossip: GossipSub): number {
  if (!('getMeshPeers' in gossip) || typeof gossip.getMeshPeers !== 'function') return 0
  const peers: readonly string[] = gossip.getMeshPeers(TEST_TOPIC)
  return peers.length
}

interface Request {
  readonly id: number
  readonly command: keyof MeshHostCommands
  readonly args: never[]
}

process.on('message', ({ id, command, args }: Request) => {
  const run: (...parts: never[]) => Promise<unknown> = commands[command]
  run(...args).then(
    (result) => process.send?.({ id, result }),
    (error: unknown) => process.send?.({ id, error: String(error) })
  )
})
process.send?.({ id: 0 })
