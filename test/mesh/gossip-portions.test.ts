/** What a neighbour missed, or may have missed, never takes more of one stretch than it reads: its stream would end. */
import { randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { gossipPair, innerGossip } from '../support/gossip-pair.ts'
import { TEST_TOPIC } from '../support/mesh-node.ts'
import { PATIENCE } from '../support/patience.ts'

test('a neighbour that asks for much of what it missed gets it, and hears what follows', async () => {
  const { alice, bob, heard, ids, say, connections } = await gossipPair()
  const count = 300
  const filling = 'x'.repeat(1000)
  for (let index = 0; index < count; index++) await say(`${index} ${filling}`)
  await vi.waitFor(() => expect(heard).toHaveLength(count), PATIENCE)
  const inner = innerGossip(bob)
  const stream = inner.streamsOutbound.get(alice.peer)
  const messages = inner.handleIWant(alice.peer, [{ messageIDs: [...ids] }])
  expect(messages).toHaveLength(count)
  expect(inner.sendRpc(alice.peer, { subscriptions: [], messages })).toBe(true)
  await say('after it')
  await vi.waitFor(() => expect(heard).toContain('after it'), PATIENCE)
  expect(inner.streamsOutbound.get(alice.peer)).toBe(stream)
  expect(connections()).toHaveLength(1)
})

test('a neighbour is told of some of what it may have missed when that is much, and hears what follows', async () => {
  const { alice, bob, heard, say } = await gossipPair()
  const messageIDs = Array.from({ length: 5000 }, () => randomBytes(46))
  const inner = innerGossip(bob)
  const stream = inner.streamsOutbound.get(alice.peer)
  inner.pushGossip(alice.peer, { topicID: TEST_TOPIC, messageIDs })
  inner.flush()
  await say('after it')
  await vi.waitFor(() => expect(heard).toContain('after it'), PATIENCE)
  expect(inner.streamsOutbound.get(alice.peer)).toBe(stream)
})
