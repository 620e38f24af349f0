import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { decodeMessage, decodeRelease } from '../../../../discovery/peers/exchange-codec.ts'
import {
  FIRST,
  HIGH_WATER,
  json,
  MINUTE,
  NOTE,
  PEERS,
  peersOf,
  SECOND,
  SELF,
  setup,
  TARGET
} from '../../../support/topology-keeper.ts'

test('asks nobody for peers as long as there are as many to try as are wanted', async () => {
  const { asked, clock, join, topology } = setup({ untried: TARGET - 1 })
  await topology.start()
  join('peer12345', { named: ['stranger1'] })
  await clock.advance(5000)
  expect(asked).toEqual([])
})

test('asks the first peer it meets for others, and learns them as hints', async () => {
  const { clock, join, learned, topology } = setup()
  await topology.start()
  join('peer12345', { named: ['stranger1', 'stranger2'] })
  await clock.advance(0)
  expect(learned.map(({ peer, foundBy }) => [peer, foundBy])).toEqual([
    ['stranger1', 'exchange'],
    ['stranger2', 'exchange']
  ])
})

test('asks on while peers are wanting, less often while nobody has news, rarely once content', async () => {
  const { asked, clock, join, joinMany, topology } = setup()
  await topology.start()
  join('lonely123')
  await clock.advance(MINUTE)
  const hungry = asked.length
  expect(hungry).toBeGreaterThan(6)
  expect(hungry).toBeLessThan(40)
  joinMany(TARGET)
  await clock.advance(10_000)
  const before = asked.length
  await clock.advance(10 * MINUTE)
  expect(asked.length - before).toBeLessThanOrEqual(20)
})

test('walks through the DHT when nobody names anybody, twice a minute at most', async () => {
  const { clock, join, learned, topology, walk } = setup()
  await topology.start()
  await clock.advance(MINUTE)
  expect(walk, 'without a session there is nobody to ask').not.toHaveBeenCalled()
  join('lonely123')
  await clock.advance(5000)
  expect(walk).toHaveBeenCalledTimes(1)
  expect(learned).toMatchObject([{ peer: 'walked123', foundBy: 'dht' }])
})

test('above the high-water mark it leaves as many peers as are too many', async () => {
  const { clock, joinMany, sessions, topology } = setup()
  await topology.start()
  joinMany(HIGH_WATER + 5)
  await clock.advance(5000)
  expect(peersOf(sessions)).toBe(HIGH_WATER)
})

test('leaves nobody who does not agree, and nobody who is pinned', async () => {
  const { asked, clock, join, joinMany, sessions, topology } = setup({ pinned: ['pinned123'] })
  await topology.start()
  join('pinned123')
  joinMany(HIGH_WATER + 2, { releases: false })
  await clock.advance(10_000)
  expect(peersOf(sessions)).toBe(HIGH_WATER + 3)
  expect(asked).toContain(`${FIRST}: release`)
  expect(asked).not.toContain('pinned123: release')
})

test('lets a peer go when it keeps its target without it, and calls that no loss', async () => {
  const { call, joinMany, topology } = setup()
  joinMany(TARGET + 1)
  const answer = await call(FIRST, 'peers.release', { degree: 9, peers: [] })
  expect(decodeRelease(answer)).toEqual({ degree: TARGET + 1, released: true })
  expect(topology.closed(FIRST)).toBe('released')
  expect(topology.closed(SECOND)).toBe('lost')
})

test('two peers that ask at once do not bring it below its target', async () => {
  const { joinMany, release } = setup()
  joinMany(TARGET + 1)
  expect(await Promise.all([release(FIRST), release(SECOND)])).toEqual([true, false])
})

test('a peer that it cannot spare it lets go as soon as there is a substitute', async () => {
  const { join, joinMany, release, topology } = setup()
  joinMany(TARGET)
  expect(topology.appetite().strangers).toBe(0)
  expect(await release(FIRST)).toBe(false)
  expect(topology.appetite().strangers).toBe(1)
  join('substitute')
  expect(await release(FIRST)).toBe(true)
  expect(topology.appetite().strangers).toBe(0)
})

test('a peer that wanted to go and thought better of it is forgotten after half a minute', async () => {
  const { clock, joinMany, release, topology } = setup()
  await topology.start()
  joinMany(TARGET)
  await release(FIRST)
  expect(topology.appetite().strangers).toBe(1)
  await clock.advance(2 * MINUTE)
  expect(topology.appetite().strangers).toBe(0)
})

test('never lets go a peer that a person wants', async () => {
  const { joinMany, release } = setup({ held: [FIRST] })
  joinMany(TARGET + 3)
  expect(await release(FIRST)).toBe(false)
})

test('names live peers that have room, and loopback addresses to its own host only', async () => {
  const { book, call, join } = setup()
  join('near12345')
  join('far123456')
  book.connected('far123456', '/ip4/127.0.0.1/tcp/9')
  book.learn({ peer: 'stranger1', addresses: ['/ip4/10.3.3.3/tcp/1'], foundBy: 'exchange' })
  const toLocal = decodeMessage(await call('near12345', 'peers.sample', { degree: 1, want: 16 }))
  expect(toLocal.peers).toEqual([
    { id: 'far123456', addresses: ['/ip4/10.0.0.2/tcp/1', '/ip4/127.0.0.1/tcp/9'] }
  ])
  book.connected('near12345', '/ip4/127.0.0.1/tcp/8')
  const toRemote = decodeMessage(await call('far123456', 'peers.sample', { degree: 1, want: 16 }))
  expect(toRemote.peers).toEqual([{ id: 'near12345', addresses: ['/ip4/10.0.0.1/tcp/1'] }])
})

test('spreads newcomers: whoever was named often comes last', async () => {
  const { call, joinMany } = setup()
  joinMany(PEERS.length)
  const named: string[] = []
  for (const peer of PEERS) {
    const body = { degree: 1, want: 4 }
    const { peers } = decodeMessage(await call(peer, 'peers.sample', body))
    named.push(...peers.map(({ id }) => id))
  }
  const counts = Object.values(Object.groupBy(named, (id) => id)).map((each) => each?.length ?? 0)
  // One more than has room: each speaks for itself once, when it asks.
  expect(Math.max(...counts)).toBeLessThanOrEqual(HIGH_WATER + 1)
})

test.for([
  ['no JSON', 'peers.sample', 'hello', 'INVALID_REQUEST'],
  ['no degree', 'peers.sample', '{"want":1}', 'INVALID_REQUEST'],
  ['a degree below nothing', 'peers.release', '{"degree":-1,"peers":[]}', 'INVALID_REQUEST'],
  [
    'too many peers',
    'peers.release',
    JSON.stringify({ degree: 1, peers: Array.from({ length: 17 }, () => NOTE) }),
    'INVALID_REQUEST'
  ]
] as const)(
  'a request with %s costs the asker an error, and teaches nothing',
  async ([, method, body, code]) => {
    const { join, learned, network } = setup()
    join('peer12345')
    const session = network.node('peer12345').get(SELF)
    await expect(session?.request(method, Buffer.from(body))).rejects.toMatchObject({ code })
    expect(learned).toEqual([])
  }
)

test('a peer that asks too often is told when to come back', async () => {
  const { call, clock, join } = setup()
  join('peer12345')
  const ask = () => call('peer12345', 'peers.sample', { degree: 1, want: 1 })
  for (const _ of Array.from({ length: LIMITS.exchangeCalls.value })) await ask()
  await clock.advance(20_000)
  await expect(ask()).rejects.toMatchObject({
    code: 'OVERLOADED',
    details: { retryAfterMs: 40_000 }
  })
  await clock.advance(40_000)
  expect(await ask()).toBeInstanceOf(Uint8Array)
})

test('when it has stopped, nothing is left', async () => {
  const { clock, join, topology } = setup()
  await topology.start()
  join('peer12345')
  await clock.advance(1000)
  const stopped = topology.stop()
  await clock.advance(0)
  await stopped
  expect(clock.pending).toBe(0)
})

test('it stops at once although a peer is just being asked: so that goodbyes are said in time', async () => {
  const { clock, join, network, topology } = setup()
  join(FIRST)
  const asked = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<Uint8Array>()
  network.node(FIRST).handlers.set('peers.sample', () => {
    asked.resolve()
    return answer.promise
  })
  await topology.start()
  await asked.promise
  const stopped = vi.fn<() => void>()
  void topology.stop().then(stopped)
  answer.resolve(json({ degree: 9, peers: [] }))
  await clock.advance(0)
  expect(stopped).toHaveBeenCalledOnce()
})
