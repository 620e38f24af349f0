import { expect, onTestFinished, test } from 'vitest'
import { CARD_METHODS } from '../../../../discovery/cards/card-protocol.ts'
import { BASE_INTERVAL_MS } from '../../../../discovery/presence/presence-pace.ts'
import { presenceTopic } from '../../../../discovery/presence/presence.ts'
import { encodeStatement } from '../../../../discovery/presence/presence-statement.ts'
import type { Statement } from '../../../../discovery/presence/presence-statement.ts'
import { createDiscoveryNode, createTestSwarm, testAgent } from '../../../support/discovery-node.ts'
import type { DiscoveryNode } from '../../../support/discovery-node.ts'

async function setup() {
  const swarm = createTestSwarm(1)
  const nodes = await Promise.all(
    [1, 2].map(async (seed) =>
      createDiscoveryNode(swarm, { seed, agents: [testAgent(`agent-${seed}`)] })
    )
  )
  const [alice, bob] = nodes
  if (alice === undefined || bob === undefined) throw new TypeError('two nodes')
  for (const node of nodes) await node.start()
  onTestFinished(async () => {
    await swarm.run(Promise.all(nodes.map(async (node) => node.stop())))
  })
  function said(by: { readonly peer: string }): Statement[] {
    return swarm.gossip.log
      .filter(({ author }) => author === by.peer)
      .map(({ data }) => JSON.parse(new TextDecoder().decode(data)))
  }
  return { swarm, alice, bob, said }
}

async function ask(by: DiscoveryNode, of: DiscoveryNode): Promise<unknown> {
  const session = by.sessions.get(of.peer)
  return session?.request(CARD_METHODS.presence, new TextEncoder().encode('{}'))
}

test('a node speaks at once and then every few seconds, with growing numbers', async () => {
  const { swarm, alice, said } = await setup()
  await swarm.advance(10 * BASE_INTERVAL_MS)
  const statements = said(alice)
  expect(statements.length).toBeGreaterThanOrEqual(10)
  expect(statements.length).toBeLessThanOrEqual(14)
  const numbers = statements.map(({ seq }) => seq)
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
  expect(statements[0]).toMatchObject({ v: 2, name: 'node-1', slots: 4, leaving: false })
})

test('by gossip alone, peers without a session learn of each other and fetch cards', async () => {
  const { swarm, alice, bob } = await setup()
  await swarm.advance(3000)
  await swarm.advance(BASE_INTERVAL_MS)
  expect(alice.directory.search('agent-2')).toMatchObject([{ peer: bob.peer }])
  expect(bob.directory.search('agent-1')).toMatchObject([{ peer: alice.peer }])
})

test('a marked change of load is told soon; a small one waits', async () => {
  const { swarm, alice, said } = await setup()
  await swarm.advance(2000)
  const before = said(alice).length
  alice.state.load = 0.1
  alice.presence.loadChanged()
  await swarm.advance(300)
  expect(said(alice)).toHaveLength(before)
  alice.state.load = 0.75
  alice.presence.loadChanged()
  alice.presence.loadChanged()
  await swarm.advance(300)
  expect(said(alice)).toHaveLength(before + 1)
  expect(said(alice).at(-1)?.load).toBe(0.75)
})

test('what one neighbour asked for is told to all others as well', async () => {
  const { swarm, alice, bob, said } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(2000)
  const before = said(alice).length
  alice.state.load = 0.2
  await swarm.run(ask(bob, alice))
  alice.state.load = 0.4
  alice.presence.loadChanged()
  await swarm.advance(300)
  expect(said(alice).slice(before)).toMatchObject([{ load: 0.4 }])
})

test('an address that one neighbour asked for is told to all others as well', async () => {
  const { swarm, alice, bob, said } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(2000)
  const before = said(alice).length
  alice.state.addresses = ['/ip4/192.0.2.9/tcp/4001']
  await swarm.run(ask(bob, alice))
  alice.presence.addressesChanged()
  await swarm.advance(300)
  expect(said(alice).slice(before)).toMatchObject([{ addresses: alice.state.addresses }])
})

test('news that wait are told with a statement that goes out before, and not again', async () => {
  const { swarm, alice, said } = await setup()
  await swarm.advance(2000)
  const times = (): number[] => said(alice).map(({ sentAt }) => sentAt)
  for (let step = 0; step < 200; step++) {
    alice.state.load = step % 2
    alice.presence.loadChanged()
    await swarm.advance(250)
  }
  const gaps = times().map((at, index, all) => at - (all[index - 1] ?? -Infinity))
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(800)
})

test('new agents are told at once', async () => {
  const { swarm, alice, bob } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(3000)
  await swarm.run(alice.book.setAgents([testAgent('fresh')]))
  await swarm.advance(1500)
  expect(bob.directory.search('fresh')).toHaveLength(1)
  expect(bob.directory.search('agent-1')).toEqual([])
})

test('where a node can be dialled is told, at once when that changes, and passed on', async () => {
  const { swarm, alice, bob, said } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(2000)
  const [far, local] = ['/ip4/192.0.2.9/tcp/4001', '/ip4/127.0.0.1/tcp/4001']
  const before = said(alice).length
  alice.presence.addressesChanged()
  await swarm.advance(500)
  expect(said(alice)).toHaveLength(before)
  alice.state.addresses = [local, `${far}/p2p/${alice.peer}`, '/ip4/0.0.0.0/tcp/4001', 'nonsense']
  alice.presence.addressesChanged()
  await swarm.advance(500)
  expect(said(alice)).toHaveLength(before + 1)
  expect(bob.directory.peer(alice.peer)?.addresses).toEqual([far])
  const carol = await createDiscoveryNode(swarm, { seed: 3 })
  await carol.start()
  onTestFinished(async () => swarm.run(carol.stop()))
  swarm.gossip.faults.loss = 1
  swarm.sessions.link(carol.peer, bob.peer)
  await swarm.advance(1000)
  expect(carol.directory.peer(alice.peer)?.addresses).toEqual([far])
})

test('who listens on loopback only says so', async () => {
  const { swarm, alice, bob } = await setup()
  alice.state.addresses = ['/ip4/127.0.0.1/tcp/4001']
  alice.presence.addressesChanged()
  await swarm.advance(3000)
  expect(bob.directory.peer(alice.peer)?.addresses).toEqual(['/ip4/127.0.0.1/tcp/4001'])
})

test('goodbye reaches session peers although gossip is gone, and nothing is said after it', async () => {
  const { swarm, alice, bob, said } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(100)
  swarm.gossip.faults.loss = 1
  await swarm.run(alice.presence.stop())
  expect(bob.directory.peer(alice.peer)).toBeUndefined()
  const count = said(alice).length
  expect(said(alice).at(-1)?.leaving).toBe(true)
  await swarm.advance(10 * BASE_INTERVAL_MS)
  expect(said(alice)).toHaveLength(count)
  expect(bob.directory.peer(alice.peer)).toBeUndefined()
})

test('who is doubted says at once that it lives', async () => {
  const { swarm, alice, said } = await setup()
  await swarm.advance(2000)
  const before = said(alice).length
  const sentAt = swarm.clock.now()
  const doubts = [{ peer: alice.peer, seq: Number.MAX_SAFE_INTEGER }]
  const doubting = encodeStatement({ v: 2, seq: sentAt, sentAt, doubts })
  swarm.gossip.inject('mallory', presenceTopic('test'), doubting)
  await swarm.advance(900)
  expect(said(alice)).toHaveLength(before + 1)
})

test('malformed gossip is rejected, and reported with its author', async () => {
  const { swarm, alice } = await setup()
  const dropped: string[] = []
  alice.presence.events.on('dropped', (peer, why) => dropped.push(`${peer} ${why}`))
  swarm.gossip.inject('mallory', presenceTopic('test'), new TextEncoder().encode('{"v":2}'))
  await swarm.advance(10)
  expect(dropped).toEqual(['mallory malformed'])
  expect(swarm.gossip.verdicts.reject).toBeGreaterThan(0)
})

test('a session peer that gossip no longer reaches is asked directly', async () => {
  const { swarm, alice, bob } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(100)
  swarm.gossip.faults.loss = 1
  bob.state.load = 1
  await swarm.advance(25_000)
  expect(alice.directory.peer(bob.peer)?.load).toBe(1)
})

test('who asks again and again how this node is gets no answer for a while', async () => {
  const { swarm, alice, bob } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(100)
  const asking = Array.from({ length: 30 }, async () => ask(alice, bob))
  const answers = await swarm.run(Promise.allSettled(asking))
  const refused = answers.filter(({ status }) => status === 'rejected')
  expect(refused.length).toBeGreaterThanOrEqual(20)
  expect(refused[0]).toMatchObject({
    reason: { code: 'OVERLOADED', details: { retryAfterMs: 500 } }
  })
})
