/** Who leaves says so itself: the one sentence that needs nobody's leave, and therefore may do little. */
import { expect, test } from 'vitest'
import type { Identity } from '../../../../trust/identity.ts'
import { signStatement, verifyStatement } from '../../../../trust/members/statement.ts'
import { testIdentity } from '../../../support/identity.ts'
import { exchange, KEY, person, rollOf, swarm, SWARM } from '../../../support/swarm-people.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

function farewell(identity: Identity, seq: number) {
  const { peer } = identity
  const said = {
    kind: 'member',
    peer,
    standing: 'left',
    name: '',
    seq,
    appointment: 0,
    at: 0
  } as const
  return signStatement(identity, SWARM, said)
}

test('nobody takes in the farewell of one that was never on the list', async () => {
  const [owner] = await swarm()
  const { digest, shutOut } = rollOf(owner)
  const strangers = await Promise.all([20, 21, 22].map(testIdentity))
  const said = await Promise.all(strangers.map((stranger) => farewell(stranger, 1)))
  expect(await owner.book.hear(said)).toEqual([])
  expect(rollOf(owner)).toMatchObject({ digest, shutOut })
})

test('a farewell that is repeated with a higher number makes no other key', async () => {
  const [owner, , eve] = await swarm()
  await owner.book.hear([await farewell(eve.identity, 2)])
  const { shutOut } = rollOf(owner)
  for (const seq of [3, 4, 2 ** 48]) {
    expect(await owner.book.hear([await farewell(eve.identity, seq)])).toEqual([])
  }
  expect(rollOf(owner).shutOut).toBe(shutOut)
})

test('who was sent away has not left by itself, in whichever order it is heard', async () => {
  const [owner, bob, eve] = await swarm()
  await owner.book.remove(eve.peer)
  const said = await farewell(eve.identity, 3)
  await owner.book.hear([said])
  expect(rollOf(owner).member(eve.peer)?.standing).toBe('removed')
  await bob.book.hear([said])
  await bob.book.hear(rollOf(owner).statements())
  expect(rollOf(bob).member(eve.peer)?.standing).toBe('removed')
  expect(rollOf(bob).digest).toBe(rollOf(owner).digest)
})

test('nor has its heir', async () => {
  const [owner, , eve] = await swarm()
  const heir = await testIdentity(30)
  await eve.book.succeed(heir, 'routine')
  await owner.book.remove(eve.peer)
  await owner.book.hear(rollOf(eve).statements())
  await owner.book.hear([await farewell(heir, 3)])
  expect(rollOf(owner).member(heir.peer)?.standing).toBe('removed')
})

test('a farewell before the news of its speaker is taken in with them', async () => {
  const [owner, bob, eve] = await swarm()
  await owner.book.remove(eve.peer)
  await owner.book.admit({ peer: eve.peer, name: 'eve' }, 'member')
  const again = rollOf(owner).statements()
  const said = await farewell(eve.identity, 4)
  expect(await bob.book.hear([said])).toEqual([])
  await bob.book.hear([said, ...again])
  expect(rollOf(bob).member(eve.peer)?.standing).toBe('left')
})

test('who has left can be let in again, and leave again', async () => {
  const [owner, bob] = await swarm()
  for (let round = 0; round < 3; round += 1) {
    await bob.book.leave()
    await owner.book.hear(rollOf(bob).statements())
    expect(rollOf(owner).member(bob.peer)?.standing).toBe('left')
    await owner.book.admit({ peer: bob.peer, name: 'bob' }, 'member')
    await bob.book.hear(rollOf(owner).statements())
    expect(rollOf(bob).roleOf(bob.peer)).toBe('member')
  }
})

test('an admin that has left rules until the owner has heard of it, and no longer', async () => {
  const [owner, admin, bob] = await swarm()
  const [eve, friend] = [await person(40), await person(41)]
  await owner.book.admit({ peer: admin.peer, name: 'admin' }, 'admin')
  await exchange(owner, admin)
  await admin.book.admit({ peer: friend.peer, name: 'friend' }, 'member')
  await exchange(owner, admin)
  const appointment = rollOf(admin).appointmentOf(admin.peer) ?? 0
  await admin.book.leave()
  await owner.book.hear(rollOf(admin).statements())
  await owner.book.mend()
  expect(rollOf(owner).roleOf(friend.peer)).toBe('member')
  const late = await signStatement(admin.identity, SWARM, {
    kind: 'member',
    peer: eve.peer,
    standing: 'member',
    name: 'eve',
    seq: 1,
    appointment,
    at: 0
  })
  await bob.book.hear(rollOf(owner).statements())
  for (const each of [owner, bob]) {
    expect(await each.book.hear([late])).toEqual([])
    expect(rollOf(each).roleOf(eve.peer)).toBeUndefined()
  }
  expect(owner.book.needsKey).toBe(false)
})

test('no number that an admin uses up keeps the owner from its list, its key and its next start', async () => {
  const folder = await temporaryDirectory()
  const owner = await person(1, folder)
  const [admin, bob] = [await person(2), await person(3)]
  const members = [admin, bob].map(({ peer }) => ({ peer, name: '' }))
  await owner.book.found({ swarm: SWARM, key: KEY, members })
  await owner.book.admit({ peer: admin.peer, name: 'admin' }, 'admin')
  const appointment = rollOf(owner).appointmentOf(admin.peer) ?? 0
  const words = { appointment, at: 0 }
  const bobs = { kind: 'member', peer: bob.peer, standing: 'worker', name: '' } as const
  const key = { kind: 'key', commitment: 'a'.repeat(64), covers: 'b'.repeat(16) } as const
  for (const number of [2 ** 48, 2 ** 40 + 1]) {
    await expect(
      signStatement(admin.identity, SWARM, { ...bobs, ...words, seq: number })
    ).rejects.toMatchObject({ code: 'MEMBERSHIP_INVALID' })
  }
  await owner.book.hear([
    await signStatement(admin.identity, SWARM, { ...bobs, ...words, seq: 2 ** 40 }),
    await signStatement(admin.identity, SWARM, { ...key, ...words, epoch: 2 ** 40 })
  ])
  expect(rollOf(owner).key()?.epoch).toBe(2 ** 40)
  await owner.book.mend()
  await owner.book.remove(bob.peer)
  await owner.book.remove(admin.peer)
  expect(owner.book.needsKey).toBe(false)
  for (const statement of rollOf(owner).statements()) await verifyStatement(SWARM, statement)
  const again = await person(1, folder)
  expect(rollOf(again).digest).toBe(rollOf(owner).digest)
  expect(rollOf(again).roleOf(bob.peer)).toBeUndefined()
})
