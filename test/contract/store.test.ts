/** Holds both Stores to the contract. */
import { join } from 'node:path'
import { describe } from 'vitest'
import { openLevelStore } from '../../storage/level-store.ts'
import { createMemoryStore } from '../../storage/memory-store.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { storeContract } from './store.contract.ts'

describe('the Store in memory', () => {
  storeContract({ create: async () => createMemoryStore() })
})

describe('the Store on disk', () => {
  storeContract({
    create: async () => openLevelStore(join(await temporaryDirectory(), 'db'), { create: true })
  })
})
