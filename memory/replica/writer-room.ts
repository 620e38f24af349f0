/** Which writers get a row in a space: each costs all replicas some bytes for ever, and a name costs nothing. */
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { KnownAuthors } from '../spaces/known-authors.ts'
import { DEFAULT_QUOTAS } from '../spaces/space.ts'
import type { Space } from '../spaces/space.ts'
import type { Usage } from './changeset.ts'
import type { AuthorKey, MemoryRecord } from './record.ts'
import { compareRecords } from './record.ts'
import type { ReplicaState } from './replica-state.ts'
import { writerId } from './writer.ts'
import type { WriterName } from './writer.ts'

export interface WriterRoom {
  /** Whether there is a row for a writer, or room for one more. */
  admits(arrival: Arrival): boolean
  /** What `author` has to share with others besides what it may hold itself. */
  quotaOf(author: AuthorKey): SharedQuota
  /** Counts a writer that came by `from`, after it got its row. */
  note(name: WriterName, from: string): void
}

export interface Arrival {
  readonly name: WriterName
  /** Whether it comes with records; false for a mere claim. */
  readonly isSigned: boolean
  /** The peer that brought it, as its session proves. */
  readonly from: string
}

export interface SharedQuota {
  /** Whether there is room for `record` where `current` is now; it counts from then on. */
  takes(record: MemoryRecord, current: MemoryRecord | undefined): boolean
}

const UNLIMITED: SharedQuota = { takes: () => true }

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

  return {
    admits(arrival) {
      const { name, isSigned, from } = arrival
      if (state.entries.has(writerId(space.id, name))) return true
      const strange = isStranger(name.author)
      const shares = strange && known.listed ? isStranger : isOf(name.author)
      if (!hasName(count(shares).writers, isSigned)) return false
      return (
        !strange ||
        known.listed ||
        ((brought.get(from) ?? 0) < memoryWritersPerTeller.value &&
          count(isStranger).writers < memoryWriters.value / 2)
      )
    },
    quotaOf: (author) => {
      if (!known.listed || !isStranger(author)) return UNLIMITED
      return sharedQuota(space, count(isStranger), ({ writer }) => {
        // A writer without a row came with what is counted just now.
        const name = state.entries.get(writer)?.name
        return name === undefined || isStranger(name.author)
      })
    },
    note({ author }, from) {
      if (isStranger(author)) brought.set(from, (brought.get(from) ?? 0) + 1)
    }
  }
}

/** Anybody can claim in the name of another: the other half is for what its author has signed. */
function hasName(writers: number, isSigned: boolean): boolean {
  return writers < memoryWritersPerAuthor.value / (isSigned ? 1 : 2)
}

function isOf(author: AuthorKey): (other: AuthorKey) => boolean {
  return (other) => other === author
}

/**
 * Those who are not on the list have together what one author has: they wrote before there was a list, or
 * nobody is they.
 */
function sharedQuota(
  space: Space,
  held: Usage,
  isTheirs: (record: MemoryRecord) => boolean
): SharedQuota {
  let { records, bytes } = held
  const most = {
    records: Math.max(DEFAULT_QUOTAS.authorRecords, space.authorRecords),
    bytes: Math.max(DEFAULT_QUOTAS.authorBytes, space.authorBytes)
  }
  return {
    takes(record, current) {
      if (current !== undefined && compareRecords(record, current) <= 0) return true
      const replaced = current !== undefined && isTheirs(current) ? current : undefined
      const more = {
        records: replaced === undefined ? 1 : 0,
        bytes: record.bytes.length - (replaced?.bytes.length ?? 0)
      }
      const isLess = replaced !== undefined && more.bytes <= 0
      const fits = records + more.records <= most.records && bytes + more.bytes <= most.bytes
      if (!isLess && !fits) return false
      records += more.records
      bytes += more.bytes
      return true
    }
  }
}
