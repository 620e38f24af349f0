/** One node with its peer exchange and its topology keeper, among peers that answer as a test has them. */
import { onTestFinished, vi } from 'vitest'
import { silentLogger } from '../../core/logger.ts'
import { decodeRelease } from '../../discovery/peers/exchange-codec.ts'
import type { PeerHint } from '../../discovery/peers/hint.ts'
import { PeerBook } from '../../discovery/peers/peer-book.ts'
import { createPeerExchange } from '../../discovery/peers/peer-exchange.ts'
import { createTopology } from '../../discovery/peers/topology.ts'
import type { Session } from '../../protocols/session/session.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'
import { SessionNetwork } from './session-network.ts'

export const SELF = 'self12345'
export const TARGET = 4
export const HIGH_WATER = 6
export const MINUTE = 60_000
export const PEERS = Array.from(
  { length: 12 },
  (_, index) => `peer${'abcdefghijkm'.charAt(index).repeat(5)}`
)
export const NOTE = { id: 'stranger1', addresses: [] }
export const [FIRST = '', SECOND = ''] = PEERS

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
  /** How many it could dial and has not. */
  readonly untried?: number
}

/** One node with its exchange and its keeper; the others answer as the test has them. */
export function setup(init: SetupInit = {}) {
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
  const { pinned = [], held = [], untried = 0 } = init
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
    crowding: (peer) => topology.crowding(peer),
    onHandedOn: (peer) => topology.onHandedOn(peer),
    onDegree: (peer, degree) => topology.onDegree(peer, degree),
    release: (peer) => topology.release(peer)
  })
  const redialer = {
    poke: () => undefined,
    isPinned: (peer: string) => pinned.includes(peer),
    isHeld: (peer: string) => held.includes(peer),
    hasStrangers: () => learned.length > 0,
    untried: () => untried
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

export function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

export function peersOf(sessions: { all(): readonly Session[] }): number {
  return sessions.all().length
}
