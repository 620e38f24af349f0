import { expect, test } from 'vitest'
import { createDirectory } from '../../../../discovery/directory/directory.ts'
import { createUpheaval } from '../../../../discovery/presence/upheaval.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'

const STATEMENT = { name: 'x', load: 0, slots: 1, cards: [] }
const HOUR = 3_600_000

function peers(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `peer-${from + index}`)
}

type Setup = Awaited<ReturnType<typeof setup>>

/** A node that knows of so many others. */
async function setup(others: number, seed = 1) {
  const clock = new ManualClock()
  const directory = createDirectory(clock, { self: 'self', name: 'self' })
  let spoken = 0
  const state = { alone: false }
  const upheaval = createUpheaval({
    clock,
    random: seededRandom(seed),
    directory,
    isAlone: () => state.alone,
    speak() {
      spoken += 1
      upheaval.told()
    },
    suspect: (peer, since) => void directory.doubt(peer, since)
  })
  const hear = (...[from, to]: [number, number]) => {
    for (const peer of peers(from, to)) directory.confirm(peer, STATEMENT, HOUR)
  }
  await directory.start()
  hear(0, others)
  await upheaval.start()
  await clock.advance(60_000)
  return {
    clock,
    directory,
    upheaval,
    state,
    hear,
    lose: (...[from, to]: [number, number]) => {
      for (const peer of peers(from, to)) directory.doubt(peer)
    },
    spoken: () => spoken,
    doubted: () => directory.size - directory.census().living
  }
}

test('who comes to know a quarter more speaks once, within a round', async () => {
  const { clock, hear, spoken } = await setup(99)
  hear(99, 123)
  await clock.advance(20_000)
  expect(spoken()).toBe(0)
  hear(123, 125)
  await clock.advance(12_000)
  expect(spoken()).toBe(1)
  await clock.advance(HOUR / 2)
  expect(spoken()).toBe(1)
})

test('each speaks at a moment of its own', async () => {
  const early = await Promise.all(
    Array.from({ length: 300 }, async (_, seed) => {
      const { clock, hear, spoken } = await setup(99, seed)
      hear(99, 200)
      await clock.advance(1000 + 5000)
      return spoken()
    })
  )
  const count = early.filter((times) => times === 1).length
  expect(count).toBeGreaterThan(120)
  expect(count).toBeLessThan(180)
})

test('who has spoken meanwhile does not speak again', async () => {
  const { clock, hear, upheaval, spoken } = await setup(99)
  hear(99, 200)
  await clock.advance(2000)
  upheaval.told()
  await clock.advance(20_000)
  expect(spoken()).toBe(0)
})

test('a swarm that grows and shrinks slowly is no upheaval', async () => {
  const { clock, directory, hear, spoken, doubted } = await setup(99)
  for (let known = 99; known < 400; known += 10) {
    hear(known, known + 10)
    await clock.advance(20_000)
  }
  for (let known = 400; known > 100; known -= 10) {
    for (const peer of peers(known - 10, known)) directory.remove(peer)
    await clock.advance(20_000)
  }
  expect(spoken()).toBe(0)
  expect(doubted()).toBe(0)
})

test('when a third is lost, who is not heard of within a round is doubted', async () => {
  const { clock, directory, hear, lose, spoken, doubted } = await setup(100)
  lose(0, 10)
  await clock.advance(15_000)
  lose(10, 35)
  directory.setConnected('peer-35', true)
  await clock.advance(8000)
  hear(36, 99)
  await clock.advance(8500)
  expect(directory.peer('peer-99')?.doubted).toBe(false)
  await clock.advance(2000)
  expect(spoken()).toBe(1)
  expect(directory.peer('peer-99')?.doubted).toBe(true)
  expect(doubted()).toBe(1)
  expect(directory.peer('peer-35')).toMatchObject({ connected: true, doubted: false })
  await clock.advance(9000)
  expect(directory.size).toBe(1 + 64)
})

test('of whom word comes shortly after the loss is missed as soon as the others', async () => {
  const { clock, directory, hear, lose, doubted } = await setup(100)
  lose(0, 50)
  await clock.advance(2900)
  hear(50, 100)
  await clock.advance(5000)
  hear(50, 99)
  await clock.advance(8600)
  expect(doubted()).toBe(0)
  await clock.advance(2000)
  expect(doubted()).toBe(1)
  expect(directory.peer('peer-99')?.doubted).toBe(true)
})

test('who has spoken before others may have noticed the loss speaks again, who speaks later does not', async () => {
  const { clock, hear, lose, upheaval, spoken } = await setup(100)
  lose(0, 50)
  await clock.advance(5900)
  upheaval.told()
  hear(50, 100)
  await clock.advance(7000)
  expect(spoken()).toBe(1)
  const other = await setup(100)
  other.lose(0, 50)
  await other.clock.advance(7000)
  const before = other.spoken()
  other.upheaval.told()
  other.hear(50, 100)
  await other.clock.advance(60_000)
  expect(other.spoken()).toBe(before)
})

test('a second loss while a speech is due does not put it off: others judge from the first', async () => {
  const { clock, hear, lose, spoken } = await setup(200)
  lose(0, 70)
  await clock.advance(5000)
  lose(70, 100)
  hear(100, 200)
  await clock.advance(7500)
  expect(spoken()).toBe(1)
})

test('of a loss that takes a while, words from its beginning on count', async () => {
  const { clock, directory, lose, hear, doubted } = await setup(200)
  for (let lost = 0; lost < 80; lost += 4) {
    lose(lost, lost + 4)
    await clock.advance(1000)
    // Others noticed a quarter less long before, and have spoken.
    if (lost === 60) hear(80, 199)
  }
  await clock.advance(30_000)
  expect(directory.peer('peer-100')).toMatchObject({ doubted: false })
  expect(directory.peer('peer-199')).toBeUndefined()
  expect(doubted()).toBe(0)
})

test('a node that stands still when its verdict is due first hears what came meanwhile', async () => {
  const { clock, hear, lose, doubted } = await setup(100)
  lose(0, 50)
  await clock.advance(10_000)
  clock.jump(8000)
  await clock.advance(2000)
  hear(50, 99)
  await clock.advance(2000)
  expect(doubted()).toBe(1)
})

test('a node that stands still for some seconds while others are lost speaks and judges all the same', async () => {
  const { clock, hear, lose, spoken, doubted } = await setup(100)
  lose(0, 50)
  clock.jump(7000)
  await clock.advance(8000)
  hear(50, 99)
  await clock.advance(11_000)
  expect(spoken()).toBe(1)
  expect(doubted()).toBe(1)
})

test.each([
  ['slept', async ({ clock }: Setup) => clock.jump(11_000)],
  [
    'was alone',
    async ({ clock, state }: Setup) => {
      state.alone = true
      await clock.advance(2000)
      state.alone = false
    }
  ]
])('whoever %s judges nobody', async (_, pass) => {
  const node = await setup(100)
  node.lose(0, 50)
  await node.clock.advance(3000)
  await pass(node)
  await node.clock.advance(60_000)
  expect(node.doubted()).toBe(0)
  expect(node.directory.size).toBe(51)
})

test('word of others that is younger than the loss saves who was not heard, older word does not', async () => {
  const { clock, directory, hear, lose } = await setup(100)
  lose(0, 40)
  await clock.advance(12_000)
  hear(40, 98)
  await clock.advance(7000)
  const told = (peer: string, ageMs: number) =>
    directory.hint(peer, STATEMENT, { ageMs, ttlMs: HOUR })
  told('peer-98', 10_000)
  told('peer-99', 30_000)
  expect(directory.peer('peer-98')?.doubted).toBe(false)
  expect(directory.peer('peer-99')?.doubted).toBe(true)
  await clock.advance(9000)
  told('peer-99', 45_000)
  expect(directory.peer('peer-99')).toBeUndefined()
  told('peer-99', 21_000)
  expect(directory.peer('peer-99')).toBeDefined()
})

test('when fewer are lost nobody is suspected, since others may not have noticed', async () => {
  const { clock, directory, lose, spoken } = await setup(100)
  lose(0, 19)
  await clock.advance(60_000)
  expect(spoken()).toBe(0)
  lose(19, 41)
  await clock.advance(60_000)
  expect(spoken()).toBe(1)
  expect(directory.size).toBe(1 + 59)
})

test('when the lost are back before the verdict, nobody is suspected: they have not had the time to speak', async () => {
  const { clock, directory, hear, lose } = await setup(100)
  lose(0, 50)
  await clock.advance(4000)
  hear(0, 50)
  await clock.advance(60_000)
  expect(directory.size).toBe(101)
})

test('nodes that a liar invents, and that expire together, make nobody suspect the living', async () => {
  const { clock, directory, doubted } = await setup(100)
  for (const peer of peers(1000, 1200)) {
    directory.hint(peer, STATEMENT, { ageMs: 590_000, ttlMs: 600_000 })
  }
  await clock.advance(5000)
  expect(directory.size).toBe(301)
  await clock.advance(120_000)
  expect(directory.size).toBe(101)
  expect(doubted()).toBe(0)
})

test('stops with no timer left, and has seen nothing when it starts again', async () => {
  const { clock, directory, upheaval, hear, lose, spoken, doubted } = await setup(100)
  lose(0, 50)
  await clock.advance(2000)
  await upheaval.stop()
  await directory.stop()
  expect(clock.pending).toBe(0)
  for (const peer of peers(0, 60)) directory.remove(peer)
  await upheaval.start()
  await clock.advance(60_000)
  expect(doubted()).toBe(0)
  hear(100, 200)
  await clock.advance(15_000)
  expect(spoken()).toBe(1)
})
