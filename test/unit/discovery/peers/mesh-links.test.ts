import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import {
  createMeshLinks,
  decodeLinks,
  encodeLinks,
  LINKS_FRESH_MS,
  LINKS_METHOD
} from '../../../../discovery/peers/mesh-links.ts'
import type { LinkNote } from '../../../../discovery/peers/mesh-links.ts'
import type { RequestHandler } from '../../../../protocols/session/session.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { SessionNetwork } from '../../../support/session-network.ts'

const NEVER = new AbortController().signal
const [SELF, PEER, OTHER] = ['Se1fSe1f', 'PeerPeer', 'otherone'] as const

function direct(peer: string): LinkNote {
  return { peer, path: 'direct' }
}

/** A node, and peers of it that answer as they are told to. */
function setup(answers: Readonly<Record<string, RequestHandler | undefined>>) {
  const clock = new ManualClock()
  const network = new SessionNetwork(clock)
  const node = network.add(SELF)
  for (const [peer, answer] of Object.entries(answers)) {
    const added = network.add(peer)
    if (answer !== undefined) added.methods.request(LINKS_METHOD, answer)
    network.link(SELF, peer)
  }
  let own: readonly LinkNote[] = []
  const links = createMeshLinks({ clock, sessions: node, own: () => own })
  links.serve()
  return {
    clock,
    links,
    tell: (now: readonly LinkNote[]) => (own = now),
    asked: () => network.calls.get(LINKS_METHOD) ?? 0,
    askFrom: async (peer: string) => {
      const body = await network.node(peer).get(SELF)?.request(LINKS_METHOD, new Uint8Array())
      return decodeLinks(body ?? new Uint8Array(), SELF)
    }
  }
}

test('hears from each peer whom it is connected to', async () => {
  const { links } = setup({
    [PEER]: () => encodeLinks([{ peer: OTHER, name: 'elm', path: 'relay', via: SELF, rttMs: 3 }])
  })
  const { answers, omitted } = await links.survey(NEVER)
  expect([...answers]).toEqual([
    [PEER, { links: [{ peer: OTHER, name: 'elm', path: 'relay', via: SELF, rttMs: 3 }] }]
  ])
  expect(omitted).toBe(0)
})

function nonsense(text: string): () => Uint8Array {
  return () => new TextEncoder().encode(text)
}

test('a peer that fails, is older or talks nonsense costs its own links alone', async () => {
  const tooMany = Array.from({ length: LIMITS.connections.value + 1 }, (_, n) =>
    direct(`Peer${String(n).padStart(5, '1').replaceAll('0', 'x')}`)
  )
  const { links } = setup({
    honest11: () => encodeLinks([direct(OTHER)]),
    o1derone: undefined,
    fai1ing1: () => {
      throw new LumosError('OVERLOADED')
    },
    noJsonAt: nonsense('hello'),
    noLinks1: nonsense('{"links":7}'),
    badPeer1: nonsense('{"links":[{"peer":"../../x","path":"direct"}]}'),
    badPath1: nonsense('{"links":[{"peer":"otherone","path":"tunnel"}]}'),
    farTrip1: nonsense('{"links":[{"peer":"otherone","path":"direct","rttMs":-1}]}'),
    manyone1: () => encodeLinks(tooMany),
    hugeone1: () => new Uint8Array(LIMITS.meshLinkBytes.value + 1)
  })
  const { answers } = await links.survey(NEVER)
  expect(Object.fromEntries(answers)).toEqual({
    honest11: { links: [direct(OTHER)] },
    o1derone: { reason: 'UNKNOWN_METHOD' },
    fai1ing1: { reason: 'OVERLOADED' },
    noJsonAt: { reason: 'INVALID_REQUEST' },
    noLinks1: { reason: 'INVALID_REQUEST' },
    badPeer1: { reason: 'INVALID_REQUEST' },
    badPath1: { reason: 'INVALID_REQUEST' },
    farTrip1: { reason: 'INVALID_REQUEST' },
    manyone1: { reason: 'INVALID_REQUEST' },
    hugeone1: { reason: 'PAYLOAD_TOO_LARGE' }
  })
})

test('names that are none, links to itself and second links to one peer are left out', () => {
  const body = encodeLinks([
    { peer: OTHER, name: '\u001b[2Jbirch', path: 'direct' },
    { peer: OTHER, name: 'birch', path: 'relay' },
    { peer: PEER, path: 'direct' },
    { peer: SELF, name: '\u001b[2Jbirch', path: 'direct' }
  ])
  expect(decodeLinks(body, PEER)).toEqual([
    { peer: OTHER, name: 'birch', path: 'relay' },
    direct(SELF)
  ])
})

test('whatever a peer sends, it is either links within the bounds or refused', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.json().map(encodeText)), (body) => {
      let links: readonly LinkNote[] = []
      try {
        links = decodeLinks(body, PEER)
      } catch (error) {
        expect(error).toMatchObject({ code: 'INVALID_REQUEST' })
      }
      expect(links.length).toBeLessThanOrEqual(LIMITS.connections.value)
    })
  )
})

function encodeText(text: string): Uint8Array {
  return new TextEncoder().encode(`{"links":[${text}]}`)
}

test('each peer has its share of what a node takes in', async () => {
  const many = Array.from({ length: 100 }, (_, n) => direct(`far${'x'.repeat(8 + n)}`))
  const peers = Array.from({ length: 64 }, (_, n) => `near${'y'.repeat(8 + n)}`)
  const { links } = setup(
    Object.fromEntries(peers.map((peer, n) => [peer, () => encodeLinks(n === 0 ? many : [])]))
  )
  const { answers, omitted } = await links.survey(NEVER)
  const share = LIMITS.meshLinks.value / peers.length
  expect(answers.get(peers[0] ?? '')).toEqual({ links: many.slice(0, share) })
  expect(omitted).toBe(100 - share)
})

test('asks once for all who look at the same time, and again when the answers are old', async () => {
  const { clock, links, asked } = setup({ [PEER]: () => encodeLinks([]) })
  await Promise.all([links.survey(NEVER), links.survey(NEVER)])
  await links.survey(NEVER)
  expect(asked()).toBe(1)
  await clock.advance(LINKS_FRESH_MS)
  await links.survey(NEVER)
  expect(asked()).toBe(2)
})

test('no peer is waited for longer than its deadline', async () => {
  const network = new SessionNetwork(new ManualClock())
  const node = network.add(SELF)
  network.add(PEER)
  network.link(SELF, PEER)
  const [session] = node.all()
  if (session === undefined) throw new Error('no session')
  const asked = vi.spyOn(session, 'request').mockRejectedValue(new LumosError('TIMED_OUT'))
  const links = createMeshLinks({ clock: network.clock, sessions: node, own: () => [] })
  const { answers } = await links.survey(NEVER)
  expect([...answers]).toEqual([[PEER, { reason: 'TIMED_OUT' }]])
  const options = { timeoutMs: LIMITS.meshAsk.value }
  expect(asked).toHaveBeenCalledWith(LINKS_METHOD, expect.anything(), options)
})

test('who looks may stop waiting, and others get the answer', async () => {
  const held = Promise.withResolvers<Uint8Array>()
  const { links } = setup({ [PEER]: () => held.promise })
  const leaving = new AbortController()
  const left = links.survey(leaving.signal)
  const stayed = links.survey(NEVER)
  leaving.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  held.resolve(encodeLinks([]))
  expect((await stayed).answers.get(PEER)).toEqual({ links: [] })
})

test('tells its connections, counted anew each second at most', async () => {
  const { clock, tell, askFrom } = setup({ [PEER]: undefined, [OTHER]: undefined })
  tell([direct(PEER)])
  expect(await askFrom(PEER)).toEqual([direct(PEER)])
  tell([direct(OTHER)])
  expect(await askFrom(OTHER)).toEqual([direct(PEER)])
  await clock.advance(1000)
  expect(await askFrom(OTHER)).toEqual([direct(OTHER)])
})

test('a peer that asks without a pause is refused, and others are answered', async () => {
  const { clock, askFrom } = setup({ [PEER]: undefined, [OTHER]: undefined })
  for (let n = 0; n < LIMITS.meshAsks.value; n++) await askFrom(PEER)
  await expect(askFrom(PEER)).rejects.toMatchObject({ code: 'OVERLOADED' })
  expect(await askFrom(OTHER)).toEqual([])
  await clock.advance(1000)
  expect(await askFrom(PEER)).toEqual([])
})
