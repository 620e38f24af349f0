/** What sessions promise, whatever carries them. */
import { describe, expect, test } from 'vitest'
import { CALLS } from './calls.ts'
import { LIFE } from './life.ts'
import { setupWith } from './setup.ts'
import type { CreatePair } from './setup.ts'
import { STREAMS } from './streams.ts'

export function describeSessions(name: string, createPair: CreatePair): void {
  describe(`sessions over ${name}`, () => {
    const setup = setupWith(createPair)
    test.for(Object.entries({ ...CALLS, ...STREAMS, ...LIFE }))('%s', async ([, run]) => {
      expect.hasAssertions()
      await run(setup)
    })
  })
}
