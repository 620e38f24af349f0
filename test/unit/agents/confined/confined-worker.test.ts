/** Confined work: turns, deadlines and the life of the process, with a process made of promises. */
import { expect, test, vi } from 'vitest'
import type { ConfinedProcess } from '../../../../agents/confined/confined-process.ts'
import { createConfinedWorker } from '../../../../agents/confined/confined-worker.ts'
import type { JobDone } from '../../../../agents/confined/job.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const never = new AbortController().signal

const INIT = { startMs: 20_000, timeMs: 3000, idleMs: 60_000, queue: 8 }

/** Starts processes that answer only when the test says so. */
function setup(ready: Promise<void> = Promise.resolve()) {
  const clock = new ManualClock()
  const asked: { work: string; done: PromiseWithResolvers<JobDone<string>> }[] = []
  const kill = vi.fn<() => void>()
  const holds: boolean[] = []
  const start = vi.fn<() => ConfinedProcess<string, string>>(() => {
    const gone = Promise.withResolvers<void>()
    return {
      ready,
      perform(work) {
        const done = Promise.withResolvers<JobDone<string>>()
        asked.push({ work, done })
        void gone.promise.then(() => done.reject(new Error('died')))
        return done.promise
      },
      hold: (held) => void holds.push(held),
      kill() {
        kill()
        gone.resolve()
      },
      gone: gone.promise
    }
  })
  const worker = createConfinedWorker({ clock, start }, INIT)
  async function answer(value: string, failed = false): Promise<void> {
    await clock.advance(0)
    asked
      .at(-1)
      ?.done.resolve(failed ? { id: asked.length, failed: value } : { id: asked.length, value })
  }
  return { clock, worker, start, kill, asked, holds, answer }
}

test('starts nothing before the first job, and keeps the process for the next', async () => {
  const { worker, start, answer, holds } = setup()
  expect(start).not.toHaveBeenCalled()
  for (const text of ['4', '6']) {
    const result = worker.perform('x', never)
    await answer(text)
    expect(await result).toBe(text)
  }
  expect(start).toHaveBeenCalledOnce()
  expect(holds).toEqual([true, false, true, false])
})

test('one job at a time, in the order they came', async () => {
  const { worker, asked, answer } = setup()
  const results = ['a', 'b', 'c'].map((expression) => worker.perform(expression, never))
  for (const text of ['A', 'B', 'C']) await answer(text)
  expect(await Promise.all(results)).toEqual(['A', 'B', 'C'])
  expect(asked.map(({ work }) => work)).toEqual(['a', 'b', 'c'])
})

test('a wrong job fails, and the process lives', async () => {
  const { worker, answer, kill } = setup()
  const result = worker.perform('1 +', never).catch((error: Error) => error.message)
  await answer('unexpected end', true)
  expect(await result).toBe('unexpected end')
  expect(kill).not.toHaveBeenCalled()
})

test('a job without end is killed at its deadline, and the next gets a new process', async () => {
  const { worker, clock, start, kill, answer } = setup()
  const endless = worker.perform('∞', never).catch((error: Error) => error.message)
  const next = worker.perform('2', never)
  await clock.advance(INIT.timeMs)
  expect(await endless).toBe('it takes longer than 3 s')
  expect(kill).toHaveBeenCalledOnce()
  await answer('2')
  expect(await next).toBe('2')
  expect(start).toHaveBeenCalledTimes(2)
})

test('a cancelled job ends with the reason, and its process with it', async () => {
  const { worker, clock, kill } = setup()
  const controller = new AbortController()
  const result = worker.perform('x', controller.signal).catch((error: unknown) => error)
  await clock.advance(0)
  const reason = new Error('enough')
  controller.abort(reason)
  expect(await result).toBe(reason)
  expect(kill).toHaveBeenCalledOnce()
})

test('one that is cancelled while the process starts leaves it to the next: no cancelling makes many processes', async () => {
  const loaded = Promise.withResolvers<void>()
  const { worker, clock, answer, start, kill, asked } = setup(loaded.promise)
  const outcomes = Array.from({ length: 5 }, async () => {
    const controller = new AbortController()
    const result = worker.perform('a', controller.signal).catch(() => 'cancelled')
    await clock.advance(0)
    controller.abort()
    return result
  })
  expect(await Promise.all(outcomes)).toEqual(Array.from({ length: 5 }, () => 'cancelled'))
  const next = worker.perform('b', never)
  loaded.resolve()
  await answer('B')
  expect(await next).toBe('B')
  expect(asked.map(({ work }) => work)).toEqual(['b'])
  expect(start).toHaveBeenCalledOnce()
  expect(kill).not.toHaveBeenCalled()
})

test('one that was cancelled before its turn is not begun', async () => {
  const { worker, clock, start } = setup()
  const controller = new AbortController()
  const result = worker.perform('a', controller.signal).catch(() => 'cancelled')
  controller.abort()
  expect(await result).toBe('cancelled')
  await clock.advance(0)
  expect(start).not.toHaveBeenCalled()
})

test('one that is cancelled while it waits costs the others nothing', async () => {
  const { worker, asked, answer, kill } = setup()
  const controller = new AbortController()
  const first = worker.perform('a', never)
  const second = worker.perform('b', controller.signal).catch(() => 'cancelled')
  const third = worker.perform('c', never)
  controller.abort()
  expect(await second).toBe('cancelled')
  await answer('A')
  expect(await first).toBe('A')
  await answer('C')
  expect(await third).toBe('C')
  expect(asked.map(({ work }) => work)).toEqual(['a', 'c'])
  expect(kill).not.toHaveBeenCalled()
})

test('more than can wait are refused at once', async () => {
  const { worker, kill } = setup()
  const controller = new AbortController()
  const waiting = Array.from({ length: INIT.queue }, () =>
    worker.perform('x', controller.signal).catch(() => undefined)
  )
  await expect(worker.perform('x', never)).rejects.toMatchObject({ code: 'OVERLOADED' })
  controller.abort()
  await Promise.all(waiting)
  expect(kill.mock.calls.length).toBeLessThanOrEqual(1)
})

test('the process goes when it has been idle, and when the node stops', async () => {
  const { worker, clock, kill, answer } = setup()
  const result = worker.perform('x', never)
  await answer('X')
  await result
  await clock.advance(INIT.idleMs)
  expect(kill).toHaveBeenCalledOnce()
  const again = worker.perform('x', never)
  await answer('X')
  await again
  await worker.stop()
  expect(kill).toHaveBeenCalledTimes(2)
})
