/** Who is connected without a session hears nothing of this node's gossip: over real sockets. */
import { multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test, vi } from 'vitest'
import { routingTable } from '../../node/libp2p/network.ts'
import { startMeshNode } from '../support/mesh-node.ts'
import type { MeshNode } from '../support/mesh-node.ts'
import { PATIENCE } from '../support/patience.ts'

async function startNode(): Promise<MeshNode> {
  const node = await startMeshNode({ looks: false })
  onTestFinished(() => node.stop())
  return node
}

function gossipPeers({ network }: MeshNode): readonly string[] {
  return network.libp2p.services.pubsub.getPeers().map(String)
}

test('a lookup makes no gossip peers, a session does, with the connection that is there', async () => {
  const [alice, bob] = await Promise.all([startNode(), startNode()])
  const [address = ''] = bob.network.addresses()
  await alice.network.libp2p.dial(multiaddr(address))
  for (const node of [alice, bob]) {
    await vi.waitFor(() => expect(routingTable(node.network).size).toBe(1), PATIENCE)
    expect(gossipPeers(node)).toEqual([])
  }
  await alice.sessions.connect(bob.peer)
  await vi.waitFor(() => expect(gossipPeers(alice)).toEqual([bob.peer]), PATIENCE)
  await vi.waitFor(() => expect(gossipPeers(bob)).toEqual([alice.peer]), PATIENCE)
  const heard: string[] = []
  bob.pubsub.subscribe('talk', (from) => {
    heard.push(from)
    return 'accept'
  })
  await vi.waitFor(async () => {
    await alice.pubsub.publish('talk', Buffer.from('hello'))
    expect(heard).toContain(alice.peer)
  }, PATIENCE)
})
