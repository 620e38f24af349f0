/** What a neighbour says by gossip costs this node what it has time for, and wrong signatures cost the neighbour its voice. */
import { setImmediate as turn } from 'node:timers/promises'
import type { RPC } from '@libp2p/gossipsub/message'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startMeshNode, TEST_TOPIC } from '../support/mesh-node.ts'
import type { MeshNode } from '../support/mesh-node.ts'
import { PATIENCE } from '../support/patience.ts'

async function startNode(): Promise<MeshNode> {
  const node = await startMeshNode({ looks: false })
  onTestFinished(() => node.stop())
  return node
}

/** gossipsub's own, which its interface leaves out. */
interface Sender {
  sendRpc(peer: string, rpc: Partial<RPC>): boolean
}

function canSend(gossip: object): gossip is Sender {
  return 'sendRpc' in gossip
}

async function setup() {
  const [alice, bob] = await Promise.all([startNode(), startNode()])
  const heard: string[] = []
  for (const node of [alice, bob]) {
    node.pubsub.subscribe(TEST_TOPIC, (_, data) => {
      if (node === alice) heard.push(Buffer.from(data).toString())
      return 'accept'
    })
  }
  await bob.network.libp2p.peerStore.merge(alice.network.libp2p.peerId, {
    multiaddrs: alice.network.libp2p.getMultiaddrs()
  })
  await bob.sessions.connect(alice.peer)
  await vi.waitFor(() => {
    for (const { pubsub } of [alice, bob]) expect(pubsub.subscribers(TEST_TOPIC)).toHaveLength(1)
  }, PATIENCE)
  const gossip = bob.network.libp2p.services.pubsub
  if (!canSend(gossip)) throw new TypeError('this gossipsub cannot be made to lie')
  return { alice, bob, heard, lie: (rpc: Partial<RPC>) => gossip.sendRpc(alice.peer, rpc) }
}

/** Everybody's, with a signature of nobody. */
function forged({ network }: MeshNode, count: number): RPC.Message[] {
  const from = network.libp2p.peerId.toMultihash().bytes
  return Array.from({ length: count }, (_, index) => {
    const seqno = Buffer.alloc(8)
    seqno.writeUInt32BE(index, 4)
    const signature = new Uint8Array(64).fill(1)
    return { from, topic: TEST_TOPIC, seqno, data: Buffer.from('forged'), signature }
  })
}

test('a flood of wrong signatures mutes its sender before all of them were checked', async () => {
  const { alice, bob, lie } = await setup()
  const messages = forged(bob, 600)
  for (let times = 0; times < 5; times++) lie({ subscriptions: [], messages })
  await vi.waitFor(() => expect(alice.blame.points(bob.peer)).toBeGreaterThan(8), PATIENCE)
  for (let turns = 0; turns < 100; turns++) await turn()
  // Of 3,000, only so many were looked at as it takes to know what the peer is.
  expect(alice.blame.points(bob.peer)).toBeLessThan(12)
})

test('a burst of honest messages arrives whole', async () => {
  const { bob, heard } = await setup()
  const count = 2000
  const said = Array.from({ length: count }, (_, index) => `message ${index}`)
  for (const text of said) await bob.pubsub.publish(TEST_TOPIC, Buffer.from(text))
  await vi.waitFor(() => expect(heard).toHaveLength(count), PATIENCE)
  expect(heard).toEqual(said)
})
