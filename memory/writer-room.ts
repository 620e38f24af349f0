/** Which writers get a row in a space: each costs all replicas some bytes for ever, and a name costs nothing. */
import { LIMITS } from '../core/limits.ts'
import { RecentMap } from '../core/recent-map.ts'
import type { Usage } from './changeset.ts'
import type { KnownAuthors } from './known-authors.ts'
import type { AuthorKey } from './record.ts'
import type { ReplicaState } from './replica-state.ts'
import { DEFAULT_QUOTAS } from './space.ts'
import { writerId } from './writer.ts'
import type { WriterName } from './writer.ts'

export interface WriterRoom {
  /** Whether there is room for what came of a writer. */
  admits(arrival: Arrival): boolean
  /** Counts a writer that came by `from`, after it got its row. */
  note(name: WriterName, from: string): void
}

export interface Arrival {
  readonly name: WriterName
  /** Of what came with signatures; nothing for a mere claim. */
  readonly more: Usage
  /** The peer that brought it, as its session proves. */
  readonly from: string
}

/** What has been counted of the writers of one author, or of all strangers. */
interface Count extends Usage {
  readonly writers: number
}

const { memoryWriters, memoryWritersPerAuthor, memoryWritersPerTeller, connections } = LIMITS

export function createWriterRoom(
  state: Pick<ReplicaState, 'space' | 'entries' | 'writer'>,
  known: KnownAuthors
): WriterRoom {
  const { space } = state
  /** Writers of strangers by who brought them, since the start. */
  const brought = new RecentMap<string, number>(connections.value)

  /** Elsewhere than in an open space an author has the owner's word, and takes up the room of that space only. */
  const isStranger = (author: AuthorKey): boolean =>
    space.mode === 'open' && author !== state.writer.author && !known.isKnown(author)

  function count(belongs: (author: AuthorKey) => boolean): Count {
    let [writers, records, bytes] = [0, 0, 0]
    for (const entry of state.entries.values()) {
      if (!belongs(entry.name.author)) continue
      writers += 1
      records += entry.records
      bytes += entry.bytes
    }
    return { writers, records, bytes }
  }

  /** Those who are not on the list have together what one author has: they wrote before there was a list, or nobody is they. */
  function admitsUnlisted({ more }: Arrival, isNew: boolean): boolean {
    const all = count(isStranger)
    const { authorRecords, authorBytes } = DEFAULT_QUOTAS
    return (
      (!isNew || hasName(all.writers, more)) &&
      all.records + more.records <= Math.max(authorRecords, space.authorRecords) &&
      all.bytes + more.bytes <= Math.max(authorBytes, space.authorBytes)
    )
  }

  return {
    admits(arrival) {
      const { name, more, from } = arrival
      const isNew = !state.entries.has(writerId(space.id, name))
      const strange = isStranger(name.author)
      if (strange && known.listed) return admitsUnlisted(arrival, isNew)
      if (!isNew) return true
      if (!hasName(count((author) => author === name.author).writers, more)) return false
      return (
        !strange ||
        ((brought.get(from) ?? 0) < memoryWritersPerTeller.value &&
          count(isStranger).writers < memoryWriters.value / 2)
      )
    },
    note({ author }, from) {
      if (isStranger(author)) brought.set(from, (brought.get(from) ?? 0) + 1)
    }
  }
}

/** Anybody can claim in the name of another: the other half is for what its author has signed. */
function hasName(writers: number, { records }: Usage): boolean {
  return writers < memoryWritersPerAuthor.value / (records > 0 ? 1 : 2)
}
