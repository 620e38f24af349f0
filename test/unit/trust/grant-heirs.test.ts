/** Grants between nodes that take other keys meanwhile. */
import { expect, test } from 'vitest'
import { createAuthority } from '../../../trust/authority.ts'
import { createRevocations, signRevocation } from '../../../trust/grants/revocations.ts'
import type { Role } from '../../../trust/roles.ts'
import { grantOf, HOUR, SWARM } from '../../support/grants.ts'
import { testIdentity } from '../../support/identity.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const SEND = 'a2a.SendMessage'

async function setup() {
  const clock = new ManualClock()
  const [self, owner, boss, guest, heir, late] = await Promise.all(
    [1, 2, 3, 4, 5, 6].map(testIdentity)
  )
  if (!self || !owner || !boss || !guest || !heir || !late) throw new TypeError('six')
  const roles = new Map<string, Role>([[owner.peer, 'owner']])
  const successions = new Map<string, { peer: string; reason: 'routine' | 'leaked'; at: number }>()
  const revocations = createRevocations({ clock })
  const authority = createAuthority(
    {
      clock,
      revocations,
      members: {
        roleOf: (peer) => roles.get(peer),
        heirs: {
          presentOf(peer) {
            let present = peer
            for (let next = successions.get(peer); next; next = successions.get(next.peer))
              present = next.peer
            return present
          },
          successionOf: (peer) => successions.get(peer)
        }
      },
      audit: { note: () => undefined }
    },
    { self: self.peer, swarm: SWARM.slice('swarm:'.length) }
  )

  /** The owner is `boss` from now on. */
  function rotateOwner(reason: 'routine' | 'leaked', at = 1000): void {
    roles.delete(owner?.peer ?? '')
    roles.set(boss?.peer ?? '', 'owner')
    successions.set(owner?.peer ?? '', { peer: boss?.peer ?? '', reason, at })
  }

  return {
    self,
    owner,
    boss,
    guest,
    heir,
    late,
    roles,
    successions,
    revocations,
    authority,
    rotateOwner
  }
}

test('a grant goes with its holder to the next key, and is worth nothing to the one before', async () => {
  const { owner, guest, heir, successions, authority } = await setup()
  const { token } = await grantOf(owner, guest)
  successions.set(guest.peer, { peer: heir.peer, reason: 'leaked', at: 1000 })
  expect(await authority.present(heir.peer, [token])).toEqual([])
  expect(authority.decide(heir.peer, { operation: 'task.send' }).by).toBe('grant')
  authority.left(heir.peer)
  expect(() => authority.permit(heir.peer, SEND)).toThrow('no-member')
})

test('a part that the next key passes on rests on what the first was given', async () => {
  const { owner, guest, heir, late, successions, authority } = await setup()
  const { token: proof } = await grantOf(owner, guest)
  successions.set(guest.peer, { peer: heir.peer, reason: 'routine', at: 1000 })
  const { token } = await grantOf(heir, late, { proof })
  expect(await authority.present(late.peer, [token])).toEqual([])
  const { token: stolen } = await grantOf(late, late, { proof })
  expect(await authority.present(late.peer, [stolen])).toHaveLength(1)
})

test('what a key gave before a routine succession counts; what it gives afterwards does not', async () => {
  const { owner, boss, guest, authority, rotateOwner } = await setup()
  const { token } = await grantOf(owner, guest)
  rotateOwner('routine', 0)
  expect(await authority.present(guest.peer, [token])).toEqual([])
  rotateOwner('routine', -1000)
  expect(await authority.present(guest.peer, [token])).toMatchObject([{ code: 'GRANT_INVALID' }])
  const { token: anew } = await grantOf(boss, guest)
  expect(await authority.present(guest.peer, [anew])).toEqual([])
})

test('what a key gave that leaked counts no more, also where it was shown already', async () => {
  const { owner, guest, authority, rotateOwner } = await setup()
  const { token } = await grantOf(owner, guest)
  await authority.present(guest.peer, [token])
  expect(authority.grantsOf(guest.peer)).toHaveLength(1)
  rotateOwner('leaked')
  expect(authority.grantsOf(guest.peer)).toEqual([])
  expect(await authority.present(guest.peer, [token])).toMatchObject([{ code: 'GRANT_INVALID' }])
})

test('the next key takes back what the first gave', async () => {
  const { owner, boss, guest, revocations, authority, rotateOwner } = await setup()
  const { token, claims } = await grantOf(owner, guest)
  rotateOwner('routine')
  await authority.present(guest.peer, [token])
  revocations.add(await signRevocation(boss, { ...claims, expiresAt: HOUR }))
  expect(authority.grantsOf(guest.peer)).toEqual([])
})

test('a grant for one node is for it under its next key, too', async () => {
  const { self, owner, guest, late, successions, authority } = await setup()
  const { token } = await grantOf(owner, guest, { with: `node:${late.peer}` })
  expect(await authority.present(guest.peer, [token])).toHaveLength(1)
  successions.set(late.peer, { peer: self.peer, reason: 'routine', at: 1000 })
  expect(await authority.present(guest.peer, [token])).toEqual([])
  expect(authority.decide(guest.peer, { operation: 'task.send' }).by).toBe('grant')
})

test('what one key gave and the next took back stays taken back with the one after it', async () => {
  const { owner, boss, late, guest, roles, successions, revocations, authority, rotateOwner } =
    await setup()
  const { token, claims } = await grantOf(owner, guest)
  rotateOwner('routine')
  revocations.add(await signRevocation(boss, { ...claims, expiresAt: HOUR }))
  roles.set(late.peer, 'owner')
  successions.set(boss.peer, { peer: late.peer, reason: 'routine', at: 2000 })
  expect(await authority.present(guest.peer, [token])).toMatchObject([{ code: 'GRANT_REVOKED' }])
})
