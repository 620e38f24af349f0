/** What a neighbour says by gossip costs this node what it has time for, and wrong signatures cost the neighbour its voice. */
import { setImmediate as turn } from 'node:timers/promises'
import type { RPC } from '@libp2p/gossipsub/message'
import { expect, test, vi } from 'vitest'
import { gossipPair, innerGossip } from '../support/gossip-pair.ts'
import { TEST_TOPIC } from '../support/mesh-node.ts'
import type { MeshNode } from '../support/mesh-node.ts'
import { PATIENCE } from '../support/patience.ts'

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
  const { alice, bob } = await gossipPair()
  const lying = innerGossip(bob)
  const messages = forged(bob, 600)
  for (let times = 0; times < 5; times++) {
    lying.sendRpc(alice.peer, { subscriptions: [], messages })
  }
  await vi.waitFor(() => expect(alice.blame.points(bob.peer)).toBeGreaterThan(8), PATIENCE)
  for (let turns = 0; turns < 100; turns++) await turn()
  // Of 3,000, only so many were looked at as it takes to know what the peer is.
  expect(alice.blame.points(bob.peer)).toBeLessThan(12)
})

test('a burst of honest messages arrives whole', async () => {
  const { heard, say } = await gossipPair()
  const count = 2000
  const said = Array.from({ length: count }, (_, index) => `message ${index}`)
  for (const text of said) await say(text)
  await vi.waitFor(() => expect(heard).toHaveLength(count), PATIENCE)
  expect(heard).toEqual(said)
})
