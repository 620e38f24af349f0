/** A taste of the long fuzz run, in every run. */
import { expect, test } from 'vitest'
import { fuzzFrames, fuzzHandshakes, fuzzLinks } from '../support/session-fuzz.ts'

test.for([
  ['frames', fuzzFrames],
  ['links', fuzzLinks],
  ['handshakes', fuzzHandshakes]
] as const)('%s survive what a peer may say', ([, fuzz]) => {
  expect(() => fuzz(1000)).not.toThrow()
})
