/** What a peer may have others do by what it says of grants: signatures cost nothing to make up, and time to check. */
import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import type { PeerIdText } from '../../../core/ids.ts'
import { roomOf } from '../../../protocols/grants/rooms.ts'
import { signRevocation } from '../../../trust/grants/revocations.ts'
import type { Revocation } from '../../../trust/grants/revocations.ts'
import { NO_HEIRS } from '../../../trust/heirs.ts'
import { grantNodes } from '../../support/grant-nodes.ts'
import { grantOf, HOUR } from '../../support/grants.ts'
import { testIdentity } from '../../support/identity.ts'
import { PATIENCE } from '../../support/patience.ts'

const AT_ONCE = LIMITS.revocationsAtOnce.value

function idOf(at: number): string {
  return at.toString(16).padStart(32, '0')
}

function bodyOf(tokens: readonly string[]): Uint8Array {
  return Buffer.from(JSON.stringify({ v: 1, tokens }))
}

/** Another grant taken back by the same peer, with a signature that does not match. */
function forged({ token }: Revocation, at: number): string {
  const [header = '', middle = '', signature = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(middle, 'base64url').toString())
  const other = Buffer.from(JSON.stringify({ ...claims, jti: idOf(at) })).toString('base64url')
  return [header, other, signature].join('.')
}

async function setup(listed = true) {
  const { at, clock } = await grantNodes(3, 3, listed)
  const [owner, liar, honest] = [at(0), at(1), at(2)]
  const ofLiar = await signRevocation(liar.identity, { id: idOf(0), expiresAt: HOUR })
  const session = await liar.sessions.connect(owner.identity.peer)
  const say = (method: string, tokens: readonly string[]) =>
    session.request(method, bodyOf(tokens)).then(
      () => 'heard',
      ({ code }: { code: string }) => code
    )
  return { owner, liar, honest, ofLiar, clock, say }
}

test('forged revocations are checked at a rate, and others are heard meanwhile', async () => {
  const { owner, honest, ofLiar, clock, say } = await setup()
  const outcomes: string[] = []
  for (let at = 0; at < 2 * LIMITS.grantChecksBurst.value; at += AT_ONCE) {
    const tokens = Array.from({ length: AT_ONCE }, (_, more) => forged(ofLiar, 1 + at + more))
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    outcomes.push(await say('grant.revoked', tokens))
  }
  const heard = outcomes.filter((outcome) => outcome === 'heard').length
  expect(heard).toBeGreaterThan(0)
  expect(heard * AT_ONCE).toBeLessThanOrEqual(LIMITS.grantChecksBurst.value)
  expect(outcomes.at(-1)).toBe('OVERLOADED')
  expect(owner.revocations.list()).toEqual([])
  const { claims } = await grantOf(honest.identity, owner.identity)
  await honest.exchange.tell(await signRevocation(honest.identity, claims))
  await honest.sessions.connect(owner.identity.peer)
  await vi.waitFor(() => expect(owner.revocations.covers(claims)).toBe(true), PATIENCE)
  await clock.advance(1000)
  expect(await say('grant.revoked', [ofLiar.token])).toBe('heard')
  expect(owner.revocations.covers(ofLiar)).toBe(true)
})

test('who tells a forged revocation is blamed, and who passes on what others signed is not', async () => {
  const { owner, liar, honest, ofLiar, say } = await setup()
  const signed = await signRevocation(liar.identity, { id: idOf(1), expiresAt: HOUR })
  await say('grant.revoked', [ofLiar.token, 'no.token.at-all', forged(ofLiar, 2), signed.token])
  expect(owner.blame.points(liar.identity.peer)).toBe(1)
  expect([ofLiar, signed].map((each) => owner.revocations.covers(each))).toEqual([true, false])
  await honest.sessions.connect(owner.identity.peer)
  await vi.waitFor(() => expect(honest.revocations.covers(ofLiar)).toBe(true), PATIENCE)
  expect(honest.blame.points(owner.identity.peer)).toBe(0)
})

test('what is known already costs no check', async () => {
  const { ofLiar, say } = await setup()
  const tokens = Array.from({ length: AT_ONCE }, () => ofLiar.token)
  await say('grant.revoked', [ofLiar.token])
  for (let told = 0; told < 2 * LIMITS.grantChecksBurst.value; told += AT_ONCE) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await say('grant.revoked', tokens)).toBe('heard')
  }
})

test('grants are shown at a rate', async () => {
  const { say } = await setup()
  const tokens = Array.from({ length: LIMITS.grantsShown.value }, () => 'no.token.at-all')
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => say('grant.show', tokens)))
  expect(new Set(outcomes)).toEqual(new Set(['heard', 'OVERLOADED']))
})

test('a message is no longer than all that it may name', async () => {
  const { say } = await setup()
  const long = 'x'.repeat(LIMITS.grantBytes.value * 2)
  const tokens = Array.from({ length: LIMITS.grantsShown.value }, () => long)
  expect(await say('grant.show', tokens)).toBe('PAYLOAD_TOO_LARGE')
})

test('without a members list, what one peer makes up leaves room for what others take back', async () => {
  const { owner, liar, honest, say } = await setup(false)
  const made = (issuer: PeerIdText, at: number): Revocation => ({
    id: idOf(at),
    issuer,
    until: HOUR,
    token: 'x'
  })
  const from = liar.identity.peer
  const listless = { roleOf: () => 'member' as const, listed: false }
  for (let at = 0; at < LIMITS.revocations.value; at++) {
    const issuer = `made-up-${at}`
    expect(owner.revocations.add(made(issuer, at), roomOf(listless, issuer, from))).toBe(true)
  }
  const invented = await testIdentity(99)
  const more = await signRevocation(invented, { id: idOf(1), expiresAt: HOUR })
  await say('grant.revoked', [more.token])
  expect(owner.revocations.covers(more)).toBe(false)
  const { claims } = await grantOf(honest.identity, owner.identity)
  await honest.exchange.tell(await signRevocation(honest.identity, claims))
  await honest.sessions.connect(owner.identity.peer)
  await vi.waitFor(() => expect(owner.revocations.covers(claims)).toBe(true), PATIENCE)
  expect(owner.revocations.list()).toHaveLength(LIMITS.revocations.value)
})

test('without a members list, who comes late hears from others what one that is away has taken back', async () => {
  const { at } = await grantNodes(3, 3, false)
  const [away, near, late] = [at(0), at(1), at(2)]
  const { claims } = await grantOf(away.identity, near.identity)
  near.revocations.add(await signRevocation(away.identity, claims))
  await late.sessions.connect(near.identity.peer)
  await vi.waitFor(() => expect(late.revocations.covers(claims)).toBe(true), PATIENCE)
})

test('members have room each, all others have one together, and for what they signed alone', () => {
  const heirs = { ...NO_HEIRS, presentOf: (peer: string) => (peer === 'former' ? 'alice' : peer) }
  const members = {
    roleOf: (peer: string) => (['alice', 'bob'].includes(peer) ? ('member' as const) : undefined),
    heirs
  }
  const rooms = [
    roomOf(members, 'alice', 'bob'),
    roomOf(members, 'former', 'bob'),
    roomOf(members, 'bob', 'eve'),
    roomOf(members, 'eve', 'eve'),
    roomOf(members, 'dan', 'dan'),
    roomOf(members, 'eve', 'bob'),
    roomOf(members, 'eve')
  ]
  expect(rooms).toEqual(['alice', 'alice', 'bob', '', '', undefined, ''])
  const listless = { roleOf: () => 'member' as const, listed: false }
  expect(['eve', 'bob'].map((from) => roomOf(listless, 'made-up', from))).toEqual(['eve', 'bob'])
  expect(roomOf(listless, 'made-up')).toBe('')
})
