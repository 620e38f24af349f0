/** Holds both Stores to the contract. */
import { join } from 'node:path'
import { openLevelStore } from '../../storage/level-store.ts'
import { createMemoryStore } from '../../storage/memory-store.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { storeContract } from './store.contract.ts'

storeContract('the Store in memory', { create: async () => createMemoryStore() })

storeContract('the Store on disk', {
  create: async () => openLevelStore(join(await temporaryDirectory(), 'db'), { create: true })
})
