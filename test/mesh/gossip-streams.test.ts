/** Gossip goes on when its stream ended and its peer did not: gossipsub itself would write to the old one for ever. */
import { expect, test, vi } from 'vitest'
import { gossipPair, innerGossip } from '../support/gossip-pair.ts'
import type { GossipPair } from '../support/gossip-pair.ts'
import { TEST_TOPIC } from '../support/mesh-node.ts'
import { PATIENCE } from '../support/patience.ts'

/** Says things until one of them is heard. */
function isHeardAgain({ heard, say }: GossipPair): Promise<boolean> {
  let count = 0
  const sayMore = async (): Promise<true> => {
    const text = `after it ${count++}`
    await say(text)
    return vi.waitFor(
      () => {
        if (!heard.includes(text)) throw new Error('not heard yet')
        return true
      },
      { timeout: 100 }
    )
  }
  return vi.waitFor(sayMore, PATIENCE)
}

test('a stream that broke is opened anew', async () => {
  const pair = await gossipPair()
  const { alice, bob } = pair
  innerGossip(bob).streamsOutbound.get(alice.peer)?.rawStream.abort(new Error('for this test'))
  expect(await isHeardAgain(pair)).toBe(true)
})

test('a stream that sent more than its peer reads at once is opened anew', async () => {
  const pair = await gossipPair()
  const { alice, bob } = pair
  const data = new Uint8Array(200_000)
  const messages = [{ topic: TEST_TOPIC, data }]
  innerGossip(bob).sendRpc(alice.peer, { subscriptions: [], messages })
  expect(await isHeardAgain(pair)).toBe(true)
})

test('a connection that closed beside another one takes no gossip with it', async () => {
  const pair = await gossipPair()
  const { alice, bob, connections } = pair
  const { libp2p } = bob.network
  await libp2p.dial(alice.network.libp2p.getMultiaddrs(), { force: true })
  expect(connections()).toHaveLength(2)
  const stream = innerGossip(bob).streamsOutbound.get(alice.peer)?.rawStream
  const carrier = connections().find(({ streams }) => streams.some((each) => each === stream))
  carrier?.abort(new Error('for this test'))
  expect(connections()).toHaveLength(1)
  expect(await isHeardAgain(pair)).toBe(true)
})

test.for(['alice', 'bob'] as const)(
  'a connection that %s closes in order beside another one takes no gossip with it',
  async (closer) => {
    const pair = await gossipPair()
    const { alice, bob, connections } = pair
    await bob.network.libp2p.dial(alice.network.libp2p.getMultiaddrs(), { force: true })
    await vi.waitFor(() => expect(alice.network.libp2p.getConnections()).toHaveLength(2), PATIENCE)
    const stream = innerGossip(bob).streamsOutbound.get(alice.peer)?.rawStream
    const carrier = connections().findIndex(({ streams }) =>
      streams.some((each) => each === stream)
    )
    await pair[closer].network.libp2p.getConnections()[carrier]?.close()
    await vi.waitFor(() => expect(connections()).toHaveLength(1), PATIENCE)
    expect(await isHeardAgain(pair)).toBe(true)
  }
)
