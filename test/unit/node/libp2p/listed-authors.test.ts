/** Whose writers have room in shared memory where a members list is kept. */
import { expect, test, vi } from 'vitest'
import { createListedAuthors } from '../../../../node/libp2p/listed-authors.ts'
import { keyOfPeer } from '../../../../trust/author-key.ts'
import { testIdentity } from '../../../support/identity.ts'
import { exchange, swarm } from '../../../support/swarm-people.ts'

test('members are, who was sent away, and all keys of one that changed it; nobody else', async () => {
  const people = await swarm()
  const [owner, bob, eve] = people
  const all = people.map(({ peer }) => peer)
  const listed = createListedAuthors(bob.book)
  expect(listed.all()).toEqual(new Set(all.map(keyOfPeer)))
  const onChanged = vi.fn<() => void>()
  const unheard = listed.onChanged(onChanged)
  await owner.book.remove(eve.peer)
  await exchange(owner, bob)
  const next = await testIdentity(99)
  await bob.book.succeed(next, 'routine')
  expect(listed.all()).toEqual(new Set([...all, next.peer].map(keyOfPeer)))
  expect(onChanged).toHaveBeenCalled()
  unheard()
  expect(bob.book.events.listenerCount('changed')).toBe(0)
})

test('without a list nobody is asked for', () => {
  const { events } = { events: { on: vi.fn(), off: vi.fn() } }
  expect(createListedAuthors({ roll: undefined, events: events as never }).all()).toBeUndefined()
})
