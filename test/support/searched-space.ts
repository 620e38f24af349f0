/** A space that is searched: over a replica on a disk in memory, with the indexes in this thread. */
import { silentLogger } from '../../core/logger.ts'
import type { Replica } from '../../memory/replica/replica.ts'
import type { Embedder } from '../../memory/search/embedding.ts'
import type { SearchedSpace } from '../../memory/search/indexed-space.ts'
import { createMemorySearch } from '../../memory/search/search.ts'
import type { MemorySearch, SearchQuery } from '../../memory/search/search.ts'
import type { SearchTask } from '../../memory/search/search-desk.ts'
import { createSearchDesk } from '../../memory/search/search-desk.ts'
import type { SearchWorker } from '../../memory/search/search-worker.ts'
import { watchSpace } from '../../memory/watch.ts'
import { LumosError } from '../../core/errors.ts'
import { ManualClock } from './manual-clock.ts'
import { testReplica } from './memory-replica.ts'
import { replicaSpace } from './replica-space.ts'

/** A replica as search sees it. */
export function searchedSpace(replica: Replica, clock: { now(): number }): SearchedSpace {
  const space = replicaSpace(replica)
  const entryOf = (record: { readonly key: string; readonly value: Uint8Array }) =>
    ({ ...record, author: replica.writer.author }) as never
  return {
    ...space,
    watch: (query = {}, signal = new AbortController().signal) =>
      watchSpace({ clock, replica, entryOf }, query, signal)
  }
}

export interface FakeWorker extends SearchWorker {
  readonly tasks: SearchTask[]
  /** As a thread that runs out of memory does. */
  die(): void
}

/** A desk without a thread. */
function startFakeWorker(): FakeWorker {
  const desk = createSearchDesk()
  const gone = Promise.withResolvers<void>()
  const tasks: SearchTask[] = []
  let dead = false
  const die = (): void => {
    dead = true
    gone.resolve()
  }
  return {
    tasks,
    gone: gone.promise,
    async ask(task, space, ask) {
      if (dead) throw new LumosError('SEARCH_FAILED', { details: { reason: 'dead' } })
      tasks.push(task)
      return desk.work(task, space, structuredClone(ask))
    },
    die,
    stop: async () => die()
  }
}

export async function searchedNode({ embedder }: { readonly embedder?: Embedder } = {}) {
  const disk = await testReplica()
  const clock = new ManualClock()
  const workers: FakeWorker[] = []

  async function open(replica: Replica) {
    const search: MemorySearch = createMemorySearch({
      clock,
      logger: silentLogger,
      store: () => disk.store,
      startWorker() {
        const worker = startFakeWorker()
        workers.push(worker)
        return worker
      },
      ...(embedder && { embedder })
    })
    await search.start()
    const space = searchedSpace(replica, { now: () => disk.clock.at })
    const keysOf = async (query: SearchQuery | string): Promise<string[]> => {
      const asked = typeof query === 'string' ? { text: query, limit: 1000 } : query
      const { hits } = await search.search(space, asked)
      return hits.map(({ entry }) => entry.key)
    }
    const put = (key: string, value: unknown) =>
      replica.write({ key, value: Buffer.from(JSON.stringify(value)) })
    const drop = (key: string) => replica.write({ key, value: undefined })
    return { replica, search, space, keysOf, put, drop }
  }

  return {
    ...disk,
    manual: clock,
    workers,
    node: await open(disk.replica),
    restart: async () => open(await disk.reopen())
  }
}
