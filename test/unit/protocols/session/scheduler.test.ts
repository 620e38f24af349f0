import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { FrameBatch } from '../../../../protocols/frames/batch.ts'
import { FrameDecoder } from '../../../../protocols/frames/decoder.ts'
import { decodeFrame } from '../../../../protocols/session/codec.ts'
import type { DataFrame } from '../../../../protocols/session/codec.ts'
import { Lane, Scheduler } from '../../../../protocols/session/scheduler.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const CHUNK = LIMITS.chunkBytes.value
const END = 3

function setup() {
  const clock = new ManualClock()
  const batch = new FrameBatch()
  const scheduler = new Scheduler(clock, batch)
  /** What leaves until nothing can: call id, bytes, flags. */
  const drain = (most = Infinity): [id: number, bytes: number, flags: number][] => {
    for (let count = 0; count < most && scheduler.writeNext();) count++
    return framesOf(batch).map(({ id, body, flags }) => [id, body.length, flags])
  }
  /** The peer has received and consumed everything at once. */
  const acknowledge = (bytes: number, ...lanes: Lane[]): void => {
    scheduler.grantSession(bytes)
    for (const lane of lanes) scheduler.grant(lane, bytes)
  }
  return { clock, scheduler, drain, acknowledge }
}

function framesOf(batch: FrameBatch): DataFrame[] {
  const decoder = new FrameDecoder(LIMITS.frameBytes.value)
  decoder.push(batch.take() ?? new Uint8Array())
  const frames: DataFrame[] = []
  for (let bytes = decoder.next(); bytes; bytes = decoder.next()) {
    const frame = decodeFrame(bytes)
    if (frame.type === 0x04) frames.push(frame)
  }
  return frames
}

test('calls take turns, a chunk each, and keep the order of their own messages', () => {
  const { scheduler, drain, acknowledge } = setup()
  const [one, two] = [new Lane(1), new Lane(3)]
  scheduler.push(one, new Uint8Array(2 * CHUNK), END)
  scheduler.push(two, new Uint8Array(100), 1)
  scheduler.push(two, new Uint8Array(200), END)
  expect(drain(1)).toEqual([[1, CHUNK, 0]])
  acknowledge(CHUNK + 64)
  expect(drain()).toEqual([
    [3, 100, 1],
    [1, CHUNK, END],
    [3, 200, END]
  ])
  expect(scheduler.queuedBytes).toBe(0)
})

test('a call without credit waits, and does not hold up the others', () => {
  const { scheduler, drain, acknowledge } = setup()
  const [poor, rich] = [new Lane(1), new Lane(3)]
  poor.credit.available = 0
  scheduler.push(poor, new Uint8Array(10), END)
  scheduler.push(rich, new Uint8Array(20), END)
  expect(drain()).toEqual([[3, 20, END]])
  acknowledge(1000, poor)
  expect(drain()).toEqual([[1, 10, END]])
})

test('never sends more than either window allows', () => {
  const { scheduler, drain } = setup()
  const lane = new Lane(1)
  scheduler.push(lane, new Uint8Array(10 * LIMITS.sessionWindow.value), END)
  const sent = drain().reduce((bytes, [, length]) => bytes + length + 64, 0)
  expect(sent).toBeLessThanOrEqual(LIMITS.callWindow.value)
})

test('a way that queues is given less bulk, and an empty one more', () => {
  const { clock, scheduler, drain } = setup()
  const lane = new Lane(1)
  lane.credit.available = 1e9
  scheduler.push(lane, new Uint8Array(100_000_000), END)
  const burst = (transit: number): number => {
    const sent = drain().reduce((bytes, [, length]) => bytes + length + 64, 0)
    clock.jump(transit)
    scheduler.grantSession(sent)
    return sent
  }
  const first = burst(2)
  for (let turn = 0; turn < 20; turn++) burst(2)
  const fast = burst(2)
  for (let turn = 0; turn < 20; turn++) burst(60)
  const slow = burst(60)
  expect(first).toBeLessThan(3 * CHUNK)
  expect(fast).toBeGreaterThan(10 * CHUNK)
  expect(slow).toBeLessThan(3 * CHUNK)
})

test('what a dropped call had queued is forgotten', () => {
  const { scheduler, drain } = setup()
  const lane = new Lane(1)
  scheduler.push(lane, new Uint8Array(3 * CHUNK), END)
  drain(1)
  scheduler.drop(lane)
  expect([scheduler.queuedBytes, drain()]).toEqual([0, []])
})
