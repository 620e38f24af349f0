/** A process that runs several mesh nodes for a test; speaks JSON over the IPC channel of `fork`. */
import type { GossipSub } from '@libp2p/gossipsub'
import { startMeshNode, TEST_TOPIC } from './mesh-node.ts'
import type { MeshNode } from './mesh-node.ts'

export interface MeshHostCommands {
  /** Starts nodes at once; resolves to the addresses of the first. */
  start(count: number, bootstrap: readonly string[]): Promise<readonly string[]>
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

async function startOne(bootstrap: readonly string[]): Promise<void> {
  const node = await startMeshNode({ bootstrap })
  nodes.push(node)
  node.pubsub.subscribe(TEST_TOPIC, (_, data) => {
    const text = Buffer.from(data).toString()
    receivers.set(text, (receivers.get(text) ?? 0) + 1)
    return 'accept'
  })
}

const commands: MeshHostCommands = {
  async start(count, bootstrap) {
    await Promise.all(Array.from({ length: count }, () => startOne(bootstrap)))
    return nodes[0]?.network.addresses() ?? []
  },
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
