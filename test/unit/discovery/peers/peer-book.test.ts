import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { isLoopback, networkOf, usableAddresses } from '../../../../discovery/peers/hint.ts'
import type { PeerHint } from '../../../../discovery/peers/hint.ts'
import { PeerBook } from '../../../../discovery/peers/peer-book.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const SELF = 'self'
const REAL = '12D3KooWEQQFCiJXcG5VXF2gQRu6S9L2JD5QAPacYeCANnRJindq'

function setup({ maxPeers = 3, kept = new Set<string>() } = {}) {
  const clock = new ManualClock()
  const book = new PeerBook({ clock, keep: (peer) => kept.has(peer) }, { self: SELF, maxPeers })
  return { book, clock }
}

function hint(peer: string, ...ports: readonly number[]): PeerHint {
  const addresses = (ports.length > 0 ? ports : [1]).map((port) => `/ip4/10.0.0.1/tcp/${port}`)
  return { peer, addresses, foundBy: 'exchange' }
}

function peersOf(book: PeerBook): string[] {
  return book.all().map(({ peer }) => peer)
}

test('says whether a hint holds news', () => {
  const { book } = setup()
  expect(book.learn(hint('a', 1))).toBe(true)
  expect(book.learn(hint('a', 1))).toBe(false)
  expect(book.learn(hint('a', 1, 2))).toBe(true)
  expect(book.get('a')?.addresses).toHaveLength(2)
})

test('ignores hints about this node, and about strangers without an address', () => {
  const { book } = setup()
  expect(book.learn(hint(SELF))).toBe(false)
  expect(book.learn({ peer: 'a', addresses: ['/nonsense'], foundBy: 'mdns' })).toBe(false)
  expect(book.all()).toEqual([])
})

test('addresses that worked come first, those that failed last', () => {
  const { book, clock } = setup()
  book.learn(hint('a', 1, 2, 3))
  book.failed('a', [{ address: '/ip4/10.0.0.1/tcp/1', reason: 'refused' }])
  book.connected('a', '/ip4/10.0.0.1/tcp/3')
  expect(book.get('a')).toMatchObject({
    addresses: ['/ip4/10.0.0.1/tcp/3', '/ip4/10.0.0.1/tcp/2', '/ip4/10.0.0.1/tcp/1'],
    failures: [{ address: '/ip4/10.0.0.1/tcp/1', reason: 'refused' }],
    connectedAt: clock.now()
  })
})

test('a ninth address takes the place of one that failed', () => {
  const { book } = setup()
  book.learn(hint('a', 1, 2, 3, 4, 5, 6, 7, 8))
  book.failed('a', [{ address: '/ip4/10.0.0.1/tcp/5', reason: 'refused' }])
  book.learn(hint('a', 9))
  const { addresses = [] } = book.get('a') ?? {}
  expect(addresses).toHaveLength(LIMITS.addressesPerPeer.value)
  expect(addresses).toContain('/ip4/10.0.0.1/tcp/9')
  expect(addresses).not.toContain('/ip4/10.0.0.1/tcp/5')
})

test('whatever others tell, the address that worked last is not given up', async () => {
  const { book, clock } = setup()
  book.learn(hint('a', 1))
  book.connected('a', '/ip4/10.0.0.1/tcp/1')
  const told = Array.from({ length: 3 * LIMITS.addressesPerPeer.value }, (_, index) => index + 2)
  for (const port of told) book.learn(hint('a', port))
  expect(book.get('a')?.addresses[0]).toBe('/ip4/10.0.0.1/tcp/1')
  book.failed('a', [{ address: '/ip4/10.0.0.1/tcp/1', reason: 'refused' }])
  for (const port of told) book.learn(hint('a', 1000 + port))
  expect(book.get('a')?.addresses).toContain('/ip4/10.0.0.1/tcp/1')
  await clock.advance(1000)
  book.connected('a', '/ip4/10.0.0.1/tcp/2')
  book.failed('a', [{ address: '/ip4/10.0.0.1/tcp/1', reason: 'refused' }])
  book.learn(hint('a', 3))
  expect(book.get('a')?.addresses).not.toContain('/ip4/10.0.0.1/tcp/1')
})

test('where a peer says that it listens goes before what others tell', () => {
  const { book } = setup()
  book.learn(hint('a', 1, 2, 3))
  book.located('a', ['/ip4/10.0.0.1/tcp/3', '/ip4/10.0.0.1/tcp/4'])
  const own = ['/ip4/10.0.0.1/tcp/3', '/ip4/10.0.0.1/tcp/4']
  expect(book.get('a')?.addresses.slice(0, 2)).toEqual(own)
  for (let port = 5; port < 30; port += 1) book.learn(hint('a', port))
  expect(book.get('a')?.addresses.slice(0, 2)).toEqual(own)
})

test('nobody else names a peer that has said its name', () => {
  const { book } = setup()
  book.learn({ ...hint('a'), name: 'told' })
  expect(book.get('a')?.name).toBe('told')
  book.named('a', 'amber-otter')
  book.learn({ ...hint('a', 2), name: 'bank' })
  expect(book.get('a')?.name).toBe('amber-otter')
})

test('a newcomer drives out the stranger that was not heard of for longest, not a former peer', async () => {
  const { book, clock } = setup()
  book.learn(hint('former'))
  book.connected('former')
  for (const peer of ['old', 'new', 'newest']) {
    await clock.advance(1000)
    book.learn(hint(peer))
  }
  expect(peersOf(book)).toEqual(['former', 'new', 'newest'])
})

test('a crowd of strangers cannot drive out those that are kept', () => {
  const { book } = setup({ maxPeers: 2, kept: new Set(['a', 'b']) })
  book.learn(hint('a'))
  book.learn(hint('b'))
  for (const index of Array.from({ length: 100 }).keys()) book.learn(hint(`stranger-${index}`))
  expect(peersOf(book)).toEqual(['a', 'b'])
})

test('what a peer is called, and that it came by itself', () => {
  const { book } = setup()
  book.connected('a')
  book.named('a', 'amber-otter')
  book.located('a', ['/ip4/10.0.0.1/tcp/1', '/ip4/0.0.0.0/tcp/2'])
  expect(book.get('a')).toMatchObject({
    name: 'amber-otter',
    foundBy: ['incoming'],
    addresses: ['/ip4/10.0.0.1/tcp/1']
  })
})

test.for([
  [[`/ip4/1.2.3.4/tcp/1/p2p/${REAL}`], ['/ip4/1.2.3.4/tcp/1']],
  [[`/ip4/1.2.3.4/tcp/1/p2p/${REAL.replace('E', 'F')}`], []],
  [['/ip4/1.2.3.4/tcp/1', '/ip4/1.2.3.4/tcp/1'], ['/ip4/1.2.3.4/tcp/1']],
  [['/ip4/0.0.0.0/tcp/1', '/ip6/::/tcp/1'], []],
  [['', '/', 'http://x', '/ip4/1.2.3.4', `/dns4/${'x'.repeat(300)}/tcp/1`], ['/ip4/1.2.3.4']],
  [['/dns4/lumos.example/tcp/443/wss'], ['/dns4/lumos.example/tcp/443/wss']]
] as const)('of the addresses %j, %j can be used', ([given, usable]) => {
  expect(usableAddresses(given, REAL)).toEqual(usable)
})

test('addresses from a peer never make it throw', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (addresses) => {
      expect(usableAddresses(addresses, REAL).length).toBeLessThanOrEqual(8)
    })
  )
})

test('knows loopback and networks', () => {
  expect(['/ip4/127.0.0.2/tcp/1', '/ip6/::1/tcp/1', '/ip4/10.0.0.1/tcp/1'].map(isLoopback)).toEqual(
    [true, true, false]
  )
  expect(
    ['/ip4/10.1.2.3/tcp/1', '/ip6/fd00:1:2::3/tcp/1', '/dns4/a.example/tcp/1', ''].map(networkOf)
  ).toEqual(['10.1', 'fd00:1', 'a.example', ''])
})
