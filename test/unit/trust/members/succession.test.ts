import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { Secret } from '../../../../core/secret.ts'
import type { Identity } from '../../../../trust/identity.ts'
import { createRoll } from '../../../../trust/members/roll.ts'
import type { Roll } from '../../../../trust/members/roll.ts'
import {
  signCharter,
  signStatement,
  signSuccession,
  verifyStatement
} from '../../../../trust/members/statement.ts'
import type { Standing, Statement, Succession } from '../../../../trust/members/statement.ts'
import { openSwarmBook } from '../../../../trust/members/swarm-book.ts'
import { testIdentity } from '../../../support/identity.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'

const SWARM = '00112233aabbccdd'

async function setup() {
  const [owner, admin, bob, eve] = await Promise.all([1, 2, 3, 4].map(testIdentity))
  if (!owner || !admin || !bob || !eve) throw new TypeError('four keys')
  const charter = await signCharter(owner, { swarm: SWARM, name: 'home', at: 0 })
  const roll = createRoll(charter)

  /** `by` says of `who` that it is `standing`; its appointment is looked up unless it is given. */
  const say = (
    by: Identity,
    who: Identity,
    [standing, seq, appointment = roll.appointmentOf(by.peer) ?? 0]: [Standing, number, number?]
  ): Promise<Statement> =>
    signStatement(by, SWARM, {
      kind: 'member',
      peer: who.peer,
      standing,
      name: `node-${seq}`,
      seq,
      appointment,
      at: seq
    })

  /** As `lumos keys rotate` says it: what the old key has said is kept. */
  const succeed = (old: Identity, next: Identity, keeps?: readonly Statement[]) =>
    signSuccession({ old, next }, SWARM, {
      reason: 'routine',
      at: 9,
      keeps: keeps ?? roll.statements().filter(({ by }) => by === old.peer)
    })

  roll.merge([await say(owner, admin, ['admin', 1]), await say(owner, bob, ['member', 1])])
  return { owner, admin, bob, eve, charter, roll, say, succeed }
}

function standings(roll: Roll): Record<string, string> {
  return Object.fromEntries(roll.members().map(({ peer, standing }) => [peer, standing]))
}

test('a member with another key is the same member, and its old id counts no more', async () => {
  const { bob, roll, succeed } = await setup()
  const next = await testIdentity(30)
  const before = roll.shutOut
  expect(roll.merge([await succeed(bob, next)])).toHaveLength(1)
  expect(roll.member(next.peer)).toMatchObject({ standing: 'member', former: [bob.peer] })
  expect(roll.roleOf(next.peer)).toBe('member')
  expect(roll.roleOf(bob.peer)).toBeUndefined()
  expect(roll.heirOf(bob.peer)).toBe(next.peer)
  expect(roll.members()).toHaveLength(3)
  // Who has the old key may have the key of the swarm.
  expect(roll.shutOut).not.toBe(before)
})

test('the owner stays the owner, from key to key; what it said counts on, and what the old key says does not', async () => {
  const { owner, admin, bob, eve, roll, say, succeed } = await setup()
  const [second, third] = [await testIdentity(30), await testIdentity(31)]
  roll.merge([await succeed(owner, second)])
  roll.merge([await succeed(second, third)])
  expect(roll.members()[0]).toMatchObject({
    peer: third.peer,
    standing: 'owner',
    former: [second.peer, owner.peer]
  })
  expect(roll.roleOf(admin.peer)).toBe('admin')
  expect(roll.appointmentOf(owner.peer)).toBeUndefined()
  const stolen = [await say(owner, bob, ['removed', 7, 0]), await say(owner, eve, ['admin', 7, 0])]
  expect(roll.merge(stolen)).toEqual([])
  expect(roll.roleOf(bob.peer)).toBe('member')
  expect(roll.merge([await say(third, bob, ['removed', 2])])).toHaveLength(1)
  expect(roll.roleOf(bob.peer)).toBeUndefined()
})

test('an admin speaks on with its new key, until it is dismissed', async () => {
  const { owner, admin, eve, roll, say, succeed } = await setup()
  const next = await testIdentity(30)
  roll.merge([await say(admin, eve, ['worker', 1])])
  roll.merge([await succeed(admin, next)])
  expect(roll.roleOf(eve.peer)).toBe('worker')
  expect(roll.merge([await say(next, eve, ['client', 2])])).toHaveLength(1)
  expect(roll.roleOf(eve.peer)).toBe('client')
  // Under its old id: the owner has not heard of the new one.
  roll.merge([await say(owner, admin, ['member', 2])])
  expect(roll.appointmentOf(next.peer)).toBeUndefined()
  expect(roll.roleOf(eve.peer)).toBeUndefined()
})

test('both keys have to say so, and about this very swarm', async () => {
  const { bob, eve, succeed } = await setup()
  const good = await succeed(bob, eve)
  await expect(verifyStatement(SWARM, good)).resolves.toEqual(good)
  const other = await signSuccession({ old: eve, next: bob }, SWARM, {
    reason: 'routine',
    at: 9,
    keeps: []
  })
  const forged: unknown[] = [
    { ...good, sig: other.sig },
    { ...good, accepted: other.accepted },
    { ...good, accepted: good.sig },
    { ...good, reason: 'leaked' },
    { ...good, at: 10 },
    { ...good, keeps: 'ab'.repeat(16) },
    { ...good, keeps: 'ab' },
    { ...good, peer: bob.peer }
  ]
  for (const each of forged) {
    await expect(verifyStatement(SWARM, each)).rejects.toMatchObject({ code: 'MEMBERSHIP_INVALID' })
  }
  await expect(verifyStatement('0'.repeat(16), good)).rejects.toMatchObject({
    code: 'MEMBERSHIP_INVALID'
  })
})

test('the first last words of a key count, and others are named', async () => {
  const { bob, eve, roll, succeed } = await setup()
  const next = await testIdentity(30)
  const first = await succeed(bob, next)
  const rival = await succeed(bob, eve)
  roll.merge([first])
  expect(roll.merge([rival, { ...first }])).toEqual([])
  expect(roll.rivals).toEqual([rival])
  expect(roll.roleOf(next.peer)).toBe('member')
  expect(roll.roleOf(eve.peer)).toBeUndefined()
})

test('one key is the heir of one: nobody takes over a second member, and there are no rings', async () => {
  const { admin, bob, roll, succeed } = await setup()
  const next = await testIdentity(30)
  roll.merge([await succeed(bob, next)])
  expect(roll.merge([await succeed(admin, next), await succeed(next, bob)])).toEqual([])
  expect(roll.roleOf(admin.peer)).toBe('admin')
  expect(roll.roleOf(next.peer)).toBe('member')
})

test('who was sent away stays so with another key, and as the heir of a member; a stranger has no heir', async () => {
  const { owner, admin, bob, eve, roll, say, succeed } = await setup()
  const next = await testIdentity(30)
  roll.merge([await say(owner, bob, ['removed', 2])])
  roll.merge([await succeed(bob, next)])
  expect(standings(roll)).toMatchObject({ [next.peer]: 'removed' })
  expect(roll.roleOf(next.peer)).toBeUndefined()
  roll.merge([await say(owner, admin, ['member', 5])])
  const other = await testIdentity(31)
  roll.merge([await say(owner, other, ['removed', 1])])
  roll.merge([await succeed(admin, other)])
  expect(roll.roleOf(other.peer)).toBeUndefined()
  expect(roll.merge([await succeed(eve, await testIdentity(32))])).toEqual([])
})

test('who was sent away before its succession was heard of is out with it', async () => {
  const { owner, bob, roll, say, succeed } = await setup()
  const next = await testIdentity(30)
  roll.merge([await succeed(bob, next)])
  roll.merge([await say(owner, bob, ['removed', 2])])
  expect(roll.roleOf(next.peer)).toBeUndefined()
  roll.merge([await say(owner, next, ['client', 3])])
  expect(roll.roleOf(next.peer)).toBe('client')
})

test('who has left does not come back by another key; nor can who has the old key leave for the new one', async () => {
  const { bob, admin, roll, say, succeed } = await setup()
  const [one, two] = [await testIdentity(30), await testIdentity(31)]
  roll.merge([await say(bob, bob, ['left', 2, 0])])
  expect(roll.merge([await succeed(bob, one, [])])).toEqual([])
  expect(roll.rivals).toHaveLength(1)
  expect(roll.roleOf(one.peer)).toBeUndefined()
  roll.merge([await succeed(bob, one)])
  expect(standings(roll)).toMatchObject({ [one.peer]: 'left' })
  roll.merge([await succeed(admin, two)])
  expect(roll.merge([await say(admin, admin, ['left', 9, 0])])).toEqual([])
  expect(roll.roleOf(two.peer)).toBe('admin')
})

test('a member has a number of keys that ends', async () => {
  const { bob, roll, succeed } = await setup()
  let last = bob
  for (let index = 1; index < LIMITS.keySuccessions.value; index += 1) {
    const next = await testIdentity(100 + index)
    expect(roll.merge([await succeed(last, next, [])])).toHaveLength(1)
    last = next
  }
  expect(roll.roleOf(last.peer)).toBe('member')
  expect(roll.merge([await succeed(last, await testIdentity(99), [])])).toEqual([])
})

test('somebody who knows nothing is convinced by few words, and takes in all of them at once', async () => {
  const { owner, admin, bob, eve, charter, roll, say, succeed } = await setup()
  const [boss, aide, guest] = await Promise.all([30, 31, 32].map(testIdentity))
  if (!boss || !aide || !guest) throw new TypeError('three keys')
  roll.merge([await say(admin, eve, ['worker', 1])])
  roll.merge([await succeed(admin, aide)])
  roll.merge([await succeed(owner, boss)])
  roll.merge([await succeed(eve, guest)])
  expect(createRoll(charter, roll.proof(guest.peer)).roleOf(guest.peer)).toBe('worker')
  expect(createRoll(charter, roll.proof(boss.peer)).roleOf(boss.peer)).toBe('owner')
  const whole = createRoll(charter, roll.statements().toReversed())
  expect(whole.digest).toBe(roll.digest)
  expect(whole.roleOf(bob.peer)).toBe('member')
})

test('the book of a node says it once, and tells of rivals', async () => {
  const { owner, eve } = await setup()
  const parts = { clock: new ManualClock(), random: seededRandom(1), logger: silentLogger }
  const book = await openSwarmBook({ ...parts, identity: owner }, { name: 'home' })
  const [next, other] = [await testIdentity(30), await testIdentity(31)]
  expect(await book.succeed(next, 'routine')).toBe(false)
  const key = new Secret(new Uint8Array(32))
  await book.found({ swarm: SWARM, key, members: [{ peer: eve.peer, name: 'eve' }] })
  const said: Succession[] = []
  book.events.on('disputed', (rivals) => void said.push(...rivals))
  expect(await book.succeed(next, 'leaked')).toBe(true)
  expect(book.roll?.successionOf(owner.peer)).toMatchObject({ reason: 'leaked', peer: next.peer })
  expect(book.roll?.roleOf(eve.peer)).toBe('member')
  expect(book.needsKey).toBe(true)
  expect(await book.succeed(other, 'routine')).toBe(false)
  await book.hear([
    await signSuccession({ old: owner, next: other }, SWARM, {
      reason: 'routine',
      at: 1,
      keeps: []
    })
  ])
  expect(said).toMatchObject([{ by: owner.peer, peer: other.peer }])
})
