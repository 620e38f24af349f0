import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import {
  decodeMessage,
  decodeRelease,
  decodeRequest,
  encode,
  RELEASE_METHOD,
  SAMPLE_METHOD
} from '../../../../discovery/peers/exchange-codec.ts'
import type { PeerHint } from '../../../../discovery/peers/hint.ts'
import { PeerBook } from '../../../../discovery/peers/peer-book.ts'
import { createPeerExchange } from '../../../../discovery/peers/peer-exchange.ts'
import type { Session } from '../../../../protocols/session/session.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'
import { SessionNetwork } from '../../../support/session-network.ts'

const SELF = 'Se1fSe1f'
const PEER = 'PeerPeer'
const MINUTE = 60_000

/** A node that serves peer exchange, and a session of a peer with it. */
function setup({ isLocal = false, released = true } = {}) {
  const clock = new ManualClock()
  const network = new SessionNetwork(clock)
  const served = network.add(SELF)
  const peer = network.add(PEER)
  network.link(SELF, PEER)
  const book = new PeerBook({ clock, keep: () => false }, { self: SELF })
  const learned: PeerHint[] = []
  const degrees = new Map<string, number>()
  const handedOn: string[] = []
  const full = new Set<string>()
  const exchange = createPeerExchange({
    clock,
    random: seededRandom(1),
    book,
    isConnected: () => false,
    isLocal: () => isLocal,
    degree: () => 5,
    wanted: () => 3,
    crowding: (each) => (full.has(each) ? 2 : 0),
    onHandedOn: (each) => handedOn.push(each),
    onDegree: (each, degree) => degrees.set(each, degree),
    learn: (hint) => learned.push(hint),
    release: () => released
  })
  exchange.serve(served.methods)
  function know(id: string, ...addresses: readonly string[]): void {
    book.learn({ peer: id, addresses, foundBy: 'dht' })
    book.connected(id)
  }
  async function sample(want = 8) {
    const body = await call(SAMPLE_METHOD, encode({ degree: 2, want }))
    return decodeMessage(body)
  }
  const call = (method: string, body: Uint8Array) => sessionOf(peer.get(SELF)).request(method, body)
  return {
    clock,
    peer,
    served,
    book,
    learned,
    degrees,
    handedOn,
    full,
    exchange,
    know,
    sample,
    call
  }
}

function sessionOf(session: Session | undefined): Session {
  if (session === undefined) throw new Error('no session')
  return session
}

function at(port: number): string {
  return `/ip4/10.0.0.1/tcp/${port}`
}

test('names peers it had a session with lately, and never the asker', async () => {
  const { clock, book, know, sample, degrees } = setup()
  know('Friend11', at(1))
  know(PEER, at(2))
  book.learn({ peer: 'Stranger', addresses: [at(3)], foundBy: 'dht' })
  expect(await sample()).toEqual({ degree: 5, peers: [{ id: 'Friend11', addresses: [at(1)] }] })
  expect(degrees.get(PEER)).toBe(2)
  await clock.advance(11 * MINUTE)
  expect((await sample()).peers).toEqual([])
})

test('names nobody who was found gone', async () => {
  const { book, know, sample } = setup()
  know('Friend11', at(1))
  book.failed('Friend11', [{ address: at(1), reason: 'no answer' }])
  expect((await sample()).peers).toEqual([])
})

test('names as many as are wanted, up to its limit, those with room first', async () => {
  const { full, handedOn, know, sample } = setup()
  for (let index = 1; index <= 20; index++) {
    const friend = `Friend${'x'.repeat(index)}yz`
    know(friend, at(index))
    if (index > 2) full.add(friend)
  }
  const few = (await sample(2)).peers.map(({ id }) => id)
  expect(new Set(few)).toEqual(new Set(['Friendxyz', 'Friendxxyz']))
  expect(handedOn).toEqual(few)
  expect((await sample(1000)).peers).toHaveLength(LIMITS.exchangedPeers.value)
})

test('tells loopback addresses to peers of this host only', async () => {
  const addresses = [at(1), '/ip4/127.0.0.1/tcp/1']
  const away = setup()
  away.know('Friend11', ...addresses)
  expect((await away.sample()).peers[0]?.addresses).toEqual([at(1)])
  const here = setup({ isLocal: true })
  here.know('Friend11', ...addresses)
  expect((await here.sample()).peers[0]?.addresses).toEqual(addresses)
})

test('refuses a peer that asks too often, for a minute', async () => {
  const { clock, sample } = setup()
  for (let call = 0; call < LIMITS.exchangeCalls.value; call++) await sample()
  await expect(sample()).rejects.toMatchObject({ code: 'OVERLOADED' })
  await clock.advance(MINUTE)
  await expect(sample()).resolves.toBeDefined()
})

test('learns whom a peer names', async () => {
  const { peer, served, degrees, exchange, learned } = setup()
  const note = { id: 'Friend11', name: 'amber-otter', addresses: [at(1)] }
  peer.methods.request(SAMPLE_METHOD, (body) => {
    expect(decodeRequest(body)).toEqual({ degree: 5, want: 6 })
    return encode({ degree: 9, peers: [note] })
  })
  expect(await exchange.ask(sessionOf(served.get(PEER)))).toBe(1)
  expect(degrees.get(PEER)).toBe(9)
  const { id, ...hint } = note
  expect(learned).toEqual([{ ...hint, peer: id, foundBy: 'exchange' }])
})

test.each([true, false])('a peer decides whether we may go: %s', async (released) => {
  const { peer, served, exchange } = setup()
  peer.methods.request(RELEASE_METHOD, () => encode({ degree: 9, released }))
  expect(await exchange.askRelease(sessionOf(served.get(PEER)))).toBe(released)
})

test.each([true, false])('a peer that asks to go hears what the keeper decides: %s', async (ok) => {
  const { call, learned } = setup({ released: ok })
  const peers = [{ id: 'Friend11', addresses: [at(1)] }]
  const body = await call(RELEASE_METHOD, encode({ degree: 20, peers }))
  expect(decodeRelease(body)).toEqual({ degree: 5, released: ok })
  expect(learned).toMatchObject([{ peer: 'Friend11', foundBy: 'exchange' }])
})

test('nothing is learned from a peer whose answer is malformed', async () => {
  const { peer, served, exchange, learned } = setup()
  const good = { id: 'Friend11', addresses: [] }
  const bad = { degree: 1, peers: [good, { id: '../../etc', addresses: [] }] }
  peer.methods.request(SAMPLE_METHOD, () => Buffer.from(JSON.stringify(bad)))
  await expect(exchange.ask(sessionOf(served.get(PEER)))).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    details: { reason: 'malformed at "peers.1.id"' }
  })
  expect(learned).toEqual([])
})

const LONG = 'x'.repeat(LIMITS.addressBytes.value + 1)
const MANY = { length: LIMITS.exchangedPeers.value + 1 }

test.each([
  ['no JSON', 'nonsense'],
  ['no object', '[]'],
  ['without a degree', '{"peers":[]}'],
  ['of a negative degree', '{"degree":-1,"peers":[]}'],
  ['of a broken degree', '{"degree":1.5,"peers":[]}'],
  [
    'with too many peers',
    { degree: 1, peers: Array.from(MANY, () => ({ id: PEER, addresses: [] })) }
  ],
  ['with a giant address', { degree: 1, peers: [{ id: PEER, addresses: [LONG] }] }],
  ['with a giant name', { degree: 1, peers: [{ id: PEER, name: LONG, addresses: [] }] }],
  ['with addresses that are none', { degree: 1, peers: [{ id: PEER, addresses: [1] }] }]
])('refuses a message %s', (_, value) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  expect(() => decodeMessage(Buffer.from(text))).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST' })
  )
})

test('ignores members it does not know, so that later versions may add some', () => {
  const text = '{"degree":1,"want":2,"more":{"a":1}}'
  expect(decodeRequest(Buffer.from(text))).toEqual({ degree: 1, want: 2 })
})

test('any bytes are either a message or refused', () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text))
  )
  fc.assert(
    fc.property(bytes, (body) => {
      for (const decode of [decodeMessage, decodeRelease, decodeRequest]) {
        try {
          decode(body)
        } catch (error) {
          expect(error).toBeInstanceOf(LumosError)
        }
      }
    })
  )
})
