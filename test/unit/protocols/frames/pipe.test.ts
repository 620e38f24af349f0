import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { FrameBatch } from '../../../../protocols/frames/batch.ts'
import { createFramePipe } from '../../../../protocols/frames/pipe.ts'
import type { FramePipe, FrameSink } from '../../../../protocols/frames/pipe.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { FakeRawStream } from '../../../support/raw-stream.ts'
import type { RawPairInit } from '../../../support/raw-stream.ts'

/** How often the pipe looks at the clock. */
const FRAMES_A_LOOK = 4

class Recorder implements FrameSink {
  readonly seen: string[] = []
  onFrame: (() => void) | undefined

  frame(bytes: Uint8Array): void {
    this.seen.push(`frame ${bytes.length}`)
    this.onFrame?.()
  }
  drained(): void {
    this.seen.push('drained')
  }
  ended(): void {
    this.seen.push('ended')
  }
  failed(error: Error): void {
    this.seen.push(`failed ${'code' in error ? String(error.code) : error.message}`)
  }
}

function setup(init: RawPairInit = {}) {
  const clock = new ManualClock()
  const [rawA, rawB] = FakeRawStream.pair(init)
  const turns: (() => void)[] = []
  const defer = (action: () => void): void => void turns.push(action)
  const facts = { peer: 'p', path: 'direct', direction: 'inbound' } as const
  const a = createFramePipe({ clock, defer }, rawA, facts)
  const b = createFramePipe({ clock, defer }, rawB, facts)
  const sinkA = new Recorder()
  const sinkB = new Recorder()
  a.receive(sinkA)
  b.receive(sinkB)
  // A delivery may cause another: two turns of the loop.
  const settle = async () => {
    await clock.advance(0)
    await clock.advance(0)
  }
  const endTurn = () => turns.splice(0).forEach((action) => action())
  return { clock, rawA, rawB, a, b, sinkA, sinkB, settle, endTurn }
}

function send(pipe: FramePipe, ...lengths: number[]): void {
  const batch = new FrameBatch()
  for (const length of lengths) batch.reserve(length)
  const bytes = batch.take()
  if (bytes) pipe.send(bytes)
}

test('delivers frames, then the end', async () => {
  const { a, b, sinkB, sinkA, settle, rawA } = setup()
  send(a, 3, 0, 1000)
  const closed = a.close()
  await settle()
  expect(sinkB.seen).toEqual(['frame 3', 'frame 0', 'frame 1000', 'ended'])
  await b.close()
  await closed
  expect(sinkA.seen).toEqual(['ended'])
  expect(rawA.open).toBe(false)
})

test('a process that died looks like a truncation, though libp2p reports a normal close', async () => {
  const { a, sinkB, rawB, settle } = setup()
  send(a, 3)
  await settle()
  rawB.die()
  expect(sinkB.seen).toEqual(['frame 3', 'failed STREAM_TRUNCATED'])
})

test('a stream closed without the end mark is truncated', async () => {
  const { clock, rawA, sinkB, settle } = setup()
  await rawA.close({ signal: clock.timeout(1000) })
  await settle()
  expect(sinkB.seen).toEqual(['failed STREAM_TRUNCATED'])
})

test.for([
  ['a length above the limit', [0, 4, 0, 1], 'FRAME_TOO_LARGE'],
  ['bytes after the end mark', [255, 255, 255, 255, 0], 'FRAME_MALFORMED']
] as const)('%s breaks only this stream', async ([, bytes, code]) => {
  const { rawA, rawB, sinkB, settle } = setup()
  rawA.send(Uint8Array.from(bytes))
  await settle()
  expect(sinkB.seen).toEqual([`failed ${code}`])
  expect(rawB.open).toBe(false)
})

test('delivers nothing while paused, even from bytes that arrived already', async () => {
  const { a, b, sinkB, settle } = setup()
  sinkB.onFrame = () => b.pause()
  send(a, 1, 2, 3)
  await settle()
  expect(sinkB.seen).toEqual(['frame 1'])
  b.resume()
  await settle()
  expect(sinkB.seen).toEqual(['frame 1', 'frame 2'])
})

test('an end behind undelivered frames waits for them', async () => {
  const { a, b, sinkB, settle } = setup()
  b.pause()
  await settle()
  send(a, 1)
  await a.end()
  await settle()
  expect(sinkB.seen).toEqual([])
  b.resume()
  await settle()
  expect(sinkB.seen).toEqual(['frame 1', 'ended'])
})

test('says when a full transport can be written to again, every time', async () => {
  const { a, b, sinkA, settle } = setup({ window: 10 })
  for (let round = 1; round <= 3; round++) {
    b.pause()
    await settle()
    send(a, 100)
    expect(a.writable).toBe(false)
    b.resume()
    await settle()
    expect(sinkA.seen).toHaveLength(round)
  }
  expect(a.writable).toBe(true)
})

test('gives up on a peer that does not read', async () => {
  const { clock, a, b, sinkA, sinkB } = setup({ window: 10 })
  b.pause()
  await clock.advance(0)
  send(a, 100)
  await clock.advance(LIMITS.streamWriteStall.value)
  expect(sinkA.seen).toEqual(['failed WRITE_STALLED'])
  expect(sinkB.seen).toEqual(['failed STREAM_TRUNCATED'])
})

test('closing ends in time although the peer neither reads nor ends', async () => {
  const { clock, rawA, a, b } = setup({ window: 10 })
  b.pause()
  await clock.advance(0)
  send(a, 100)
  let closed = false
  const closing = a.close().then(() => (closed = true))
  await clock.advance(LIMITS.streamClose.value)
  await closing
  expect(closed).toBe(true)
  expect(rawA.open).toBe(false)
  expect(clock.pending).toBe(0)
})

test('who listens only after its first words found the stream closed is told', async () => {
  const clock = new ManualClock()
  const [raw] = FakeRawStream.pair()
  const facts = { peer: 'p', path: 'direct', direction: 'outbound' } as const
  const pipe = createFramePipe({ clock, defer: () => undefined }, raw, facts)
  const sink = new Recorder()
  raw.die()
  send(pipe, 1)
  pipe.receive(sink)
  await clock.advance(0)
  expect(sink.seen).toEqual(['failed STREAM_TRUNCATED'])
})

test('of a flood each turn of the loop takes a share, and all of it comes in order', async () => {
  const { a, b, sinkB, settle, endTurn } = setup()
  const share = LIMITS.turnFrames.value
  const lengths = Array.from({ length: 2 * share + 10 }, (_, index) => index)
  send(a, ...lengths)
  await settle()
  expect(sinkB.seen).toHaveLength(share)
  send(a, lengths.length)
  await settle()
  expect(sinkB.seen).toHaveLength(share)
  endTurn()
  expect(sinkB.seen).toHaveLength(2 * share)
  // Whoever has asked for a pause gets it, whatever turn it is.
  b.pause()
  endTurn()
  expect(sinkB.seen).toHaveLength(2 * share)
  b.resume()
  await settle()
  endTurn()
  await settle()
  expect(sinkB.seen).toEqual([...lengths, lengths.length].map((length) => `frame ${length}`))
})

test('the end of a stream waits for what a turn left over', async () => {
  const { a, sinkB, settle, endTurn } = setup()
  const lengths = Array.from({ length: LIMITS.turnFrames.value + 1 }, () => 1)
  send(a, ...lengths)
  void a.close()
  await settle()
  expect(sinkB.seen.includes('ended')).toBe(false)
  endTurn()
  expect(sinkB.seen).toEqual([...lengths.map(() => 'frame 1'), 'ended'])
})

test('frames that take long are fewer in a turn, so that those of others are not kept waiting', async () => {
  const { clock, a, sinkB, settle, endTurn } = setup()
  sinkB.onFrame = () => clock.jump(LIMITS.turnTime.value)
  const lengths = Array.from({ length: 3 * FRAMES_A_LOOK }, () => 1)
  send(a, ...lengths)
  await settle()
  expect(sinkB.seen).toHaveLength(FRAMES_A_LOOK)
  endTurn()
  await settle()
  expect(sinkB.seen).toHaveLength(2 * FRAMES_A_LOOK)
  endTurn()
  await settle()
  expect(sinkB.seen).toEqual(lengths.map(() => 'frame 1'))
})

test('after a large frame the clock is looked at at once', async () => {
  const { clock, a, sinkB, settle, endTurn } = setup()
  sinkB.onFrame = () => clock.jump(LIMITS.turnTime.value)
  const lengths = [4096, 4096, 4096]
  send(a, ...lengths)
  await settle()
  expect(sinkB.seen).toHaveLength(1)
  endTurn()
  await settle()
  expect(sinkB.seen).toHaveLength(2)
  endTurn()
  await settle()
  expect(sinkB.seen).toEqual(lengths.map((length) => `frame ${length}`))
})

test('time between its frames is not counted as theirs', async () => {
  const { clock, a, sinkB, settle } = setup()
  for (let delivery = 0; delivery < 3; delivery++) {
    send(a, ...Array.from({ length: FRAMES_A_LOOK }, () => 1))
    await settle()
    clock.jump(LIMITS.turnTime.value)
  }
  expect(sinkB.seen).toHaveLength(3 * FRAMES_A_LOOK)
})

test('a sink that throws breaks its stream, not the node', async () => {
  const { a, sinkB, rawB, settle } = setup()
  sinkB.onFrame = () => {
    throw new TypeError('a bug')
  }
  send(a, 1, 2)
  await settle()
  expect(sinkB.seen).toEqual(['frame 1', 'failed INTERNAL'])
  expect(rawB.open).toBe(false)
})
