/** What a node lets its peers do, and what it notes of what it refuses. */
import { expect, test } from 'vitest'
import type { AuditEvent } from '../../../trust/audit-log.ts'
import { createAuthority } from '../../../trust/authority.ts'
import { createRevocations, signRevocation } from '../../../trust/grants/revocations.ts'
import type { Role } from '../../../trust/roles.ts'
import { grantOf, SWARM } from '../../support/grants.ts'
import { testIdentity } from '../../support/identity.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const SEND = 'a2a.SendMessage'

async function setup() {
  const clock = new ManualClock()
  const [self, owner, worker, guest] = await Promise.all([1, 2, 3, 4].map(testIdentity))
  if (!self || !owner || !worker || !guest) throw new TypeError('four')
  const roles = new Map<string, Role>([
    [self.peer, 'member'],
    [owner.peer, 'owner'],
    [worker.peer, 'worker']
  ])
  const noted: AuditEvent[] = []
  const revocations = createRevocations({ clock })
  const authority = createAuthority(
    {
      clock,
      revocations,
      members: { roleOf: (peer) => roles.get(peer) },
      audit: { note: (event) => void noted.push(event) }
    },
    { self: self.peer, swarm: SWARM.slice('swarm:'.length) }
  )
  return { clock, self, owner, worker, guest, roles, noted, revocations, authority }
}

test('a member may without waiting; others are refused, and that is noted', async () => {
  const { owner, worker, noted, authority } = await setup()
  expect(authority.permit(owner.peer, SEND)).toBeUndefined()
  expect(noted).toEqual([])
  expect(() => authority.permit(worker.peer, SEND)).toThrow(
    expect.objectContaining({ code: 'FORBIDDEN' })
  )
  expect(noted).toEqual([{ who: worker.peer, did: 'task.send', allowed: false, reason: 'role' }])
})

test('a method that belongs to no operation is for nobody', async () => {
  const { owner, authority } = await setup()
  expect(() => authority.permit(owner.peer, 'node.format')).toThrow('node.format')
})

test('a grant of the owner lets a guest in, as long as it is shown and not taken back', async () => {
  const { owner, guest, revocations, authority } = await setup()
  const { token, claims } = await grantOf(owner, guest, { limits: { skills: ['echo'] } })
  const shown = authority.present(guest.peer, [token])
  // The first call comes right behind it.
  await authority.permit(guest.peer, SEND)
  expect(await shown).toEqual([])
  expect(
    authority.decide(guest.peer, { operation: 'task.send', skills: ['other', 'echo'] }).by
  ).toBe('grant')
  expect(() => authority.decide(guest.peer, { operation: 'task.send', skills: ['files'] })).toThrow(
    expect.objectContaining({ details: { operation: 'task.send', reason: 'skill' } })
  )
  revocations.add(await signRevocation(owner, claims))
  expect(() => authority.permit(guest.peer, SEND)).toThrow('no-member')
})

test('who is no owner or admin grants nothing of the swarm, but every node what is its own', async () => {
  const { self, worker, guest, authority } = await setup()
  const swarmWide = await grantOf(worker, guest)
  const own = await grantOf(self, guest, { with: `node:${self.peer}` })
  const others = await grantOf(worker, guest, { with: `node:${self.peer}` })
  const refused = await authority.present(guest.peer, [
    swarmWide.token,
    own.token,
    others.token,
    'nonsense'
  ])
  expect(refused.map(({ code }) => code)).toEqual(Array(3).fill('GRANT_INVALID'))
  expect(authority.grantsOf(guest.peer)).toMatchObject([{ id: own.claims.id }])
})

test('a grant is worth what its giver is: nothing once the giver is no member', async () => {
  const { owner, guest, roles, authority } = await setup()
  const { token } = await grantOf(owner, guest)
  await authority.present(guest.peer, [token])
  expect(authority.grantsOf(guest.peer)).toHaveLength(1)
  roles.delete(owner.peer)
  expect(authority.grantsOf(guest.peer)).toEqual([])
  expect(await authority.present(guest.peer, [token])).toHaveLength(1)
})

test('what was shown is forgotten with the session', async () => {
  const { owner, guest, authority } = await setup()
  await authority.present(guest.peer, [(await grantOf(owner, guest)).token])
  authority.left(guest.peer)
  expect(() => authority.permit(guest.peer, SEND)).toThrow('no-member')
})
