import { expect, test } from 'vitest'
import { createTurnQueue } from '../../../core/turn-queue.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const SHARE_MS = 4
const MOST_MS = 16

function setup() {
  const clock = new ManualClock()
  const turns: (() => void)[] = []
  const defer = (action: () => void): void => void turns.push(action)
  const queue = createTurnQueue({ clock, defer }, { leastMs: SHARE_MS, mostMs: MOST_MS })
  const done: string[] = []
  const run = (name: string, ms: number): Promise<void> =>
    queue.run(async () => {
      clock.jump(ms)
      done.push(name)
    })
  const settle = async () => clock.advance(0)
  const endTurn = async () => {
    for (const turn of turns.splice(0)) turn()
    await settle()
  }
  return { clock, queue, turns, done, run, settle, endTurn }
}

test('work that takes long waits for the next turn, in the order in which it came', async () => {
  const { done, run, settle, endTurn } = setup()
  const all = ['a', 'b', 'c', 'd', 'e'].map(async (name) => run(name, 3))
  await settle()
  expect(done).toEqual(['a', 'b'])
  await endTurn()
  expect(done).toEqual(['a', 'b', 'c', 'd'])
  all.push(run('f', 3))
  await endTurn()
  expect(done).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  await Promise.all(all)
})

test('little work waits for nothing', async () => {
  const { done, run, turns } = setup()
  for (const name of ['a', 'b', 'c']) await run(name, 1)
  expect(done).toEqual(['a', 'b', 'c'])
  // One for all that was done in this turn.
  expect(turns).toHaveLength(1)
})

test('what fails, and what never ends, keeps nobody else waiting for ever', async () => {
  const { clock, queue, done, run, endTurn } = setup()
  void queue.run(() => {
    clock.jump(SHARE_MS)
    return new Promise(() => undefined)
  })
  const failing = queue
    .run(() => Promise.reject(new Error('a defect')))
    .catch((error: unknown) => String(error))
  const after = run('after', 1)
  await endTurn()
  expect(await failing).toContain('a defect')
  await endTurn()
  await after
  expect(done).toEqual(['after'])
})

test('where others make turns long, its share is a quarter of them, up to a bound', async () => {
  const { clock, done, run, settle, endTurn } = setup()
  for (let index = 0; index < 20; index++) void run(`${index}`, 1)
  await settle()
  expect(done).toHaveLength(SHARE_MS)
  clock.jump(36)
  await endTurn()
  expect(done).toHaveLength(SHARE_MS + 10)
  await endTurn()
  // That turn was short again, but for its own work.
  expect(done).toHaveLength(2 * SHARE_MS + 10)
})

test('a turn that took very long leaves no more than the bound', async () => {
  const { clock, done, run, settle, endTurn } = setup()
  for (let index = 0; index < 30; index++) void run(`${index}`, 1)
  await settle()
  clock.jump(10_000)
  await endTurn()
  expect(done).toHaveLength(SHARE_MS + MOST_MS)
})

test('time that passed while it awaited later turns is not its own', async () => {
  const { clock, queue, done, run, settle, endTurn } = setup()
  const { promise, resolve } = Promise.withResolvers<void>()
  const waiting = queue.run(() => promise)
  await endTurn()
  clock.jump(50)
  resolve()
  await waiting
  void run('another', 1)
  await settle()
  expect(done).toEqual(['another'])
})
