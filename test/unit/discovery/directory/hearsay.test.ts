/** What a directory makes of the word of third parties, beside that of the peer itself. */
import { expect, test } from 'vitest'
import { createDirectory } from '../../../../discovery/directory/directory.ts'
import { testCard, testIdentity, verifiedCard } from '../../../support/identity.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function says(cards: readonly { readonly digest: string }[], name = 'amber', load = 0) {
  return { name, load, slots: 1, cards: cards.map(({ digest }) => digest) }
}

async function setup() {
  const clock = new ManualClock()
  const [alice, bob] = await Promise.all([testIdentity(1), testIdentity(2)])
  const directory = createDirectory(clock, { self: 'me', name: 'birch' })
  const echo = await verifiedCard(alice, testCard(alice.peer, 'echo'))
  return { clock, alice, bob, directory, echo }
}

function heard(ageMs: number) {
  return { ageMs, ttlMs: 20_000 }
}

test('the word of a third party counts less, and for a short time', async () => {
  const { directory, clock, alice, bob, echo } = await setup()
  await clock.advance(60_000)
  expect(directory.hint(alice.peer, says([echo]), heard(20_000))).toEqual([])
  expect(directory.peer(alice.peer)).toBeUndefined()
  expect(directory.hint(alice.peer, says([echo]), heard(19_000))).toEqual([echo.digest])
  await clock.advance(1000)
  expect(directory.peer(alice.peer)).toBeUndefined()
  directory.confirm(bob.peer, says([], 'heard'), 60_000)
  await clock.advance(1000)
  directory.hint(bob.peer, says([], 'hearsay'), heard(5000))
  expect(directory.peer(bob.peer)?.name).toBe('heard')
})

test('while its own word counts, others add to what a peer said of itself and take nothing from it', async () => {
  const { directory, clock, alice, echo } = await setup()
  const other = await verifiedCard(alice, testCard(alice.peer, 'other'))
  directory.confirm(alice.peer, { ...says([echo]), addresses: ['/ip4/10.0.0.1/tcp/1'] }, 10_000)
  directory.add(echo)
  const lie = { ...says([], 'liar', 1), addresses: ['/ip4/10.6.6.6/tcp/6'] }
  for (let times = 0; times < 9; times += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await clock.advance(1000)
    directory.hint(alice.peer, lie, heard(0))
  }
  expect(directory.search('echo')).toHaveLength(1)
  expect(directory.peer(alice.peer)).toMatchObject({
    name: 'amber',
    load: 0,
    freshMs: 0,
    addresses: ['/ip4/10.0.0.1/tcp/1']
  })
  await clock.advance(1)
  expect(directory.hint(alice.peer, says([other]), heard(0))).toEqual([other.digest])
  expect(directory.add(other)).toBe('added')
  expect(directory.peer(alice.peer)?.cards).toHaveLength(2)
  await clock.advance(1000)
  directory.hint(alice.peer, lie, heard(0))
  expect(directory.search('echo')).toEqual([])
})

test('of who was doubted others may tell all: it may have come back as another', async () => {
  const { directory, clock, alice, echo } = await setup()
  directory.confirm(alice.peer, says([echo]), 600_000)
  directory.add(echo)
  directory.doubt(alice.peer)
  await clock.advance(1000)
  directory.hint(alice.peer, says([], 'again'), heard(0))
  expect(directory.peer(alice.peer)).toMatchObject({ name: 'again', cards: [], doubted: false })
})

test('who was only silent is brought back by those who heard it later', async () => {
  const { clock, directory, alice, echo } = await setup()
  await directory.start()
  directory.confirm(alice.peer, says([echo]), 10_000)
  await clock.advance(12_000)
  expect(directory.peer(alice.peer)).toBeUndefined()
  directory.hint(alice.peer, says([echo]), heard(12_000))
  expect(directory.peer(alice.peer)).toBeUndefined()
  directory.hint(alice.peer, says([echo]), heard(5000))
  expect(directory.peer(alice.peer)?.name).toBe('amber')
  await directory.stop()
})

test('older word of others brings nobody back who was doubted or has gone', async () => {
  const { directory, clock, alice, bob, echo } = await setup()
  await clock.advance(60_000)
  for (const { peer } of [alice, bob]) directory.confirm(peer, says([echo]), 600_000)
  directory.doubt(alice.peer)
  directory.remove(bob.peer)
  await clock.advance(1000)
  for (const { peer } of [alice, bob]) directory.hint(peer, says([echo]), heard(1000))
  expect(directory.peer(alice.peer)?.doubted).toBe(true)
  expect(directory.peer(bob.peer)).toBeUndefined()
  for (const { peer } of [alice, bob]) directory.hint(peer, says([echo]), heard(999))
  expect(directory.peer(alice.peer)?.doubted).toBe(false)
  expect(directory.peer(bob.peer)).toBeDefined()
})
