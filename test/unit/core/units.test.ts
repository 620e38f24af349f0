import { expect, test } from 'vitest'
import { parseDuration, parseSize } from '../../../core/units.ts'

test.for([
  ['250ms', 250],
  ['90s', 90_000],
  ['1.5m', 90_000],
  ['2 h', 7_200_000],
  ['1D', 86_400_000],
  ['0', 0]
] as const)('reads the duration %s', ([text, ms]) => {
  expect(parseDuration(text)).toBe(ms)
})

test.for(['', '90', '-1s', '1 s 2', 's', '1w', 'constructor', '1e3s', '9'.repeat(20) + 's'])(
  'refuses the duration "%s"',
  (text) => {
    expect(parseDuration(text)).toBeUndefined()
  }
)

test.for([
  ['64KiB', 65_536],
  ['1.5 MB', 1_500_000],
  ['7b', 7]
] as const)('reads the size %s', ([text, bytes]) => {
  expect(parseSize(text)).toBe(bytes)
})

test.for(['12', '3 bits', 'MiB'])('refuses the size "%s"', (text) => {
  expect(parseSize(text)).toBeUndefined()
})
