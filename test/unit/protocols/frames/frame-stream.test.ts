import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { afterThisTurn } from '../../../../core/turn.ts'
import { createFrameStream } from '../../../../protocols/frames/frame-stream.ts'
import type { FrameStream, FrameStreamInit } from '../../../../protocols/frames/frame-stream.ts'
import { createFramePipe } from '../../../../protocols/frames/pipe.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { FakeRawStream } from '../../../support/raw-stream.ts'
import type { RawPairInit } from '../../../support/raw-stream.ts'

function setup(init: FrameStreamInit = {}, pair: RawPairInit = {}) {
  const clock = new ManualClock()
  const [rawA, rawB] = FakeRawStream.pair(pair)
  const defer = afterThisTurn
  const facts = { peer: 'p', path: 'direct', direction: 'inbound' } as const
  const a = createFrameStream({ clock }, createFramePipe({ clock, defer }, rawA, facts))
  const b = createFrameStream({ clock }, createFramePipe({ clock, defer }, rawB, facts), init)
  return { clock, rawA, rawB, a, b }
}

/** Lengths of the frames, then how it ended. */
async function readAll(stream: FrameStream): Promise<unknown[]> {
  const seen: unknown[] = []
  try {
    for await (const frame of stream) seen.push(frame.length)
    return [...seen, 'end']
  } catch (error) {
    return [...seen, error]
  }
}

test('an end mark ends the loop', async () => {
  const { a, b } = setup()
  await a.write(new Uint8Array(5))
  await a.write(new Uint8Array(0))
  await a.end()
  expect(await readAll(b)).toEqual([5, 0, 'end'])
})

test('frames that came before a break are read first, then the break is thrown', async () => {
  const { clock, a, b, rawA } = setup()
  await a.write(new Uint8Array(5))
  await clock.advance(0)
  rawA.die()
  expect(await readAll(b)).toEqual([5, expect.objectContaining({ code: 'STREAM_TRUNCATED' })])
})

test('silence breaks a stream only while a frame is awaited', async () => {
  const { clock, a, b } = setup({ idleMs: 1000 })
  await clock.advance(5000)
  await a.write(new Uint8Array(5))
  const read = readAll(b)
  await clock.advance(1000)
  expect(await read).toEqual([5, expect.objectContaining({ code: 'STREAM_IDLE' })])
})

test('an aborted signal breaks the stream with its reason and is not held on to', async () => {
  const controller = new AbortController()
  const { a, b } = setup({ signal: controller.signal })
  const reading = readAll(b)
  const reason = new DOMException('enough', 'AbortError')
  controller.abort(reason)
  expect(await reading).toEqual([reason])
  expect(await readAll(a)).toEqual([expect.objectContaining({ code: 'STREAM_TRUNCATED' })])
})

test('leaving the loop early breaks the stream', async () => {
  const { a, b, rawB } = setup()
  await a.write(new Uint8Array(1))
  for await (const frame of b) {
    expect(frame).toHaveLength(1)
    break
  }
  expect(rawB.open).toBe(false)
})

test('a slow reader stops the writer, and neither side grows', async () => {
  const window = 256 * 1024
  const { clock, a, b, rawB } = setup({}, { window })
  let written = 0
  const writing = (async () => {
    for (; written < 200; written++) await a.write(new Uint8Array(64 * 1024))
    await a.end()
  })()
  for (let turn = 0; turn < 50; turn++) await clock.advance(0)
  const held = written * 64 * 1024
  expect(held).toBeLessThan(LIMITS.frameQueueBytes.value + window + 6 * 64 * 1024)
  expect(rawB.readBufferLength).toBeLessThanOrEqual(window + 64 * 1024 + 4)
  const read = await readAll(b)
  await writing
  expect(read).toHaveLength(201)
})

test('writing to a stream that broke while waiting fails with what broke it', async () => {
  const { a, b, rawA } = setup({}, { window: 10 })
  await a.write(new Uint8Array(100))
  queueMicrotask(() => rawA.die())
  await expect(a.write(new Uint8Array(100))).rejects.toMatchObject({ code: 'STREAM_TRUNCATED' })
  b.abort(new Error('done'))
})

test('refuses to write a frame that no peer would take, or after the end', async () => {
  const { a } = setup()
  const large = new Uint8Array(LIMITS.frameBytes.value + 1)
  await expect(a.write(large)).rejects.toMatchObject({ code: 'FRAME_TOO_LARGE' })
  await a.end()
  await expect(a.write(new Uint8Array(1))).rejects.toThrow(TypeError)
})
