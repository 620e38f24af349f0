import { expect, test } from 'vitest'
import { suggest } from '../../../core/suggest.ts'

const WORDS = ['swarm.name', 'swarm.open', 'listen', 'discovery.mdns']

test.for([
  ['swarm.nmae', 'swarm.name'],
  ['lisen', 'listen'],
  ['Listen', 'listen'],
  ['discovery.mdn', 'discovery.mdns']
] as const)('takes %s for a typo of %s', ([typo, meant]) => {
  expect(suggest(typo, WORDS)).toBe(meant)
})

test.for(['telemetry', 'x', ''])('has nothing to say about "%s"', (word) => {
  expect(suggest(word, WORDS)).toBeUndefined()
})
