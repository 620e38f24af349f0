import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { createEventLog } from '../../../tasks/event-log.ts'
import type { EventLog } from '../../../tasks/event-log.ts'
import { collect } from '../../support/tasks.ts'

function setup(init: Parameters<typeof createEventLog>[0] = {}) {
  const log = createEventLog<number>(init)
  return { log, add: (count: number, bytes = 1) => add(log, count, bytes) }
}

function add(log: EventLog<number>, count: number, bytes: number): void {
  for (let i = 0; i < count; i += 1) {
    log.append(log.length, bytes)
    log.reveal(log.length)
  }
}

test('readers get what was there and what comes, from any position, in order', async () => {
  const { log, add: put } = setup()
  put(3)
  const all = collect(log.read(0))
  const late = collect(log.read(2))
  put(2)
  log.end()
  expect(await all).toEqual([0, 1, 2, 3, 4])
  expect(await late).toEqual([2, 3, 4])
  expect(log.readers).toBe(0)
})

test('an event is seen only once it is revealed', async () => {
  const { log } = setup()
  log.append(7, 1)
  const reader = log.read(0)
  const next = reader.next()
  expect(log.awaited).toBe(true)
  log.reveal(1)
  expect(await next).toEqual({ done: false, value: 7 })
})

test('a reader that falls too far behind is cut, and can read on from where it was', async () => {
  const { log, add: put } = setup({ backlogBytes: 10 })
  const slow = log.read(0)
  put(1)
  expect(await slow.next()).toEqual({ done: false, value: 0 })
  put(3, 5)
  await expect(slow.next()).rejects.toMatchObject({ code: 'SUBSCRIBER_SLOW' })
  expect(log.readers).toBe(0)
  log.end()
  expect(await collect(log.read(1))).toEqual([1, 2, 3])
})

test('what was there before a reader came does not count as its backlog', async () => {
  const { log, add: put } = setup({ backlogBytes: 10 })
  put(100, 5)
  log.end()
  expect(await collect(log.read(0))).toHaveLength(100)
})

test('a waiting reader can be left at once, by itself or by its signal', async () => {
  const { log } = setup()
  const reader = log.read(0)
  const waiting = reader.next()
  await reader.return?.()
  expect(await waiting).toEqual({ done: true, value: undefined })
  const controller = new AbortController()
  const other = log.read(0, controller.signal)
  const next = other.next()
  controller.abort(new LumosError('CANCELLED'))
  await expect(next).rejects.toMatchObject({ code: 'CANCELLED' })
  await expect(other.next()).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(log.readers).toBe(0)
})

test('an end with an error is told after the last event', async () => {
  const { log, add: put } = setup()
  put(1)
  log.end(new LumosError('SHUTTING_DOWN'))
  const reader = log.read(0)
  expect(await reader.next()).toEqual({ done: false, value: 0 })
  await expect(reader.next()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
})

test('the number of readers is bounded', () => {
  const { log } = setup({ readers: 1 })
  log.read(0)
  expect(() => log.read(0)).toThrow(LumosError)
})

test('a reader that has read everything asks for what is held back', async () => {
  const { log, add: put } = setup({ refill: () => put(log.length === 0 ? 1 : 0) })
  expect(await log.read(0).next()).toEqual({ done: false, value: 0 })
})
