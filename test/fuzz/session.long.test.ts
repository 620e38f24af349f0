/** At least 100,000 inputs to everything of a session that reads a peer's bytes. */
import { expect, test } from 'vitest'
import { fuzzFrames, fuzzHandshakes, fuzzLinks } from '../support/session-fuzz.ts'

test.for([
  ['frames', fuzzFrames, 100_000],
  ['links', fuzzLinks, 100_000],
  ['handshakes', fuzzHandshakes, 50_000]
] as const)('%s survive what a peer may say', ([, fuzz, numRuns]) => {
  expect(() => fuzz(numRuns)).not.toThrow()
})
