import { expect, test } from 'vitest'
import { silentLogger } from '../../../../core/logger.ts'
import { Secret } from '../../../../core/secret.ts'
import type { Identity } from '../../../../trust/identity.ts'
import {
  decodeInvite,
  encodeInvite,
  keysOf,
  proveInvite
} from '../../../../trust/invites/invite.ts'
import type { Invite } from '../../../../trust/invites/invite.ts'
import { openInviteLedger } from '../../../../trust/invites/ledger.ts'
import type { InviteLedger } from '../../../../trust/invites/ledger.ts'
import { testIdentity } from '../../../support/identity.ts'
import type { ListStanding } from '../../../../trust/membership.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

const HOUR = 3_600_000

function inviteOf(identity: Identity, extra: Partial<Invite> = {}): Invite {
  return {
    swarm: '00112233aabbccdd',
    swarmName: 'home',
    inviter: identity.peer,
    addresses: [
      '/ip4/192.168.1.5/tcp/5866',
      '/ip6/fd00::1/tcp/5866',
      '/dns4/box.example/tcp/5868/ws'
    ],
    role: 'member',
    expiresAt: HOUR,
    secret: new Secret(new Uint8Array(16).fill(7)),
    ...extra
  }
}

test('an invite is one short line that says all again, also broken over lines', async () => {
  const identity = await testIdentity(1)
  const text = await encodeInvite(identity, inviteOf(identity))
  expect(text).toMatch(/^lumos1_[\w-]+$/)
  expect(text.length).toBeLessThanOrEqual(350)
  const read = await decodeInvite(` ${text.slice(0, 40)}\n  ${text.slice(40)}\n`, 0)
  expect({ ...read, secret: read.secret.reveal() }).toEqual({
    ...inviteOf(identity),
    secret: new Uint8Array(16).fill(7)
  })
})

test('the longest name and the longest addresses still fit: those that do not are left out', async () => {
  const identity = await testIdentity(1)
  const addresses = Array.from(
    { length: 5 },
    (_, index) => `/dns4/${'a'.repeat(60)}.example/tcp/${index + 1}`
  )
  const text = await encodeInvite(
    identity,
    inviteOf(identity, { swarmName: 'n'.repeat(63), addresses })
  )
  expect(text.length).toBeLessThanOrEqual(350)
  const read = await decodeInvite(text, 0)
  expect(addresses.slice(0, read.addresses.length)).toEqual(read.addresses)
})

test('any character that is missing or changed makes it damaged, never another invite', async () => {
  const identity = await testIdentity(1)
  const text = await encodeInvite(identity, inviteOf(identity))
  for (let at = 0; at < text.length; at += 1) {
    const other = text[at] === 'A' ? 'B' : 'A'
    for (const broken of [
      text.slice(0, at) + text.slice(at + 1),
      text.slice(0, at) + other + text.slice(at + 1)
    ])
      await expect(decodeInvite(broken, 0)).rejects.toMatchObject({ code: 'INVITE_DAMAGED' })
  }
})

test('an invite in the name of somebody else is damaged', async () => {
  const [owner, mallory] = [await testIdentity(1), await testIdentity(2)]
  const text = await encodeInvite(mallory, inviteOf(owner))
  await expect(decodeInvite(text, 0)).rejects.toMatchObject({ code: 'INVITE_DAMAGED' })
})

test('an invite that has expired says until when it was good', async () => {
  const identity = await testIdentity(1)
  const text = await encodeInvite(identity, inviteOf(identity))
  await expect(decodeInvite(text, 2 * HOUR)).rejects.toMatchObject({
    code: 'INVITE_EXPIRED',
    details: { until: '1970-01-01T01:00:00.000Z' }
  })
})

async function setup(folder?: string): Promise<{
  readonly clock: ManualClock
  readonly folder: string
  readonly ledger: InviteLedger
}> {
  const dataDirectory = folder ?? (await temporaryDirectory())
  const clock = new ManualClock()
  const init = { dataDirectory, swarm: 'home' }
  return {
    clock,
    folder: dataDirectory,
    ledger: await openInviteLedger({ clock, logger: silentLogger }, init)
  }
}

const keys = keysOf(new Secret(new Uint8Array(16).fill(3)))
const meet = (joiner: string, standing: ListStanding = 'unknown') =>
  [{ inviter: 'me', joiner, standing }, proveInvite(keys.proof, { inviter: 'me', joiner })] as const

test('of many that come at once with an invite for one, one gets in; it may ask again', async () => {
  const { clock, ledger } = await setup()
  await ledger.add(keys, { role: 'worker', expiresAt: clock.now() + HOUR, uses: 1 })
  const tries = await Promise.allSettled(
    ['a', 'b', 'c', 'd'].map((peer) => ledger.use(keys.id, ...meet(peer)))
  )
  expect(tries.map(({ status }) => status).toSorted()).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'rejected'
  ])
  expect(tries[1]).toMatchObject({ reason: { code: 'INVITE_USED' } })
  expect(await ledger.use(keys.id, ...meet('a'))).toMatchObject({ usedBy: ['a'] })
})

test('who came by an invite and is out now needs another use of it, and none when it has ended', async () => {
  const { clock, ledger } = await setup()
  await ledger.add(keys, { role: 'worker', expiresAt: clock.now() + HOUR, uses: 2 })
  await ledger.use(keys.id, ...meet('a'))
  expect(await ledger.use(keys.id, ...meet('a', 'in'))).toMatchObject({ usedBy: ['a'] })
  expect(await ledger.use(keys.id, ...meet('a', 'out'))).toMatchObject({ usedBy: ['a', 'a'] })
  await expect(ledger.use(keys.id, ...meet('a', 'out'))).rejects.toMatchObject({
    code: 'INVITE_USED'
  })
  await clock.advance(HOUR + 1)
  await expect(ledger.use(keys.id, ...meet('a'))).rejects.toMatchObject({ code: 'INVITE_EXPIRED' })
  await ledger.use(keys.id, ...meet('a', 'in'))
})

test('uses are counted across a restart', async () => {
  const { clock, folder, ledger } = await setup()
  await ledger.add(keys, { role: 'worker', expiresAt: clock.now() + HOUR, uses: 2 })
  await ledger.use(keys.id, ...meet('a'))
  const again = await setup(folder)
  await again.ledger.use(keys.id, ...meet('b'))
  await expect(again.ledger.use(keys.id, ...meet('c'))).rejects.toMatchObject({
    code: 'INVITE_USED'
  })
  expect(again.ledger.doors()).toHaveLength(1)
})

test('without the secret, too late, or taken back: nobody gets in', async () => {
  const { clock, ledger } = await setup()
  await ledger.add(keys, { role: 'worker', expiresAt: clock.now() + HOUR, uses: 2 })
  const [meeting] = meet('a')
  // A proof that somebody else showed is of no use.
  await expect(ledger.use(keys.id, meeting, meet('b')[1])).rejects.toMatchObject({
    code: 'INVITE_WITHDRAWN'
  })
  await clock.advance(HOUR + 1)
  await expect(ledger.use(keys.id, ...meet('a'))).rejects.toMatchObject({ code: 'INVITE_EXPIRED' })
  expect(await ledger.withdraw(keys.id)).toBe(true)
  await expect(ledger.use(keys.id, ...meet('a'))).rejects.toMatchObject({
    code: 'INVITE_WITHDRAWN'
  })
  // Ajar for a day, to say so.
  expect(ledger.doors()).toHaveLength(1)
  await clock.advance(24 * HOUR)
  expect(ledger.doors()).toEqual([])
})
