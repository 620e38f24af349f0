/** Joins what a node remembers: its database, the shared memory in it, search and blobs. */
import type { Memory } from '../core/memory.ts'
import { createMemory } from '../memory/facts.ts'
import type { NodeMemory } from '../memory/spaces/open-spaces.ts'
import { createMemorySearch } from '../memory/search/search.ts'
import type { MemorySearch } from '../memory/search/search.ts'
import { startSearchWorker } from '../memory/search/search-worker.ts'
import { keyOfPeer } from '../trust/author-key.ts'
import { createNodeBlobs } from './blobs.ts'
import type { NodeBlobs } from './blobs.ts'
import { createMemoryDatabase, createNodeDatabase } from './database.ts'
import type { NodeDatabase } from './database.ts'
import { searchEmbedder } from './embedder.ts'
import { createNodeMemory } from './memory.ts'
import type { NodeModels } from './models.ts'
import type { NodeComponents, NodeInit, Wire } from './wire.ts'

export interface RememberingComponents extends NodeComponents {
  readonly wire: Wire
  /** There once the node is assembled. */
  readonly models: () => NodeModels
}

export interface Remembering {
  readonly database: NodeDatabase
  readonly memory: NodeMemory
  readonly search: MemorySearch
  readonly blobs: NodeBlobs
  /** The shared memory for one user of it, whose watches end with `signal`. */
  readonly memoryFor: (signal?: AbortSignal) => Memory
}

export function createRemembering(
  { wire, models, ...components }: RememberingComponents,
  { config, paths }: NodeInit
): Remembering {
  const { clock, logger } = components
  const database =
    config.tasks.keep === 'disk'
      ? createNodeDatabase(components, { directory: paths.data })
      : createMemoryDatabase(components)
  const memory = createNodeMemory({ ...components, wire, database }, config)
  const search = createMemorySearch({
    clock,
    logger: logger.child('search'),
    store: (space) => memory.storeOf(space),
    startWorker: startSearchWorker,
    ...searchEmbedder(config.models.embedding, models)
  })
  const blobs = createNodeBlobs({ ...components, wire, memory }, { dataDirectory: paths.data })
  const author = keyOfPeer(wire.author.peer)
  return {
    database,
    memory,
    search,
    blobs,
    memoryFor: (signal) =>
      createMemory(
        { ...components, spaces: memory, search, blobs },
        { author, ...(signal && { signal }) }
      )
  }
}
