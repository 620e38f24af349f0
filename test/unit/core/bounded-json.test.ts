import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseBoundedJson } from '../../../core/bounded-json.ts'
import { LIMITS } from '../../../core/limits.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

test('whatever JSON.parse makes of a document of honest size is what comes out', () => {
  const value = fc.jsonValue({ maxDepth: 8, stringUnit: 'binary' })
  fc.assert(
    fc.property(value, fc.constantFrom(0, 2), (given, indent) => {
      const text = JSON.stringify(given, null, indent)
      expect(parseBoundedJson(bytes(text))).toEqual(JSON.parse(text))
    }),
    { numRuns: 300 }
  )
})

test('brackets, commas and quotes in strings do not count', () => {
  const text = JSON.stringify({ '"[[\\': `${'[{,'.repeat(200_000)}\\"`, b: ['\\', '\\"', ''] })
  expect(parseBoundedJson(bytes(text))).toEqual(JSON.parse(text))
})

test.for([
  ['brackets that open for ever', '['.repeat(8_000_000)],
  ['brackets within brackets', nested(LIMITS.jsonDepth.value + 1)],
  ['objects within objects', `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`],
  ['many small arrays', `[${'[],'.repeat(4_000_000)}0]`],
  ['many numbers', `[${'0,'.repeat(2 * LIMITS.jsonNodes.value)}0]`],
  ['a bomb behind an escaped quote', `["\\\\",${nested(40)}]`]
])('%s are refused before they are parsed', ([, text]) => {
  expect(() => parseBoundedJson(bytes(text ?? ''))).toThrow(RangeError)
})

test('what is deep and wide within the limits is taken', () => {
  expect(parseBoundedJson(bytes(nested(LIMITS.jsonDepth.value)))).toBeInstanceOf(Array)
  const wide = `[${'0,'.repeat(LIMITS.jsonNodes.value - 2)}0]`
  expect(parseBoundedJson(bytes(wide))).toHaveLength(LIMITS.jsonNodes.value - 1)
})

test.for(['', '{', '["', '"\\', '[1,]', ']', '\xff'])('%j is no JSON', (text) => {
  expect(() => parseBoundedJson(Buffer.from(text, 'latin1'))).toThrow(Error)
})
