/** Holds the outbox to its contract, in memory and on disk. */
import { join } from 'node:path'
import { describe, onTestFinished } from 'vitest'
import { openLevelStore } from '../../storage/level-store.ts'
import { createMemoryStore } from '../../storage/memory-store.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { outboxStoreContract } from './outbox-store.contract.ts'

describe('the outbox in memory', () => {
  outboxStoreContract({ create: async () => createMemoryStore() })
})

describe('the outbox on disk', () => {
  outboxStoreContract({
    async create() {
      const store = await openLevelStore(join(await temporaryDirectory(), 'db'), { create: true })
      onTestFinished(() => store.close())
      return store
    }
  })
})
