/** Grants are shown, and what is taken back is known everywhere: sessions over streams in memory. */
import { expect, test, vi } from 'vitest'
import { signRevocation } from '../../../trust/grants/revocations.ts'
import { grantNodes } from '../../support/grant-nodes.ts'
import { grantOf } from '../../support/grants.ts'
import { testIdentity } from '../../support/identity.ts'
import { PATIENCE } from '../../support/patience.ts'

test('a guest shows its grant and is served at once, others are not', async () => {
  const { at } = await grantNodes(4, 2)
  const [owner, member, guest, stranger] = [at(0), at(1), at(2), at(3)]
  guest.wallet.push((await grantOf(owner.identity, guest.identity)).token)
  await expect(guest.ask(member.identity)).resolves.toEqual(new Uint8Array([1]))
  stranger.wallet.push(...guest.wallet)
  await expect(stranger.ask(member.identity)).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('a grant that is taken back ends at every node, also at those that come later', async () => {
  const { at } = await grantNodes(5, 4)
  const [owner, near, far, late, guest] = [at(0), at(1), at(2), at(3), at(4)]
  const { token, claims } = await grantOf(owner.identity, guest.identity)
  guest.wallet.push(token)
  await guest.ask(far.identity)
  await owner.sessions.connect(near.identity.peer)
  await near.sessions.connect(far.identity.peer)
  await owner.exchange.tell(await signRevocation(owner.identity, claims))
  await vi.waitFor(() => expect(far.revocations.covers(claims)).toBe(true), PATIENCE)
  await expect(guest.ask(far.identity)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await late.sessions.connect(far.identity.peer)
  await vi.waitFor(() => expect(late.revocations.covers(claims)).toBe(true), PATIENCE)
  expect([owner, near, far, late].map(({ kept }) => kept)).toEqual([[1], [1], [1], [1]])
})

test('strangers fill nobody’s list with what they take back', async () => {
  const { at } = await grantNodes(3, 2)
  const [owner, member, stranger] = [at(0), at(1), at(2)]
  const { claims } = await grantOf(owner.identity, member.identity)
  const invented = await testIdentity(99)
  stranger.revocations.add(await signRevocation(invented, claims))
  stranger.revocations.add(await signRevocation(stranger.identity, claims))
  await stranger.sessions.connect(member.identity.peer)
  await vi.waitFor(() => expect(member.revocations.list()).toHaveLength(1), PATIENCE)
  expect(member.revocations.list()[0]?.issuer).toBe(stranger.identity.peer)
  expect(member.revocations.covers(claims)).toBe(false)
})

test('what a key took back before it was succeeded is believed from whoever hands it on', async () => {
  const { at, members } = await grantNodes(4, 3)
  const [owner, near, away, guest] = [at(0), at(1), at(2), at(3)]
  const former = await testIdentity(50)
  members.heirs.presentOf = (peer) => (peer === former.peer ? owner.identity.peer : peer)
  const { claims } = await grantOf(former, guest.identity)
  near.revocations.add(await signRevocation(former, claims))
  await away.sessions.connect(near.identity.peer)
  await vi.waitFor(() => expect(away.revocations.covers(claims)).toBe(true), PATIENCE)
})
