/** A node that nobody can dial asks on the DHT, and nobody asks it: over real sockets. */
import { multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test, vi } from 'vitest'
import { skillCid } from '../../discovery/dht/capability-dht.ts'
import { KAD_PROTOCOL, routingTable } from '../../node/libp2p/network.ts'
import { startMeshNode } from '../support/mesh-node.ts'
import type { MeshNode } from '../support/mesh-node.ts'
import { PATIENCE } from '../support/patience.ts'

async function startNode(network: { readonly dhtClient?: boolean } = {}): Promise<MeshNode> {
  const node = await startMeshNode({ network })
  onTestFinished(() => node.stop())
  return node
}

async function provide(node: MeshNode, skill: string): Promise<void> {
  const signal = AbortSignal.timeout(5000)
  await node.network.libp2p.contentRouting.provide(await skillCid(skill), { signal })
}

async function firstHolder(asker: MeshNode, skill: string): Promise<string | undefined> {
  const cid = await skillCid(skill)
  const signal = AbortSignal.timeout(2000)
  for await (const { id } of asker.network.libp2p.contentRouting.findProviders(cid, { signal })) {
    return id.toString()
  }
  return undefined
}

test('a client finds and is found, keeps no records, and is asked by nobody', async () => {
  const [server, other, client] = await Promise.all([
    startNode(),
    startNode(),
    startNode({ dhtClient: true })
  ])
  const [address = ''] = server.network.addresses()
  for (const node of [other, client]) await node.network.libp2p.dial(multiaddr(address))
  await vi.waitFor(() => expect(routingTable(server.network).size).toBe(1), PATIENCE)
  await vi.waitFor(() => expect(routingTable(client.network).size).toBe(1), PATIENCE)
  expect(client.network.libp2p.getProtocols()).not.toContain(KAD_PROTOCOL)

  await provide(client, 'of.client')
  await provide(other, 'of.other')
  expect(await firstHolder(other, 'of.client')).toBe(client.peer)
  expect(await firstHolder(client, 'of.other')).toBe(other.peer)
  expect(routingTable(server.network).size).toBe(1)

  // Somebody could dial it after all.
  await client.network.libp2p.services.dht.setMode('server')
  expect(client.network.libp2p.getProtocols()).toContain(KAD_PROTOCOL)
})
