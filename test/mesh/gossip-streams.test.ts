/** Gossip goes on when its stream ended and its peer did not: gossipsub itself would write to the old one for ever. */
import type { Connection } from '@libp2p/interface'
import { expect, test, vi } from 'vitest'
import { gossipPair, innerGossip, meet, startGossiper } from '../support/gossip-pair.ts'
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

test('a peer that lets its stream wait keeps no other from getting one', async () => {
  const pair = await gossipPair()
  const { alice, bob } = pair
  const [mute, late] = await Promise.all([startGossiper(), startGossiper()])
  bob.network.libp2p.addEventListener('connection:open', ({ detail: connection }) => {
    if (connection.remotePeer.toString() === mute.peer) neverOpens(connection, '/meshsub')
  })
  await meet(bob, mute)
  await vi.waitFor(() => expect(innerGossip(bob).peers.has(mute.peer)).toBe(true), PATIENCE)
  await meet(bob, late)
  await vi.waitFor(
    () => expect(late.pubsub.subscribers(TEST_TOPIC)).toContain(bob.peer),
    WITHIN_A_NEGOTIATION
  )
  expect([...innerGossip(bob).streamsOutbound.keys()].toSorted()).toEqual(
    [alice.peer, late.peer].toSorted()
  )
})

/** libp2p gives up a negotiation after ten seconds, and gossipsub would go on to the next then. */
const WITHIN_A_NEGOTIATION = { timeout: 8000, interval: 50 }

/** As a peer that says nothing when asked for one of these protocols. */
function neverOpens(connection: Connection, prefix: string): void {
  const open = connection.newStream.bind(connection)
  connection.newStream = (protocols, options) =>
    [protocols].flat().some((protocol) => protocol.startsWith(prefix))
      ? new Promise<never>(() => {})
      : open(protocols, options)
}
