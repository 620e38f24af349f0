import { expect, test } from 'vitest'
import { Outbox } from '../../../../protocols/session/outbox.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setup() {
  const deferred: (() => void)[] = []
  const writes: number[] = []
  const port = {
    writable: true,
    send: (frames: Uint8Array) => void writes.push(frames.length),
    pause: () => {},
    resume: () => {}
  }
  const outbox = new Outbox({
    clock: new ManualClock(),
    port,
    defer: (action) => void deferred.push(action)
  })
  const answer = (id: number, bytes: number) => outbox.data(id, new Uint8Array(bytes), 0)
  const endTick = () => deferred.splice(0).forEach((action) => action())
  return { answer, endTick, port, writes }
}

test('the frames of one tick are one write', () => {
  const { answer, endTick, writes } = setup()
  answer(1, 100)
  answer(3, 100)
  expect(writes).toEqual([])
  endTick()
  expect(writes).toHaveLength(1)
})

test('much of it leaves before the tick ends, so that the peer need not wait for the rest', () => {
  const { answer, endTick, writes } = setup()
  for (let id = 1; id < 100; id += 2) answer(id, 1000)
  expect(writes).toHaveLength(1)
  expect(writes[0]).toBeGreaterThanOrEqual(32 * 1024)
  endTick()
  expect(writes).toHaveLength(2)
})

test('nothing leaves while the transport takes nothing', () => {
  const { answer, endTick, port, writes } = setup()
  port.writable = false
  for (let id = 1; id < 100; id += 2) answer(id, 1000)
  endTick()
  expect(writes).toEqual([])
})
