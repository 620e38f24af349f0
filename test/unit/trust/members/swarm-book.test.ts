import { writeFile } from 'node:fs/promises'
import { join as pathOf } from 'node:path'
import { expect, test } from 'vitest'
import { Secret } from '../../../../core/secret.ts'
import { isOut } from '../../../../trust/members/precedence.ts'
import { createRoll } from '../../../../trust/members/roll.ts'
import { signStatement } from '../../../../trust/members/statement.ts'
import { testIdentity } from '../../../support/identity.ts'
import { seededRandom } from '../../../support/random.ts'
import {
  exchange,
  handKey,
  KEY,
  person,
  rollOf,
  swarm,
  SWARM
} from '../../../support/swarm-people.ts'
import type { Person } from '../../../support/swarm-people.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

test('the owner lets in, sends away, and the key changes with whoever is sent away', async () => {
  const [owner, bob, eve] = await swarm()
  await owner.book.remove(eve.peer)
  await exchange(owner, bob)
  await exchange(owner, eve)
  expect(bob.book.roll?.roleOf(eve.peer)).toBeUndefined()
  expect(bob.book.roll?.key()?.epoch).toBe(2)
  expect(bob.book.hasKey).toBe(true)
  expect(eve.book.keys()).toHaveLength(1)
  expect(eve.book.keys()[0]?.reveal()).toEqual(KEY.reveal())
  expect(owner.book.needsKey).toBe(false)
})

test('a member may neither let in nor send away, whatever it signs', async () => {
  const [owner, bob, eve] = await swarm()
  await expect(eve.book.remove(bob.peer)).rejects.toMatchObject({ code: 'SWARM_ROLE' })
  const forged = await signStatement(eve.identity, SWARM, {
    kind: 'member',
    peer: bob.peer,
    standing: 'removed',
    name: '',
    seq: 9,
    appointment: 1,
    at: 0
  })
  expect(await owner.book.hear([forged])).toEqual([])
  const tampered = { ...forged, by: owner.peer, appointment: 0 }
  await expect(owner.book.hear([tampered])).rejects.toMatchObject({ code: 'MEMBERSHIP_INVALID' })
  expect(owner.book.roll?.roleOf(bob.peer)).toBe('member')
})

test('an old list does not bring back who was sent away', async () => {
  const [owner, bob, eve] = await swarm()
  const old = rollOf(owner).statements()
  await owner.book.remove(eve.peer)
  await exchange(owner, bob)
  expect(await bob.book.hear(old)).toEqual([])
  expect(bob.book.roll?.roleOf(eve.peer)).toBeUndefined()
})

test('a dismissed admin can say nothing more, not even with an old date; whom it let in stays', async () => {
  const [owner, admin] = await swarm()
  const guest = await person(9)
  await owner.book.admit({ peer: admin.peer, name: 'admin' }, 'admin')
  await exchange(owner, admin)
  await admin.book.admit({ peer: guest.peer, name: 'guest' }, 'worker')
  await exchange(owner, admin)
  const appointment = rollOf(admin).appointmentOf(admin.peer) ?? 0
  await owner.book.remove(admin.peer)
  expect(owner.book.roll?.roleOf(guest.peer)).toBe('worker')
  const late = await signStatement(admin.identity, SWARM, {
    kind: 'member',
    peer: guest.peer,
    standing: 'removed',
    name: '',
    seq: 99,
    appointment,
    at: 0
  })
  expect(await owner.book.hear([late])).toEqual([])
  // Nor when the dismissed one is named again: the old words belong to the old appointment.
  await owner.book.admit({ peer: admin.peer, name: 'admin' }, 'admin')
  expect(await owner.book.hear([late])).toEqual([])
  expect(owner.book.roll?.roleOf(guest.peer)).toBe('worker')
})

test('admins are the business of the owner; the owner of nobody', async () => {
  const [owner, one, two] = await swarm()
  await owner.book.admit({ peer: one.peer, name: 'one' }, 'admin')
  await owner.book.admit({ peer: two.peer, name: 'two' }, 'admin')
  await exchange(owner, one)
  await expect(one.book.remove(two.peer)).rejects.toMatchObject({ code: 'SWARM_ROLE' })
  await expect(one.book.remove(owner.peer)).rejects.toMatchObject({ code: 'SWARM_ROLE' })
  await expect(one.book.admit({ peer: 'x', name: '' }, 'admin')).rejects.toMatchObject({
    code: 'SWARM_ROLE'
  })
  await expect(owner.book.leave()).rejects.toMatchObject({ code: 'SWARM_ROLE' })
})

test('who leaves is out by its own word, and the next admin to hear of it makes a new key', async () => {
  const [owner, bob] = await swarm()
  await bob.book.leave()
  await owner.book.hear(rollOf(bob).statements())
  expect(owner.book.roll?.member(bob.peer)?.standing).toBe('left')
  expect(owner.book.needsKey).toBe(true)
  await owner.book.renewKey()
  expect(owner.book.needsKey).toBe(false)
})

test('two keys made at once: both removals count, and the key that remains shuts out both', async () => {
  const [owner, admin, x, y] = await swarm()
  await owner.book.admit({ peer: admin.peer, name: 'admin' }, 'admin')
  await exchange(owner, admin)
  // A partition: x is with the admin, y with the owner.
  await owner.book.remove(x.peer)
  await admin.book.remove(y.peer)
  await exchange(owner, y)
  await exchange(admin, x)
  await exchange(owner, admin)
  expect(owner.book.needsKey).toBe(true)
  await owner.book.renewKey()
  await exchange(owner, admin)
  const final = owner.book.roll?.key()?.commitment
  expect(admin.book.roll?.key()?.commitment).toBe(final)
  expect(admin.book.hasKey).toBe(true)
  for (const out of [x, y]) {
    expect(owner.book.roll?.roleOf(out.peer)).toBeUndefined()
    expect(out.book.keys().map((key) => key.reveal())).not.toContainEqual(
      owner.book.keys()[0]?.reveal()
    )
  }
})

test('list and keys are there after a restart; a damaged list stops every start', async () => {
  const folder = await temporaryDirectory()
  const owner = await person(1, folder)
  const bob = await testIdentity(2)
  await owner.book.found({ swarm: SWARM, key: KEY, members: [{ peer: bob.peer, name: 'bob' }] })
  await owner.book.remove(bob.peer)
  const again = await person(1, folder)
  expect(again.book.roll?.digest).toBe(owner.book.roll?.digest)
  expect(again.book.hasKey).toBe(true)
  expect(again.book.keys()).toHaveLength(2)
  await writeFile(pathOf(folder, 'swarm-home.members.json'), '{"v":1')
  for (const _ of ['first', 'second']) {
    await expect(person(1, folder)).rejects.toMatchObject({ code: 'FILE_DAMAGED' })
  }
})

test('of two words said at once the one that shuts out counts, in whichever order they come', async () => {
  const [owner, one, two, target] = await swarm()
  await owner.book.admit({ peer: one.peer, name: 'one' }, 'admin')
  await owner.book.admit({ peer: two.peer, name: 'two' }, 'admin')
  await exchange(owner, one)
  await exchange(owner, two)
  // Ids decide among equals: with eight names, some are above the removal's and some below.
  for (let index = 0; index < 8; index += 1) {
    await one.book.admit({ peer: target.peer, name: `name-${index}` }, 'client')
    await two.book.remove(target.peer)
    await exchange(one, two)
    expect(one.book.roll?.roleOf(target.peer)).toBeUndefined()
    expect(two.book.roll?.digest).toBe(one.book.roll?.digest)
    await one.book.admit({ peer: target.peer, name: 'again' }, 'member')
    await exchange(one, two)
  }
})

test('the owner names an admin while another admin sends it away: the owner decides', async () => {
  const [owner, admin, bob] = await swarm()
  await owner.book.admit({ peer: admin.peer, name: 'admin' }, 'admin')
  await exchange(owner, admin)
  await admin.book.remove(bob.peer)
  await owner.book.admit({ peer: bob.peer, name: 'bob' }, 'admin')
  await exchange(owner, admin)
  expect(admin.book.roll?.roleOf(bob.peer)).toBe('admin')
  expect(owner.book.roll?.digest).toBe(admin.book.roll?.digest)
  // As a member it is what the last word about it says, whoever said it.
  await owner.book.admit({ peer: bob.peer, name: 'bob' }, 'member')
  expect(owner.book.roll?.roleOf(bob.peer)).toBe('member')
})

test('a key that is not the one of the list is not taken, whoever gives it', async () => {
  const [owner, bob] = await swarm()
  await owner.book.renewKey()
  await bob.book.hear(rollOf(owner).statements())
  expect(await bob.book.takeKey(new Secret(new Uint8Array(32).fill(9)))).toBe(false)
  expect(bob.book.hasKey).toBe(false)
  expect(bob.book.keys()).toHaveLength(1)
  await handKey(owner, bob)
  expect(bob.book.hasKey).toBe(true)
})

const replay = /^members:(\d+)$/.exec(process.env['SEED'] ?? '')?.[1]
const SEEDS = replay ? [Number(replay)] : Array.from({ length: 12 }, (_, index) => index + 1)

test.for(SEEDS)(
  'however partitions, admins, new keys and messages fall, the lists become one (members:%i)',
  async (seed) => {
    const random = seededRandom(seed * 7919)
    const pick = (list: readonly Person[]): Person => {
      const picked = list[Math.floor(random.next() * list.length)]
      if (picked === undefined) throw new TypeError('nobody to pick')
      return picked
    }
    const people = await swarm(3)
    let fresh = 100
    for (let step = 0; step < 60; step += 1) {
      if (random.next() < 0.1) {
        const index = Math.floor(random.next() * people.length)
        const before = people[index]
        if (before !== undefined) people[index] = await rotated(before, (fresh += 1))
      }
      await act(pick(people), pick(people).peer, random.next())
      // Only neighbours of the same half talk for the first forty steps.
      const [a, b] = [pick(people), pick(people)]
      const apart = step < 40 && people.indexOf(a) % 2 !== people.indexOf(b) % 2
      if (a !== b && !apart) await exchange(a, b)
    }
    const [owner] = people
    const staying = (): Person[] =>
      people.filter(({ peer }) => owner.book.roll?.roleOf(peer) !== undefined)
    for (let round = 0; round < 4; round += 1) {
      for (const a of people) {
        for (const b of people) if (a !== b) await exchange(a, b)
        const { roll } = a.book
        if (a.book.needsKey && roll?.appointmentOf(a.peer) !== undefined && roll.roleOf(a.peer))
          await a.book.renewKey()
      }
    }
    const roll = rollOf(owner)
    for (const { book } of staying()) {
      expect(book.roll?.digest).toBe(roll.digest)
      expect(book.roll?.members()).toEqual(expect.arrayContaining([...roll.members()]))
      expect(book.hasKey).toBe(true)
      expect(book.needsKey).toBe(false)
    }
    // In any order, and twice, the statements make the same list.
    const words = [...roll.statements()]
    const shuffled = [...words, ...words].toSorted(() => random.next() - 0.5)
    const one = createRoll(roll.charter)
    for (let round = 0; round < 9; round += 1) for (const word of shuffled) one.merge([word])
    expect(one.digest).toBe(roll.digest)
    const key = roll.key()?.commitment
    const out = people.filter(({ peer }) => isOut(roll.member(peer)?.standing ?? 'member'))
    for (const { book } of out)
      expect(book.hasKey && book.roll?.key()?.commitment === key).toBe(false)
  }
)

/** The same person with another key, which knows what it knew. */
async function rotated(before: Person, seed: number): Promise<Person> {
  const after = await person(seed)
  await before.book.succeed(after.identity, 'routine')
  const { charter } = rollOf(before)
  // Who is out already stays so under its new key, which nobody would let adopt the list.
  if (rollOf(before).roleOf(after.peer) === undefined) return before
  await after.book.adopt({ charter, statements: rollOf(before).statements() })
  for (const key of before.book.keys().toReversed()) await after.book.takeKey(key)
  return after
}

/** Tries what may or may not be allowed: the refusals are part of it. */
async function act(actor: Person, target: string, choice: number): Promise<void> {
  const { book } = actor
  const deed =
    choice < 0.25
      ? book.remove(target)
      : choice < 0.5
        ? book.admit({ peer: target, name: 'again' }, 'member')
        : choice < 0.65
          ? book.admit({ peer: target, name: 'boss' }, 'admin')
          : choice < 0.7
            ? book.leave()
            : Promise.resolve()
  await deed.catch((error: { code?: string }) => {
    const refusals = ['SWARM_ROLE', 'MEMBER_UNKNOWN', 'KEY_SUCCEEDED']
    if (!refusals.includes(error.code ?? '')) throw error
  })
}
