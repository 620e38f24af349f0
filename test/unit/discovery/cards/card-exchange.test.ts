import { expect, onTestFinished, test } from 'vitest'
import {
  CARD_METHODS,
  decodeJson,
  encodeJson,
  knownResponse
} from '../../../../discovery/cards/card-protocol.ts'
import { cardDigest } from '../../../../trust/card-signature.ts'
import { createDiscoveryNode, createTestSwarm, testAgent } from '../../../support/discovery-node.ts'
import { signedCard, testCard, testIdentity, verifiedCard } from '../../../support/identity.ts'

async function setup() {
  const swarm = createTestSwarm(1)
  const [alice, bob] = await Promise.all([
    createDiscoveryNode(swarm, { seed: 1, agents: [testAgent('echo')] }),
    createDiscoveryNode(swarm, { seed: 2, agents: [testAgent('calc'), testAgent('clock')] })
  ])
  const nodes = [alice, bob]
  for (const node of nodes) await node.start()
  onTestFinished(async () => {
    await swarm.run(Promise.all(nodes.map(async (node) => node.stop())))
    // `clock.timeout` cannot be taken back; the longest is that of a DHT announcement.
    await swarm.clock.advance(20_000)
    expect(swarm.clock.pending).toBe(0)
  })
  return { swarm, alice, bob }
}

/** A member that speaks the protocol as it likes. */
async function addEvil(
  { sessions }: Awaited<ReturnType<typeof setup>>['swarm'],
  { cards, claims }: { readonly cards: unknown; readonly claims: readonly string[] }
) {
  const identity = await testIdentity(666)
  const evil = sessions.add(identity.peer, {
    name: 'evil',
    fields: () => ({ load: 0, slots: 1, cards: claims })
  })
  const asked: string[] = []
  evil.methods.request(CARD_METHODS.get, (_, { peer }) => {
    asked.push(peer)
    return new TextEncoder().encode(JSON.stringify({ cards }))
  })
  evil.methods.request(CARD_METHODS.known, () => encodeJson({ peers: [] }))
  return { ...identity, asked }
}

test('a session brings the agents of both sides to both sides', async () => {
  const { swarm, alice, bob } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(100)
  expect(alice.directory.search('calc')).toMatchObject([{ peer: bob.peer, connected: true }])
  expect(bob.directory.search('echo')).toMatchObject([{ peer: alice.peer, name: 'node-1' }])
})

test('cards already held are not fetched again', async () => {
  const { swarm, alice, bob } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(100)
  const calls = swarm.sessions.calls.get(CARD_METHODS.get)
  swarm.sessions.unlink(alice.peer, bob.peer)
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(100)
  expect(swarm.sessions.calls.get(CARD_METHODS.get)).toBe(calls)
})

test('a peer that says it stops is gone at once', async () => {
  const { swarm, alice, bob } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(100)
  swarm.sessions.unlink(bob.peer, alice.peer, 'SHUTTING_DOWN')
  expect(alice.directory.peer(bob.peer)).toBeUndefined()
})

test('a forged card is refused, counted and reported', async () => {
  const { swarm, alice } = await setup()
  const victim = await testIdentity(3)
  const forged = await signedCard(victim, testCard(victim.peer, 'bank'))
  const refused: string[] = []
  alice.exchange.events.on('refused', (source, { details }) => {
    refused.push(`${source} ${details['reason']}`)
  })
  const evil = await addEvil(swarm, { cards: [forged], claims: [cardDigest(forged) ?? ''] })
  swarm.sessions.link(alice.peer, evil.peer)
  await swarm.advance(100)
  expect(alice.directory.search('bank')).toEqual([])
  expect(refused).toEqual([`${evil.peer} it is not signed by the peer`])
  expect(alice.exchange.refusals().get(evil.peer)).toBe(1)
})

test('an expired card is refused', async () => {
  const { swarm, alice } = await setup()
  const identity = await testIdentity(666)
  await swarm.clock.advance(2_000_000)
  const old = await signedCard(identity, testCard(identity.peer, 'old'), { expiresAt: 1_000_000 })
  const evil = await addEvil(swarm, { cards: [old], claims: [cardDigest(old) ?? ''] })
  swarm.sessions.link(alice.peer, evil.peer)
  await swarm.advance(100)
  expect(alice.directory.search('old')).toEqual([])
  expect(alice.exchange.refusals().get(evil.peer)).toBe(1)
})

test('cards that nobody asked for, and answers that are none, cost only their sender', async () => {
  const { swarm, alice, bob } = await setup()
  const identity = await testIdentity(666)
  const card = await signedCard(identity, testCard(identity.peer, 'pushy'))
  const evil = await addEvil(swarm, { cards: [card, null, 7], claims: ['0123456789abcdef'] })
  swarm.sessions.link(alice.peer, evil.peer)
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(200)
  expect(alice.directory.search('pushy')).toEqual([])
  expect(alice.exchange.refusals().get(evil.peer)).toBe(3)
  expect(alice.directory.search('calc')).toHaveLength(1)
})

test('a peer whose cards do not come is asked again only after a growing wait', async () => {
  const { swarm, alice } = await setup()
  const evil = await addEvil(swarm, { cards: [], claims: ['0123456789abcdef'] })
  swarm.sessions.link(alice.peer, evil.peer)
  await swarm.advance(100)
  for (let second = 0; second < 300; second++) {
    alice.exchange.fetcher.want(evil.peer, ['0123456789abcdef'])
    await swarm.advance(1000)
  }
  // Waits of 1, 2, 4, 8, 16 and then 30 s at least: sixteen in five minutes, and the first.
  expect(evil.asked.length).toBeGreaterThan(5)
  expect(evil.asked.length).toBeLessThanOrEqual(17)
})

test('cards that did not come are asked for again, though nothing more is heard of the peer', async () => {
  const { swarm, alice, bob } = await setup()
  const carol = await createDiscoveryNode(swarm, { seed: 3, agents: [testAgent('far')] })
  // Without presence: she says nothing.
  for (const part of [carol.book, carol.exchange]) await part.start()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(100)
  carol.sessions.reachable = false
  const cards = carol.book.cards().map(({ digest }) => digest)
  const named = { name: 'carol', load: 0, slots: 1, cards }
  const missing = alice.directory.hint(carol.peer, named, { ageMs: 0, ttlMs: 60_000 })
  alice.exchange.fetcher.want(carol.peer, missing)
  await swarm.advance(1500)
  expect(alice.directory.search('far')).toEqual([])
  carol.sessions.reachable = true
  await swarm.advance(4000)
  expect(alice.directory.search('far')).toMatchObject([{ peer: carol.peer }])
  await carol.exchange.stop()
  await carol.book.stop()
})

test.for([0, 20])(
  'who gets a session is asked at once, whether its cards are waited for or stand in a queue (after %i others)',
  async (before) => {
    const { swarm, alice, bob } = await setup()
    const carol = await createDiscoveryNode(swarm, { seed: 3, agents: [testAgent('far')] })
    for (const part of [carol.book, carol.exchange]) await part.start()
    swarm.sessions.link(alice.peer, bob.peer)
    await swarm.advance(100)
    const want = (peer: string, cards: readonly string[]): void => {
      const named = { name: peer, load: 0, slots: 1, cards }
      const missing = alice.directory.hint(peer, named, { ageMs: 0, ttlMs: 60_000 })
      alice.exchange.fetcher.want(peer, missing)
    }
    const cards = carol.book.cards().map(({ digest }) => digest)
    for (let at = 0; at < 40; at += 1) {
      if (at === before) want(carol.peer, cards)
      want(`stranger ${at}`, [at.toString(16).padStart(16, '0')])
    }
    swarm.sessions.link(alice.peer, carol.peer)
    await swarm.advance(100)
    expect(alice.directory.search('far')).toMatchObject([{ peer: carol.peer }])
    await carol.exchange.stop()
    await carol.book.stop()
  }
)

test('cards that a node has only heard of are fetched from neighbours that have them, though both know the same peers', async () => {
  const { swarm, alice, bob } = await setup()
  const stranger = await testIdentity(3)
  const card = await verifiedCard(stranger, testCard(stranger.peer, 'far'))
  const named = { name: 'far', load: 0, slots: 1, cards: [card.digest] }
  for (const { directory } of [alice, bob]) {
    directory.hint(stranger.peer, named, { ageMs: 0, ttlMs: 60_000 })
  }
  bob.directory.add(card)
  swarm.sessions.link(alice.peer, bob.peer)
  const session = alice.sessions.get(bob.peer)
  if (session === undefined) throw new Error('no session')
  const signal = new AbortController().signal
  expect(await swarm.run(alice.exchange.fillFrom(session, signal))).toEqual({ came: 1, lacking: 0 })
  expect(alice.directory.search('far')).toMatchObject([{ peer: stranger.peer }])
})

test('requests that are malformed get an error and nothing else', async () => {
  const { swarm, alice, bob } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  const session = alice.sessions.get(bob.peer)
  for (const body of ['', '{', '{"digests":[]}', '{"digests":["x"]}', '[]']) {
    const call = session?.request(CARD_METHODS.get, new TextEncoder().encode(body))
    await expect(call && swarm.run(call)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  }
})

test('a peer hands on cards of others, so that a stranger need not be dialled', async () => {
  const { swarm, alice, bob } = await setup()
  const carol = await createDiscoveryNode(swarm, { seed: 3 })
  await carol.start()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(100)
  swarm.sessions.link(carol.peer, bob.peer)
  await swarm.advance(100)
  expect(carol.directory.search('echo')).toMatchObject([{ peer: alice.peer, connected: false }])
  expect(swarm.sessions.calls.get('connect')).toBeUndefined()
  await swarm.run(carol.stop())
})

test('word of one who has not got the cards of a peer yet does not make others forget them', async () => {
  const { swarm, alice, bob } = await setup()
  const identity = await testIdentity(3)
  const card = await verifiedCard(identity, testCard(identity.peer, 'vision'))
  const statement = { name: 'carol', load: 0, slots: 1, cards: [card.digest] }
  alice.directory.confirm(identity.peer, statement, 60_000)
  alice.directory.add(card)
  await swarm.advance(20)
  bob.directory.confirm(identity.peer, statement, 60_000)
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(100)
  expect(alice.directory.search('vision')).toMatchObject([{ peer: identity.peer }])
  expect(bob.directory.search('vision')).toMatchObject([{ peer: identity.peer }])
})

test('of nearly the same swarm a node is told only what it does not know', async () => {
  const { swarm, alice, bob } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  await swarm.advance(100)
  const statement = { name: 'made-up', load: 0, slots: 1, cards: [] }
  for (let index = 0; index < 200; index += 1) {
    alice.directory.confirm(`peer-${index}`, statement, 60_000)
    if (index > 0) bob.directory.confirm(`peer-${index}`, statement, 60_000)
  }
  const session = bob.sessions.get(alice.peer)
  if (session === undefined) throw new Error('no session')
  const ask = async (question: { shares?: string[] }) =>
    session.request(CARD_METHODS.known, encodeJson(question))
  async function told(question: { shares?: string[] }): Promise<readonly string[]> {
    const answer = await swarm.run(ask(question))
    return decodeJson(knownResponse, answer).peers.map(({ peer }) => peer)
  }
  const shares = [...bob.directory.digests(64)]
  const differing = await told({ shares })
  expect(differing).toContain('peer-0')
  expect(differing.length).toBeLessThan(12)
  expect(await told({})).toHaveLength(200)
  expect(await told({ shares: [...alice.directory.digests(64)] })).toEqual([])
})

test('who asks whom this node knows again and again is told to wait, and asks no less well later', async () => {
  const { swarm, alice, bob } = await setup()
  swarm.sessions.link(alice.peer, bob.peer)
  const session = alice.sessions.get(bob.peer)
  const body = encodeJson({})
  const ask = async () => session?.request(CARD_METHODS.known, body)
  const answers = await swarm.run(Promise.allSettled(Array.from({ length: 20 }, ask)))
  const refused = answers.filter(({ status }) => status === 'rejected')
  expect(refused.length).toBeGreaterThan(10)
  expect(refused[0]).toMatchObject({
    reason: { code: 'OVERLOADED', details: { retryAfterMs: expect.any(Number) } }
  })
  await swarm.advance(1000)
  await expect(swarm.run(ask())).resolves.toBeDefined()
})
