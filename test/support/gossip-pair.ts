/** Two nodes that hear each other by gossip, and the parts of it that its interface leaves out. */
import type { RPC } from '@libp2p/gossipsub/message'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import { expect, onTestFinished, vi } from 'vitest'
import { startMeshNode, TEST_TOPIC } from './mesh-node.ts'
import type { MeshNode } from './mesh-node.ts'
import { PATIENCE } from './patience.ts'

/** What the class has. */
export interface InnerGossip {
  readonly peers: ReadonlyMap<string, PeerId>
  readonly streamsOutbound: ReadonlyMap<string, { readonly rawStream: Stream }>
  handleIWant(peer: string, wanted: readonly { readonly messageIDs: Uint8Array[] }[]): RPC.Message[]
  sendRpc(peer: string, rpc: Partial<RPC>): boolean
  pushGossip(
    peer: string,
    had: { readonly topicID: string; readonly messageIDs: Uint8Array[] }
  ): void
  flush(): void
}

export function innerGossip({ network }: MeshNode): InnerGossip {
  const gossip: object = network.libp2p.services.pubsub
  if (!('handleIWant' in gossip)) throw new TypeError('this gossipsub answers nobody')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what its class has
  return gossip as InnerGossip
}

export interface GossipPair {
  readonly alice: MeshNode
  readonly bob: MeshNode
  /** What alice heard of bob, in its order. */
  readonly heard: readonly string[]
  /** Of what alice heard, as gossipsub tells messages apart. */
  readonly ids: readonly Uint8Array[]
  readonly say: (text: string) => Promise<unknown>
  readonly connections: () => Connection[]
}

/** Of the same swarm; connected to nobody. */
export async function startGossiper(): Promise<MeshNode> {
  const node = await startMeshNode({ looks: false })
  onTestFinished(() => node.stop())
  return node
}

/** Gossip is with those to whom there is a session. */
export async function meet(one: MeshNode, { peer, network }: MeshNode): Promise<void> {
  const { libp2p } = network
  const multiaddrs = libp2p.getMultiaddrs()
  await one.network.libp2p.peerStore.merge(libp2p.peerId, { multiaddrs })
  await one.sessions.connect(peer)
}

export async function gossipPair(): Promise<GossipPair> {
  const [alice, bob] = await Promise.all([startGossiper(), startGossiper()])
  const heard: string[] = []
  for (const node of [alice, bob]) {
    node.pubsub.subscribe(TEST_TOPIC, (_, data) => {
      if (node === alice) heard.push(Buffer.from(data).toString())
      return 'accept'
    })
  }
  const ids: Uint8Array[] = []
  alice.network.libp2p.services.pubsub.addEventListener('gossipsub:message', ({ detail }) => {
    ids.push(Buffer.from(detail.msgId, 'base64'))
  })
  await meet(bob, alice)
  await vi.waitFor(() => {
    for (const { pubsub } of [alice, bob]) expect(pubsub.subscribers(TEST_TOPIC)).toHaveLength(1)
  }, PATIENCE)
  return {
    alice,
    bob,
    heard,
    ids,
    say: (text) => bob.pubsub.publish(TEST_TOPIC, Buffer.from(text)),
    connections: () => bob.network.libp2p.getConnections(alice.network.libp2p.peerId)
  }
}
