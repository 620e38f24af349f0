/** A replica under the face of a space, without network: what lies upon memory is tested on this. */
import type { PageRecord } from '../../memory/replica/recent-pages.ts'
import type { Replica } from '../../memory/replica/replica.ts'
import type { MemoryEntry, MemorySpace } from '../../memory/shared-memory.ts'

export function replicaSpace(replica: Replica): MemorySpace {
  const entryOf = (record: PageRecord): MemoryEntry => ({
    ...record,
    author: replica.nameOf(record.writer)?.author ?? replica.writer.author
  })
  const list: MemorySpace['list'] = async function* (query = {}) {
    for await (const record of replica.entries(query)) yield entryOf(record)
  }
  return {
    space: replica.space,
    get statements() {
      return replica.statements
    },
    async get(key) {
      const record = await replica.get(key)
      return record && entryOf(record)
    },
    put: async (key, value) => entryOf(await replica.write({ key, value })),
    async delete(key) {
      await replica.write({ key, value: undefined })
    },
    list,
    newest: async (folder, limit) => (await replica.newest(folder, limit)).map(entryOf),
    watch: () => notHere(),
    history: () => notHere(),
    status: () => notHere(),
    grant: () => notHere(),
    revoke: () => notHere()
  }
}

function notHere(): never {
  throw new Error('a replica alone has neither watchers nor peers')
}

/** Gives `to` all that it lacks. */
export async function copy(from: Replica, to: Replica): Promise<void> {
  for await (const batch of from.missing(to.vector)) await to.receive(batch)
}

/** For memory whose user neither searches nor has large content. */
export const WITHOUT_EXTRAS = {
  search: { search: notHere },
  blobs: { put: notHere, get: notHere }
}
