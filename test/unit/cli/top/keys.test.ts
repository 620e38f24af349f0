/** What a terminal sends, as keys. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createKeyDecoder, readKeys, type Key } from '../../../../cli/top/keys.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setup() {
  const clock = new ManualClock()
  const keys: Key[] = []
  const decoder = createKeyDecoder(clock, (key) => keys.push(key))
  return { clock, keys, decoder }
}

test.for([
  ['q', ['q']],
  ['\u001b[A\u001b[B', ['up', 'down']],
  ['\u001bOA\u001bOB', ['up', 'down']],
  ['\u001b[5~\u001b[6~\u001b[H\u001b[4~', ['page-up', 'page-down', 'home', 'end']],
  ['\t\u001b[Z\r', ['tab', 'back-tab', 'enter']],
  ['\u0003\u001a\f\u0015', ['ctrl-c', 'ctrl-z', 'ctrl-l', 'ctrl-u']],
  ['/琥é😀\u007f', ['/', '琥', 'é', '😀', 'backspace']],
  // A mouse, the focus, Alt and F5: nothing of ours, and no letters of them are taken for keys.
  ['\u001b[<0;3;4M\u001b[I\u001bx\u001b[15~q', ['q']],
  ['\u001b\u001b[A', ['escape', 'up']],
  ['\u0000\u0001', []]
] as const)('%j is %j', ([text, keys]) => {
  expect(readKeys(text)).toEqual({ keys, rest: '' })
})

test('Esc alone is the key once nothing follows it', async () => {
  const { clock, keys, decoder } = setup()
  decoder.push('\u001b')
  expect(keys).toEqual([])
  await clock.advance(50)
  expect(keys).toEqual(['escape'])
  expect(clock.pending).toBe(0)
})

test('a sequence that comes in pieces is one key', async () => {
  const { clock, keys, decoder } = setup()
  decoder.push('\u001b')
  await clock.advance(20)
  decoder.push('[')
  decoder.push('Bj')
  await clock.advance(1000)
  expect(keys).toEqual(['down', 'j'])
})

test('half a sequence is forgotten, and keys after the end are nobody’s', async () => {
  const { clock, keys, decoder } = setup()
  decoder.push('\u001b[1;')
  await clock.advance(50)
  decoder.push('q')
  decoder.push('\u001b')
  decoder.close()
  await clock.advance(50)
  expect(keys).toEqual(['q'])
})

test('however the bytes are cut, the keys are the same, and none is a control character', () => {
  const piece = fc.constantFrom(
    '\u001b[A',
    '\u001bOB',
    'q',
    '琥',
    '\u001b[15;2~',
    '\t',
    '\u0007',
    '\u001b[<1;2M'
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.nat(40), (pieces, at) => {
      const text = pieces.join('')
      const { keys, decoder } = setup()
      decoder.push(text.slice(0, at))
      decoder.push(text.slice(at))
      expect(keys).toEqual(readKeys(text).keys)
      for (const key of keys) expect(key).toMatch(/^[^\p{Cc}]+$/u)
    })
  )
})
