import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WireGuard, WireViolation } from '../../../../node/libp2p/wire-guard.ts'
import type { Framing } from '../../../../node/libp2p/wire-guard.ts'
import { FrameGuard } from '../../../../node/libp2p/frame-guard.ts'

const HEADER = '/multistream/1.0.0'
const AGREED: Readonly<Record<string, Framing>> = {
  '/short/1': { maxBytes: 300 },
  '/relay/1': { maxBytes: 300, messages: 1 },
  '/own/1': 'opaque'
}

function line(text: string): Buffer {
  const bytes = Buffer.from(`${text}\n`)
  const length =
    bytes.length < 128 ? [bytes.length] : [(bytes.length & 127) | 128, bytes.length >> 7]
  return Buffer.concat([Uint8Array.from(length), bytes])
}

function message(length: number, fill = 0xff): Buffer {
  const prefix = length < 128 ? [length] : [(length & 127) | 128, length >> 7]
  return Buffer.concat([Uint8Array.from(prefix), Buffer.alloc(length, fill)])
}

/** What a guard says to bytes that come in pieces: where it threw, if it did. */
function judge(bytes: Uint8Array, sizes: readonly number[] = []) {
  const guard = new WireGuard((text) => AGREED[text])
  let offset = 0
  for (const size of [...sizes, bytes.byteLength]) {
    try {
      guard.feed(bytes.subarray(offset, offset + size))
    } catch (error) {
      expect(error).toBeInstanceOf(WireViolation)
      return 'refused'
    }
    offset = Math.min(bytes.byteLength, offset + size)
  }
  return guard.watching ? 'watching' : 'done'
}

const ENDLESS = Buffer.alloc(3, 0xff)
const STREAMS: readonly (readonly [string, Uint8Array, string])[] = [
  [
    'an honest negotiation of a protocol of ours',
    Buffer.concat([line(HEADER), line('/own/1')]),
    'done'
  ],
  ['what a protocol of ours sends', Buffer.concat([line(HEADER), line('/own/1'), ENDLESS]), 'done'],
  [
    'a refused proposal first',
    Buffer.concat([line(HEADER), line('/new/2'), line('/own/1')]),
    'done'
  ],
  [
    'messages of bounded length, full of high bytes',
    Buffer.concat([line(HEADER), line('/short/1'), message(300), message(0), message(127)]),
    'watching'
  ],
  [
    'a link that begins after one message',
    Buffer.concat([line(HEADER), line('/relay/1'), message(300), ENDLESS]),
    'done'
  ],
  [
    'an endless length in place of that message',
    Buffer.concat([line(HEADER), line('/relay/1'), Buffer.alloc(4, 0xff)]),
    'refused'
  ],
  ['nothing', new Uint8Array(), 'watching'],
  ['another greeting', line('/multistream/2.0.0'), 'refused'],
  ['no greeting at all', ENDLESS, 'refused'],
  ['an endless length after the greeting', Buffer.concat([line(HEADER), ENDLESS]), 'refused'],
  [
    'an endless length in place of a message',
    Buffer.concat([line(HEADER), line('/short/1'), Buffer.alloc(4, 0xff)]),
    'refused'
  ],
  ['a message too long', Buffer.concat([line(HEADER), line('/short/1'), message(301)]), 'refused'],
  ['a line too long', Buffer.concat([line(HEADER), line('x'.repeat(1024))]), 'refused'],
  [
    'a bargain without end',
    Buffer.concat([line(HEADER), ...Array.from({ length: 40 }, () => line('na'))]),
    'refused'
  ]
]

test.for(STREAMS)('judges %s', ([, bytes, verdict]) => {
  expect(judge(bytes)).toBe(verdict)
})

test('says the same however the bytes are cut', () => {
  const stream = fc.constantFrom(...STREAMS)
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 200 })
  fc.assert(
    fc.property(stream, cuts, ([, bytes, verdict], sizes) => {
      expect(judge(bytes, sizes)).toBe(verdict)
    })
  )
})

test('no bytes make it throw anything but a violation, nor buffer more than a line', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => {
      expect(['refused', 'watching', 'done']).toContain(judge(Buffer.concat([line(HEADER), bytes])))
    })
  )
})

function frame(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes[1] = type
  bytes.writeUInt32BE(length, 8)
  return bytes
}

test('lets frames of the muxer pass, wherever they are cut', () => {
  const bytes = Buffer.concat([
    frame(0, 100),
    Buffer.alloc(100, 0xff),
    frame(2, 0xffffffff),
    frame(0, 0),
    frame(1, 0xffffffff),
    frame(0, 1000)
  ])
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 100 }), (sizes) => {
      const guard = new FrameGuard(1000)
      let offset = 0
      for (const size of [...sizes, bytes.length]) {
        guard.feed(bytes.subarray(offset, offset + size))
        offset += size
      }
    })
  )
  expect(() => new FrameGuard(1000).feed(frame(0, 1001))).toThrow(WireViolation)
})
