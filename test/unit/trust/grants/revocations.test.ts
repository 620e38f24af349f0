import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import {
  createRevocations,
  readRevocation,
  signRevocation
} from '../../../../trust/grants/revocations.ts'
import { grantOf, HOUR } from '../../../support/grants.ts'
import { testIdentity } from '../../../support/identity.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

async function setup() {
  const clock = new ManualClock()
  const [alice, bob] = await Promise.all([testIdentity(1), testIdentity(2)])
  const { claims } = await grantOf(alice, bob)
  return { clock, alice, bob, claims, revocations: createRevocations({ clock }) }
}

test('who gave a grant takes it back, and every node that hears of it knows', async () => {
  const { alice, claims, revocations } = await setup()
  expect(revocations.covers(claims)).toBe(false)
  const { token } = await signRevocation(alice, claims)
  const heard = await readRevocation(token, 0)
  expect(heard).toMatchObject({ id: claims.id, issuer: alice.peer, until: HOUR })
  if (heard !== undefined) expect(revocations.add(heard)).toBe(true)
  if (heard !== undefined) expect(revocations.add(heard)).toBe(false)
  expect(revocations.covers(claims)).toBe(true)
  expect(revocations.list()).toEqual([heard])
})

test('nobody takes back the grant of another peer', async () => {
  const { bob, claims, revocations } = await setup()
  revocations.add(await signRevocation(bob, claims))
  expect(revocations.covers(claims)).toBe(false)
})

test('it is forgotten once the grant would have expired', async () => {
  const { clock, alice, claims, revocations } = await setup()
  revocations.add(await signRevocation(alice, claims))
  await clock.advance(HOUR + LIMITS.clockLeeway.value + 1)
  expect(revocations.list()).toEqual([])
})

test('one that is damaged, over, or for longer than any grant is not believed', async () => {
  const { alice, claims } = await setup()
  const { token } = await signRevocation(alice, claims)
  expect(await readRevocation(token.slice(0, -8), 0)).toBeUndefined()
  expect(await readRevocation('not.a.token', 0)).toBeUndefined()
  expect(await readRevocation(token, 2 * HOUR)).toBeUndefined()
  const expiresAt = 10 * LIMITS.grantLifetime.value
  const forEver = await signRevocation(alice, { ...claims, expiresAt })
  expect(await readRevocation(forEver.token, 0)).toBeUndefined()
})

test('a peer that takes back without end uses up its own room only', async () => {
  const { alice, bob, claims, revocations } = await setup()
  const one = await signRevocation(bob, claims)
  for (let at = 0; at < LIMITS.revocationsPerIssuer.value; at++) {
    revocations.add({ ...one, id: at.toString(16).padStart(32, '0') })
  }
  expect(revocations.add({ ...one, id: 'f'.repeat(32) })).toBe(false)
  expect(revocations.add(await signRevocation(alice, claims))).toBe(true)
})

test('a node has room for all that it gave, whatever others take back', async () => {
  expect(LIMITS.revocationsPerIssuer.value).toBeGreaterThanOrEqual(LIMITS.grantsGiven.value)
  const { clock, alice, claims } = await setup()
  const revocations = createRevocations({ clock }, { self: alice.peer })
  const one = await signRevocation(alice, claims)
  for (let at = 0; at < LIMITS.revocations.value; at++) {
    expect(revocations.add({ ...one, issuer: `issuer-${at}` })).toBe(true)
  }
  expect(revocations.add({ ...one, issuer: 'issuer-more' })).toBe(false)
  for (let at = 0; at < LIMITS.grantsGiven.value; at++) {
    expect(revocations.add({ ...one, id: at.toString(16).padStart(32, '0') })).toBe(true)
  }
  const all = revocations.list()
  expect(all).toHaveLength(LIMITS.revocations.value + LIMITS.grantsGiven.value)
  expect(all[0]?.issuer).toBe(alice.peer)
})

test('who takes up most of the table gives way, with what ends first, to whoever has less', async () => {
  const { alice, bob, claims, revocations } = await setup()
  const one = await signRevocation(bob, claims)
  const made = (issuer: string, at: number) => ({
    ...one,
    issuer,
    id: at.toString(16).padStart(32, '0'),
    until: HOUR + at
  })
  const most = LIMITS.revocations.value
  for (let at = 0; at < most - 2; at++) {
    expect(revocations.add(made(`issuer-${at % 64}`, at), 'liar')).toBe(true)
  }
  expect(revocations.add(made('carol', 0))).toBe(true)
  expect(revocations.add(made('carol', 1))).toBe(true)
  expect(revocations.add(made('mallory', 0), 'liar')).toBe(false)
  expect(revocations.covers(made('issuer-0', 0))).toBe(true)
  const honest = await signRevocation(alice, claims)
  expect(revocations.add(honest)).toBe(true)
  expect(revocations.covers(claims)).toBe(true)
  expect(revocations.covers(made('issuer-0', 0))).toBe(false)
  expect(revocations.covers(made('carol', 0))).toBe(true)
  expect(revocations.list()).toHaveLength(most)
})

test('what is not in force any more takes nobody’s room', async () => {
  const { clock, alice, claims, revocations } = await setup()
  const one = await signRevocation(alice, claims)
  for (let at = 0; at < LIMITS.revocations.value; at++) {
    revocations.add({ ...one, issuer: `issuer-${at}` })
  }
  expect(revocations.add(one)).toBe(false)
  await clock.advance(HOUR + LIMITS.clockLeeway.value + 1)
  expect(revocations.add({ ...one, until: clock.now() + HOUR })).toBe(true)
  expect(revocations.list()).toHaveLength(1)
})

test('it is believed as long as the grant may count, and only in the form in which it takes least room', async () => {
  const { alice, claims } = await setup()
  const { token } = await signRevocation(alice, claims)
  const leeway = LIMITS.clockLeeway.value
  expect(await readRevocation(token, HOUR + leeway)).toMatchObject({ id: claims.id })
  expect(await readRevocation(token, HOUR + leeway + 1)).toBeUndefined()
  for (const space of [' ', '\n', '\u0000']) {
    expect(await readRevocation(token.replace('.', `${space}.`), 0)).toBeUndefined()
  }
})
