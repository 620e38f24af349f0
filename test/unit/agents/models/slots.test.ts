/** Turns at a provider: how many at once, in which order, and what happens to those who leave. */
import { expect, test } from 'vitest'
import { createSlots } from '../../../../agents/models/slots.ts'

const { signal } = new AbortController()

test('turns are given in the order they were asked for, and never more than allowed', async () => {
  const slots = createSlots({ concurrency: 2, queue: 10 })
  const order: number[] = []
  const ends = [await slots.take('m', signal), await slots.take('m', signal)]
  const waiting = [1, 2, 3].map(async (number) => {
    const end = await slots.take('m', signal)
    order.push(number)
    return end
  })
  expect(order).toEqual([])
  ends[0]?.()
  // Ending one's turn twice gives no second place away.
  ends[0]?.()
  await waiting[0]
  expect(order).toEqual([1])
  ends[1]?.()
  await waiting[1]
  ;(await waiting[0])?.()
  await waiting[2]
  expect(order).toEqual([1, 2, 3])
})

test('who leaves gives up the place in the queue', async () => {
  const slots = createSlots({ concurrency: 1, queue: 1 })
  const end = await slots.take('m', signal)
  const leaving = new AbortController()
  const reason = new Error('left')
  const left = slots.take('m', leaving.signal)
  await expect(slots.take('m', signal)).rejects.toMatchObject({ code: 'MODEL_LIMITED' })
  leaving.abort(reason)
  await expect(left).rejects.toBe(reason)
  const next = slots.take('m', signal)
  end()
  ;(await next)()
})
