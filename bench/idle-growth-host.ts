/** One process of bench/idle-growth.ts: some whole nodes, and what they have cost until now. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEchoAgent } from '../agents/echo.ts'
import type { Assembly } from '../node/assembly.ts'
import type { GossipTotals } from '../node/metrics/gossip-meter.ts'
import { startSecludedNode } from '../test/support/secluded-node.ts'

export interface Order {
  readonly start?: number
  readonly bootstrap?: string
  readonly sample?: boolean
  readonly stop?: boolean
}

/** Of all nodes of the process together. */
export interface Sample {
  /** Of the first node. */
  readonly address: string
  readonly cpuMs: number
  readonly rss: number
  readonly heap: number
  readonly bytesIn: number
  readonly gossipBytesIn: number
  readonly gossipIn: number
  readonly gossipNew: number
  readonly gossipTold: number
  readonly connections: number
  readonly sessions: number
  readonly known: number
}

const home = await mkdtemp(join(tmpdir(), 'lumos-idle-'))
const nodes: Assembly[] = []

async function startNodes(count: number, bootstrap?: string): Promise<void> {
  let hub = bootstrap
  for (let index = 0; index < count; index++) {
    const node = await startSecludedNode({
      home: join(home, String(index)),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrap: hub === undefined ? [] : [hub],
      agents: [createEchoAgent()]
    })
    nodes.push(node)
    hub ??= node.wire.network.addresses()[0]
  }
}

function total(read: (node: Assembly) => number): number {
  return nodes.reduce((sum, node) => sum + read(node), 0)
}

function gossip({ wire }: Assembly): GossipTotals {
  return wire.meters.gossip.totals()
}

function sample(): Sample {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  return {
    address: nodes[0]?.wire.network.addresses()[0] ?? '',
    cpuMs: (user + system) / 1000,
    rss,
    heap: heapUsed,
    bytesIn: total((node) => node.wire.meters.traffic.total().in),
    gossipBytesIn: total((node) => gossip(node).bytesIn),
    gossipIn: total((node) => gossip(node).received),
    gossipNew: total((node) => gossip(node).accepted),
    gossipTold: total((node) => gossip(node).published),
    connections: total((node) => node.wire.network.libp2p.getConnections().length),
    sessions: total((node) => node.wire.sessions.all().length),
    known: total((node) => node.capabilities.directory.size)
  }
}

async function end(): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop()))
  await rm(home, { recursive: true, force: true, maxRetries: 5 })
  process.exit()
}

process.on('disconnect', () => void end())
process.on('message', (order: Order) => {
  if (order.stop === true) void end()
  else if (order.start === undefined) process.send?.(sample())
  else void startNodes(order.start, order.bootstrap).then(() => process.send?.(sample()))
})
