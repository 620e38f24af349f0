/** What a node tells of the mesh and of the way to a peer, with real nodes: two that meet by a relay alone, and the relay. */
import { multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { MeshOperations } from '../../gateway/control/mesh-operations.ts'
import type { Assembly } from '../../node/assembly.ts'
import { createMeshOperations } from '../../node/operations/mesh.ts'
import { PING_METHOD } from '../../node/operations/peers.ts'
import { PATIENCE } from '../support/patience.ts'
import { startSecludedNode } from '../support/secluded-node.ts'
import type { SecludedNodeInit } from '../support/secluded-node.ts'
import { testFolder } from '../support/started-nodes.ts'

const NEVER = new AbortController().signal

interface Node {
  readonly assembly: Assembly
  readonly peer: string
  readonly mesh: MeshOperations
}

async function startNode(name: string, init: Partial<SecludedNodeInit> = {}): Promise<Node> {
  const assembly = await startSecludedNode({
    home: testFolder(),
    name,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    ...init
  })
  onTestFinished(() => assembly.stop())
  assembly.wire.sessions.methods.request(PING_METHOD, (body) => body)
  return { assembly, peer: assembly.wire.identity.peer, mesh: createMeshOperations(assembly) }
}

/** `left` and `right` know each other through `relay` only: neither listens anywhere but there. */
async function setup() {
  const relay = await startNode('relay', { network: { relayService: true } })
  const [address = ''] = relay.assembly.wire.network.addresses()
  const right = await startNode('right', { listen: [`${address}/p2p-circuit`] })
  const left = await startNode('left', {
    listen: [`${address}/p2p-circuit`],
    bootstrap: [address]
  })
  const { network, sessions } = left.assembly.wire
  await vi.waitFor(() => {
    expect(right.assembly.wire.network.addresses()).toHaveLength(1)
    expect(sessions.get(relay.peer)).toBeDefined()
  }, PATIENCE)
  // Its own dialler may have been there first.
  if (sessions.get(right.peer) === undefined) {
    await network.libp2p.dial(multiaddr(`${address}/p2p-circuit/p2p/${right.peer}`))
    await sessions.connect(right.peer)
  }
  await vi.waitFor(() => {
    expect(right.assembly.wire.sessions.all()).toHaveLength(2)
    expect(relay.assembly.wire.sessions.all()).toHaveLength(2)
  }, PATIENCE)
  return { left, relay, right }
}

test('three nodes and a relay: the graph, the ways, the topics, the DHT and the way to a peer', async () => {
  const { left, relay, right } = await setup()

  await vi.waitFor(async () => {
    const { self, nodes, links } = await left.mesh.graph(NEVER)
    expect(self).toBe(left.peer)
    expect(nodes.map(({ name, state, links: told }) => [name, state, told])).toEqual([
      ['left', 'self', 'told'],
      ['relay', 'connected', 'told'],
      ['right', 'connected', 'told']
    ])
    expect(links.map(({ path, via, sure }) => ({ path, via, sure }))).toEqual([
      { path: 'direct', via: undefined, sure: true },
      { path: 'relay', via: relay.peer, sure: true },
      { path: 'direct', via: undefined, sure: true }
    ])
  }, PATIENCE)

  const { routes } = await left.mesh.routes()
  expect(routes).toMatchObject([
    {
      name: 'relay',
      path: 'direct',
      hops: 1,
      next: { id: relay.peer },
      layers: 'tcp/pnet/noise/yamux'
    },
    { name: 'right', path: 'relay', hops: 2, next: { id: relay.peer, name: 'relay' } }
  ])

  const trace = await left.mesh.trace('right', NEVER)
  expect(trace.hops).toMatchObject([
    { from: { name: 'left' }, to: { name: 'relay' }, path: 'direct' },
    { from: { name: 'relay' }, to: { id: right.peer, name: 'right' }, path: 'relay' }
  ])
  const [first, second] = trace.hops
  expect((first?.rttMs ?? NaN) + (second?.rttMs ?? NaN)).toBeGreaterThanOrEqual(trace.rttMs ?? NaN)

  await vi.waitFor(async () => {
    const { topics } = await left.mesh.topics()
    const presence = topics.find(({ purpose }) => purpose === 'presence')
    expect(presence?.subscribers).toBeGreaterThan(0)
    expect(presence?.messages).toBeGreaterThan(0)
    const { mode, peers, buckets } = await left.mesh.dht(false, NEVER)
    expect(mode).toBe('server')
    expect(peers).toBeGreaterThan(0)
    expect(buckets.reduce((sum, bucket) => sum + bucket.peers, 0)).toBe(peers)
  }, PATIENCE)
  const { lookup } = await left.mesh.dht(true, NEVER)
  expect(lookup?.found).toBeGreaterThan(0)

  // On loopback no address is public: the hole cannot be punched, and that is said.
  await vi.waitFor(async () => {
    const { holePunch } = await right.mesh.trace('left', NEVER)
    expect(holePunch).toEqual({ state: 'failed', attempts: 3, reason: expect.any(String) })
  }, PATIENCE)
})

test('a peer that does not know the question is shown without its links', async () => {
  const old = await startSecludedNode({
    home: testFolder(),
    name: 'old',
    listen: ['/ip4/127.0.0.1/tcp/0']
  })
  onTestFinished(() => old.stop())
  const young = await startNode('young', { bootstrap: old.wire.network.addresses() })
  await vi.waitFor(() => expect(young.assembly.wire.sessions.all()).toHaveLength(1), PATIENCE)
  const { nodes, links } = await young.mesh.graph(NEVER)
  expect(nodes).toContainEqual(
    expect.objectContaining({ name: 'old', links: 'silent', reason: 'UNKNOWN_METHOD' })
  )
  expect(links).toHaveLength(1)
})
