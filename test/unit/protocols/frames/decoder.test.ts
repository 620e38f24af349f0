import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameBatch } from '../../../../protocols/frames/batch.ts'
import { FrameDecoder } from '../../../../protocols/frames/decoder.ts'

const LIMIT = 1000
const END = Uint8Array.of(0xff, 0xff, 0xff, 0xff)

function framed(frames: readonly Uint8Array[]): Uint8Array {
  const batch = new FrameBatch()
  for (const frame of frames) {
    const at = batch.reserve(frame.length)
    batch.bytes.set(frame, at)
  }
  return batch.take() ?? new Uint8Array()
}

function decode(chunks: readonly Uint8Array[], decoder = new FrameDecoder(LIMIT)): number[][] {
  const frames: number[][] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (let frame = decoder.next(); frame; frame = decoder.next()) frames.push([...frame])
  }
  return frames
}

/** Cuts `bytes` at every place that `sizes` names, over and over. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

test('frames survive any way of cutting the bytes', () => {
  const frames = fc.array(fc.uint8Array({ maxLength: LIMIT }), { maxLength: 8 })
  const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(frames, sizes, (sent, by) => {
      expect(decode(cut(framed(sent), by))).toEqual(sent.map((frame) => [...frame]))
    })
  )
})

test('a batch keeps what was begun when it outgrows its buffer', () => {
  const frames = Array.from({ length: 50 }, (_, index) => new Uint8Array(5000).fill(index))
  expect(decode([framed(frames)], new FrameDecoder(5000))).toEqual(frames.map((f) => [...f]))
})

test('a batch gives its bytes once, and goes on after them', () => {
  const batch = new FrameBatch()
  const put = (value: number): void => {
    const at = batch.reserve(1)
    batch.bytes[at] = value
  }
  put(7)
  const first = batch.take()
  put(8)
  expect([first, batch.take(), batch.take()].map((bytes) => bytes && [...bytes])).toEqual([
    [0, 0, 0, 1, 7],
    [0, 0, 0, 1, 8],
    undefined
  ])
})

test('refuses an announced length before it buffers anything', () => {
  const decoder = new FrameDecoder(LIMIT)
  decoder.push(Uint8Array.of(0, 0, 0x03, 0xe9))
  expect(() => decoder.next()).toThrow(
    expect.objectContaining({ code: 'FRAME_TOO_LARGE', details: { bytes: 1001, limit: 1000 } })
  )
})

test('knows the end mark, and that nothing may follow it', () => {
  const decoder = new FrameDecoder(LIMIT)
  expect(decode([framed([Uint8Array.of(1)]), END], decoder)).toEqual([[1]])
  expect(decoder.ended).toBe(true)
  decoder.push(Uint8Array.of(0))
  expect(() => decoder.next()).toThrow(expect.objectContaining({ code: 'FRAME_MALFORMED' }))
})

test('costs no memory for a length that is only announced', () => {
  const decoder = new FrameDecoder(256 * 1024)
  const before = process.memoryUsage().arrayBuffers
  const decoders = Array.from({ length: 200 }, () => {
    const announced = new FrameDecoder(256 * 1024)
    announced.push(Uint8Array.of(0, 4, 0, 0, 1))
    announced.next()
    return announced
  })
  expect(decoders).toHaveLength(200)
  expect(decoder.ended).toBe(false)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024)
})
