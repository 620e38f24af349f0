import { expect, onTestFinished, test } from 'vitest'
import { CARD_METHODS, encodeJson } from '../../../../discovery/cards/card-protocol.ts'
import { skillCid } from '../../../../discovery/dht/capability-dht.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { createFinder, NEGATIVE_CACHE_MS } from '../../../../discovery/directory/find.ts'
import { createDiscoveryNode, createTestSwarm, testAgent } from '../../../support/discovery-node.ts'
import { testSkill } from '../../../support/identity.ts'

async function setup() {
  const swarm = createTestSwarm(1)
  // Without gossip, only the DHT can bring word of a peer without a session.
  swarm.gossip.faults.loss = 1
  const vision = testAgent('eyes', { skills: [testSkill('vision.caption')] })
  const [alice, bob] = await Promise.all([
    createDiscoveryNode(swarm, { seed: 1, agents: [testAgent('echo')] }),
    createDiscoveryNode(swarm, { seed: 2, agents: [vision] })
  ])
  for (const node of [alice, bob]) await node.start()
  await swarm.advance(100)
  onTestFinished(async () => {
    await swarm.run(Promise.all([alice.stop(), bob.stop()]))
  })
  async function plant(skill: string, ...peers: string[]): Promise<void> {
    const key = (await skillCid(skill)).toString()
    swarm.records.set(key, new Set([...peers, ...(swarm.records.get(key) ?? [])]))
  }
  return { swarm, alice, bob, plant }
}

test('what the directory knows is answered at once, without the DHT', async () => {
  const { swarm, alice } = await setup()
  const { providers, asked } = await alice.finder.find('echo')
  expect(providers).toMatchObject([{ agentId: 'echo', local: true }])
  expect(asked).toEqual({ directory: 1, dht: false, tookMs: 0 })
  expect(swarm.sessions.calls.get('connect')).toBeUndefined()
})

test('what nobody known can do is found through the DHT and confirmed by the peer', async () => {
  const { swarm, alice, bob } = await setup()
  const { providers, asked } = await swarm.run(alice.finder.find('vision.caption'))
  expect(providers).toMatchObject([
    { peer: bob.peer, agentId: 'eyes', match: 'skill', connected: true }
  ])
  expect(asked.dht).toBe(true)
  expect(asked.tookMs).toBeLessThan(1000)
})

test('a branch of skills is found through the DHT too', async () => {
  const { swarm, alice, bob } = await setup()
  const { providers } = await swarm.run(alice.finder.find('vision'))
  expect(providers).toMatchObject([{ peer: bob.peer, match: 'prefix' }])
})

test('the DHT is asked on request although the directory has an answer', async () => {
  const { swarm, alice, bob, plant } = await setup()
  await swarm.run(bob.book.setAgents([testAgent('echo')]))
  await plant('echo', bob.peer)
  const { providers } = await swarm.run(alice.finder.find('echo', { wide: true }))
  expect(providers.map(({ peer }) => peer).toSorted()).toEqual([alice.peer, bob.peer].toSorted())
})

test('everybody whom the DHT names is asked on request, a few at a time', async () => {
  const { swarm, alice, bob, plant } = await setup()
  const others = await Promise.all(
    [3, 4, 5].map((seed) =>
      createDiscoveryNode(swarm, {
        seed,
        agents: [testAgent('eyes', { skills: [testSkill('vision.caption')] })]
      })
    )
  )
  for (const node of others) await node.start()
  await swarm.advance(100)
  const dead = Array.from({ length: 20 }, (_, index) => `dead-${index}`)
  for (const one of dead) swarm.sessions.add(one).reachable = false
  await plant('vision.caption', ...dead)
  const { providers } = await swarm.run(alice.finder.find('vision.caption', { wide: true }))
  const wanted = [bob, ...others].map(({ peer }) => peer)
  expect(providers.map(({ peer }) => peer).toSorted()).toEqual(wanted.toSorted())
  await swarm.run(Promise.all(others.map(async (node) => node.stop())))
})

test('liars and dead providers are never returned, nor do they hide the honest one', async () => {
  const { swarm, alice, bob, plant } = await setup()
  const liars = ['liar-1', 'liar-2', 'liar-3']
  for (const liar of liars) {
    const sessions = swarm.sessions.add(liar)
    sessions.methods.request(CARD_METHODS.known, () => encodeJson({ peers: [] }))
  }
  swarm.sessions.add('dead').reachable = false
  await plant('vision.caption', ...liars, 'dead')
  const { providers } = await swarm.run(alice.finder.find('vision.caption'))
  expect(providers.map(({ peer }) => peer)).toEqual([bob.peer])
})

test('a liar is not dialled again for the same skill', async () => {
  const { swarm, alice, plant } = await setup()
  swarm.sessions.add('dead').reachable = false
  await plant('nowhere', 'dead')
  await swarm.run(alice.finder.find('nowhere'))
  const dials = swarm.sessions.calls.get('connect')
  await swarm.advance(NEGATIVE_CACHE_MS)
  await swarm.run(alice.finder.find('nowhere'))
  expect(swarm.sessions.calls.get('connect')).toBe(dials)
})

test('a skill that nobody has is not looked up again for a while', async () => {
  const { swarm, alice } = await setup()
  expect((await swarm.run(alice.finder.find('nothing'))).asked.dht).toBe(true)
  expect((await swarm.run(alice.finder.find('nothing'))).asked.dht).toBe(false)
  await swarm.advance(NEGATIVE_CACHE_MS)
  expect((await swarm.run(alice.finder.find('nothing'))).asked.dht).toBe(true)
})

test.for(['@eyes@node-2', 'caption my pictures', ''])(
  '"%s" is no key of the DHT',
  async (query) => {
    const { alice } = await setup()
    expect((await alice.finder.find(query)).asked.dht).toBe(false)
  }
)

test('a newcomer that the DHT cannot help yet waits for what its first peer tells it', async () => {
  const { swarm, bob } = await setup()
  swarm.records.clear()
  const carol = await createDiscoveryNode(swarm, { seed: 3 })
  await carol.start()
  await swarm.run(bob.sessions.connect(carol.peer))
  await swarm.advance(100)
  const dave = await createDiscoveryNode(swarm, { seed: 4 })
  await dave.start()
  onTestFinished(() => swarm.run(Promise.all([carol.stop(), dave.stop()])).then(() => undefined))
  await dave.sessions.connect(carol.peer)
  expect(dave.directory.search('vision.caption')).toEqual([])
  const { providers } = await swarm.run(dave.finder.find('vision.caption'))
  expect(providers).toMatchObject([{ peer: bob.peer, agentId: 'eyes' }])
})

test('who comes to be known meanwhile ends the search in the DHT', async () => {
  const { swarm, alice, bob } = await setup()
  const { clock } = swarm
  const { directory, exchange, peer: self } = alice
  const providers = (_: string, signal?: AbortSignal): AsyncIterable<string> => ({
    [Symbol.asyncIterator]: () => ({
      async next() {
        await clock.sleep(Infinity, signal)
        return { done: true, value: undefined }
      }
    })
  })
  const finder = createFinder({
    clock,
    directory,
    exchange,
    self,
    logger: silentLogger,
    dht: { providers }
  })
  const found = finder.find('vision.caption')
  await swarm.advance(50)
  await swarm.run(bob.sessions.connect(alice.peer))
  expect(await swarm.run(found)).toMatchObject({ providers: [{ peer: bob.peer }] })
  expect((await found).asked.tookMs).toBeLessThan(200)
})

test('many who look at the same time are no leak', async () => {
  const { swarm, alice } = await setup()
  const { events } = alice.directory
  const before = events.listenerCount('changed')
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  const found = Array.from({ length: 20 }, (_, index) => alice.finder.find(`skill-${index}`))
  await swarm.run(Promise.all(found))
  process.off('warning', onWarning)
  expect(warnings).toEqual([])
  expect(events.listenerCount('changed')).toBe(before)
})

test('for running a task, having the words is not enough', async () => {
  const { alice } = await setup()
  expect((await alice.finder.find('agent', { narrow: true })).providers).toHaveLength(1)
  const exact = await alice.finder.find('agent', { narrow: true, exact: true })
  expect(exact.providers).toEqual([])
})

test('a caller that gives up hears so', async () => {
  const { alice } = await setup()
  const reason = new Error('given up')
  const signal = AbortSignal.abort(reason)
  await expect(alice.finder.find('nothing', { signal })).rejects.toBe(reason)
})
