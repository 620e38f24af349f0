import { expect, test, vi } from 'vitest'
import { silentLogger } from '../../../../core/logger.ts'
import {
  CARD_RENEWAL_MS,
  CARD_VALIDITY_MS,
  createCardBook
} from '../../../../discovery/cards/card-book.ts'
import { buildCard, isIdempotent } from '../../../../discovery/cards/card-builder.ts'
import { verifyCard } from '../../../../trust/card-signature.ts'
import { testAgent } from '../../../support/discovery-node.ts'
import { testIdentity } from '../../../support/identity.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const EXTENSION = 'urn:lumos:a2a:ext:test:1'

async function setup(agents = [testAgent('echo', { idempotent: true })]) {
  const clock = new ManualClock()
  const identity = await testIdentity(1)
  let last = 0
  const next = vi.fn<() => Promise<number>>(async () => (last += 1))
  const book = createCardBook(
    { identity, clock, sequence: { next }, logger: silentLogger },
    { agents, extensions: [EXTENSION] }
  )
  /** Signing takes real time, which the clock does not wait for. */
  async function signedAgain(): Promise<void> {
    await new Promise((resolve) => book.events.once('signed', resolve))
  }
  return { clock, identity, book, next, signedAgain }
}

test('a card says who runs which agent, over what, and how', async () => {
  const { identity } = await setup()
  const card = buildCard(testAgent('echo', { idempotent: true }), {
    peer: identity.peer,
    extensions: [EXTENSION]
  })
  expect(card).toMatchObject({
    supportedInterfaces: [
      {
        url: `libp2p:/p2p/${identity.peer}`,
        protocolBinding: 'urn:lumos:a2a:libp2p:1',
        tenant: 'echo',
        protocolVersion: '1.0'
      }
    ],
    capabilities: { streaming: true, extensions: [{ uri: EXTENSION }, {}] }
  })
  expect(isIdempotent(card)).toBe(true)
  expect(isIdempotent(buildCard(testAgent('x'), { peer: 'p', extensions: [] }))).toBe(false)
})

test('a card tells of both ways in which an interrupted task can go on', () => {
  for (const [idempotent, resumable] of [
    [true, false],
    [false, true]
  ] as const) {
    const agent = testAgent('echo', { idempotent, resumable })
    const { capabilities } = buildCard(agent, { peer: 'p', extensions: [] })
    expect(capabilities.extensions).toEqual([
      { uri: 'urn:lumos:a2a:ext:execution:1', params: { idempotent, resumable } }
    ])
  }
})

test('starting signs every agent; each card verifies for a day', async () => {
  const { book, identity } = await setup([testAgent('echo'), testAgent('calc')])
  expect(book.cards()).toEqual([])
  await book.start()
  expect(book.cards().map(({ agentId }) => agentId)).toEqual(['echo', 'calc'])
  for (const { card } of book.cards()) {
    await expect(
      verifyCard(card, { peer: identity.peer, now: CARD_VALIDITY_MS })
    ).resolves.toMatchObject({ seq: 1 })
  }
  await book.stop()
})

test('cards are signed anew before they expire, with a higher number', async () => {
  const { book, clock, signedAgain } = await setup()
  await book.start()
  const [first] = book.cards()
  const again = signedAgain()
  await clock.advance(CARD_RENEWAL_MS)
  await again
  const [second] = book.cards()
  expect(second?.seq).toBeGreaterThan(first?.seq ?? 0)
  expect(second?.expiresAt).toBe(CARD_RENEWAL_MS + CARD_VALIDITY_MS)
  await book.stop()
})

test('a failed renewal keeps the cards and is tried again', async () => {
  const { book, clock, next, signedAgain } = await setup()
  await book.start()
  const before = book.cards()
  next.mockRejectedValueOnce(new Error('disk full'))
  await clock.advance(CARD_RENEWAL_MS)
  expect(book.cards()).toBe(before)
  const again = signedAgain()
  await clock.advance(60_000)
  await again
  expect(book.cards()[0]?.seq).toBe(2)
  await book.stop()
})

test('agents that come and go are signed in order; the last word stays', async () => {
  const { book } = await setup()
  await book.start()
  await Promise.all([book.setAgents([testAgent('one')]), book.setAgents([testAgent('two')])])
  expect(book.cards().map(({ agentId }) => agentId)).toEqual(['two'])
  await book.stop()
})

test('nothing runs after stop', async () => {
  const { book, clock, next } = await setup()
  await book.start()
  await book.stop()
  expect(clock.pending).toBe(0)
  await clock.advance(10 * CARD_VALIDITY_MS)
  expect(next).toHaveBeenCalledOnce()
})

test('an agent whose card peers would refuse fails at the start, by name', async () => {
  const { book } = await setup([testAgent('big', { description: 'x'.repeat(10_000) })])
  await expect(book.start()).rejects.toMatchObject({
    code: 'CARD_INVALID',
    details: { reason: 'description is malformed' }
  })
  await book.stop()
})

test('more agents than a peer may announce are refused', async () => {
  const { book } = await setup(Array.from({ length: 65 }, (_, index) => testAgent(`a${index}`)))
  await expect(book.start()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})
