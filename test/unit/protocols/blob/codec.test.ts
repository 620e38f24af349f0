import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { blobManifest, manifestBytes } from '../../../../core/blob.ts'
import { toLumosError } from '../../../../core/errors.ts'
import * as codec from '../../../../protocols/blob/codec.ts'

const MANIFEST = blobManifest(256 * 1024 + 1, ['11'.repeat(32), '22'.repeat(32)])

test('frames are those of the specification', () => {
  const name = 'b0'.repeat(32)
  expect(Buffer.from(codec.encodeQuestion(name)).toString('hex')).toBe(name)
  const list = `000000040001${'11'.repeat(32)}${'22'.repeat(32)}`
  const here = Buffer.from(codec.encodeAnswer('here', MANIFEST)).toString('hex')
  expect(here).toBe(`00${list}`)
  expect([...codec.encodeAnswer('absent')]).toEqual([1])
  expect([...codec.encodeAnswer('busy')]).toEqual([2])
  expect(Buffer.from(codec.encodeStart(258)).toString('hex')).toBe('00000102')
})

test('what was written is read again', () => {
  expect(codec.decodeQuestion(codec.encodeQuestion(MANIFEST.hash))).toBe(MANIFEST.hash)
  expect(codec.decodeAnswer(MANIFEST.hash, codec.encodeAnswer('here', MANIFEST))).toEqual(MANIFEST)
  expect(codec.decodeAnswer(MANIFEST.hash, codec.encodeAnswer('busy'))).toBeUndefined()
  expect(codec.decodeStart(codec.encodeStart(2), MANIFEST)).toBe(2)
  expect(() => codec.decodeStart(codec.encodeStart(3), MANIFEST)).toThrow(/no such chunk/)
})

test('a list of chunks with any other byte is that of another blob', () => {
  const frame = Buffer.from(codec.encodeAnswer('here', MANIFEST))
  for (let at = 1; at < frame.length; at += 1) {
    const other = Buffer.from(frame)
    other[at] = (other[at] ?? 0) ^ 1
    expect(() => codec.decodeAnswer(MANIFEST.hash, other)).toThrow(/other bytes/)
  }
  expect(manifestBytes(MANIFEST)).toHaveLength(70)
})

test('no bytes of a peer do more than be refused', () => {
  const codes = new Set<string>()
  function refused(action: () => unknown): void {
    try {
      action()
    } catch (error) {
      codes.add(toLumosError(error).code)
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      refused(() => codec.decodeQuestion(bytes))
      refused(() => codec.decodeAnswer(MANIFEST.hash, bytes))
      refused(() => codec.decodeAnswer(MANIFEST.hash, Uint8Array.of(0, ...bytes)))
      refused(() => codec.decodeStart(bytes, MANIFEST))
    }),
    { seed: 1, numRuns: 1000 }
  )
  expect([...codes].toSorted()).toEqual(['BLOB_INVALID', 'FRAME_MALFORMED'])
})
