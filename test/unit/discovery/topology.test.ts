import { expect, onTestFinished, test, vi } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { silentLogger } from '../../../core/logger.ts'
import { decodeMessage, decodeRelease } from '../../../discovery/exchange-codec.ts'
import { PeerBook } from '../../../discovery/peer-book.ts'
import { createPeerExchange } from '../../../discovery/peer-exchange.ts'
import { createTopology } from '../../../discovery/topology.ts'
import type { PeerHint } from '../../../discovery/hint.ts'
import type { Session } from '../../../protocols/session/session.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { seededRandom } from '../../support/random.ts'
import { SessionNetwork } from '../../support/session-network.ts'

const SELF = 'self12345'
const TARGET = 4
const HIGH_WATER = 6
const MINUTE = 60_000
const PEERS = Array.from(
  { length: 12 },
  (_, index) => `peer${'abcdefghijkm'.charAt(index).repeat(5)}`
)
const NOTE = { id: 'stranger1', addresses: [] }
const [FIRST = '', SECOND = ''] = PEERS

/** What the node under test has heard and been asked. */
interface Diary {
  readonly learned: PeerHint[]
  readonly asked: string[]
}

interface PeerInit {
  /** Whom it names. */
  readonly named?: readonly string[]
  /** Whether it lets go when asked. */
  readonly releases?: boolean
}

interface SetupInit {
  readonly pinned?: readonly string[]
  readonly held?: readonly string[]
}

/** One node with its exchange and its keeper; the others answer as the test has them. */
function setup(init: SetupInit = {}) {
  const clock = new ManualClock()
  const network = new SessionNetwork(clock)
  const diary: Diary = { learned: [], asked: [] }
  const keeper = createKeeper(network, diary, init)
  onTestFinished(() => keeper.topology.stop())

  function join(peer: string, { named = [], releases = true }: PeerInit = {}): void {
    const { handlers } = network.add(peer)
    const peers = named.map((id) => ({ id, addresses: ['/ip4/10.0.0.1/tcp/1'] }))
    handlers.set('peers.sample', () => {
      diary.asked.push(peer)
      return json({ degree: 9, peers })
    })
    handlers.set('peers.release', () => {
      diary.asked.push(`${peer}: release`)
      return json({ degree: 9, released: releases })
    })
    network.link(SELF, peer)
    keeper.book.connected(peer, `/ip4/10.0.0.${keeper.sessions.all().length}/tcp/1`)
  }
  function joinMany(count: number, peerInit?: PeerInit): void {
    for (const peer of PEERS.slice(0, count)) join(peer, peerInit)
  }
  async function call(from: string, method: string, body: object): Promise<Uint8Array> {
    const session = network.node(from).get(SELF)
    if (session === undefined) throw new Error('no session')
    return session.request(method, json(body))
  }
  async function release(from: string): Promise<boolean> {
    const answer = await call(from, 'peers.release', { degree: 9, peers: [] })
    return decodeRelease(answer).released
  }
  return { ...diary, ...keeper, call, clock, join, joinMany, network, release }
}

function createKeeper(network: SessionNetwork, { learned }: Diary, init: SetupInit) {
  const { pinned = [], held = [] } = init
  const { clock } = network
  const sessions = network.add(SELF)
  const shared = { clock, random: seededRandom(7), logger: silentLogger }
  const book = new PeerBook({ clock, keep: () => true }, { self: SELF })
  const isConnected = (peer: string): boolean => sessions.get(peer) !== undefined
  const learn = (hint: PeerHint): void => {
    learned.push(hint)
    book.learn(hint)
  }
  const walk = vi.fn<(signal: AbortSignal) => AsyncIterable<PeerHint>>(async function* () {
    yield { peer: 'walked123', addresses: ['/ip4/10.9.9.9/tcp/1'], foundBy: 'dht' }
  })
  const exchange = createPeerExchange({
    ...shared,
    book,
    isConnected,
    learn,
    isLocal: (peer) => peer.startsWith('near'),
    degree: () => sessions.all().length,
    wanted: () => Math.max(0, topology.appetite().strangers),
    hasRoom: (peer) => topology.hasRoom(peer),
    onHandedOn: (peer) => topology.onHandedOn(peer),
    onDegree: (peer, degree) => topology.onDegree(peer, degree),
    release: (peer) => topology.release(peer)
  })
  const redialer = {
    poke: () => undefined,
    isPinned: (peer: string) => pinned.includes(peer),
    isHeld: (peer: string) => held.includes(peer),
    hasStrangers: () => learned.length > 0
  }
  const topology = createTopology(
    {
      ...shared,
      exchange,
      isConnected,
      learn,
      redialer,
      walk,
      sessions: () => sessions.all(),
      disconnect: (peer) => sessions.disconnect(peer),
      isBusy: () => false
    },
    { targetPeers: TARGET }
  )
  sessions.events.on('opened', (session) => topology.opened(session))
  sessions.events.on('closed', ({ peer }) => void topology.closed(peer))
  exchange.serve(sessions.methods)
  return { book, sessions, topology, walk }
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

function peersOf(sessions: { all(): readonly Session[] }): number {
  return sessions.all().length
}

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
