/** Writers for whom one side of a repair had no room: for a while what they wrote does not cross again each time. */
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { KnownAuthors } from '../spaces/known-authors.ts'
import type { AuthorKey, MemoryId } from './record.ts'
import type { RecordBatch, Vector } from './replica.ts'
import type { SequenceSet } from './sequence-set.ts'
import { bounded, NOTHING, withRange } from './sequence-set.ts'
import { writerId } from './writer.ts'

/** Peers by what their sessions prove them to be; those without a name are one and the same. */
export interface RefusedWriters {
  /** There was no room for the writer of a batch that `peer` brought, or was brought. */
  note(peer: string | undefined, batch: RecordBatch): void
  /** There is room for it now. */
  forget(writer: MemoryId): void
  /** Numbers that rest between this replica and `peer`. */
  of(peer: string | undefined): Vector
  /** `vector`, and what rests: for what is asked or sent, and never for what is told or judged. */
  addedTo(vector: Vector, peer: string | undefined): Vector
}

export interface RefusedWritersComponents {
  readonly clock: Pick<Clock, 'now'>
  readonly space: MemoryId
  readonly known: Pick<KnownAuthors, 'isKnown'>
}

/** Then there may be room: they are tried again. */
const REST_MS = 600_000
/** The next one is drawn by lot, so that a few would do. */
const PEERS = 16
/** Of one peer: twice as many as strangers have on a members list; what is beyond is tried each time. */
const WRITERS = 2 * LIMITS.memoryWritersPerAuthor.value

interface Refused {
  readonly author: AuthorKey
  /** Whether its author was known then: for whom there is room changes with that. */
  readonly wasKnown: boolean
  readonly numbers: SequenceSet
  readonly until: number
}

export function createRefusedWriters({
  clock,
  space,
  known
}: RefusedWritersComponents): RefusedWriters {
  const refused = new RecentMap<string, Map<MemoryId, Refused>>(PEERS)

  function restingOf(peer: string): Map<MemoryId, Refused> {
    const all = refused.get(peer) ?? new Map<MemoryId, Refused>()
    for (const [writer, { author, wasKnown, until }] of all) {
      if (until <= clock.now() || known.isKnown(author) !== wasKnown) all.delete(writer)
    }
    return all
  }

  function of(peer = ''): Vector {
    return new Map(Array.from(restingOf(peer), ([writer, { numbers }]) => [writer, numbers]))
  }

  return {
    of,
    note(peer = '', { writer: name, complete }) {
      if (complete === undefined) return
      const writer = writerId(space, name)
      const all = refused.get(peer) ?? new Map<MemoryId, Refused>()
      refused.set(peer, all)
      const before = all.get(writer)
      if (before === undefined && all.size >= WRITERS) return
      const numbers = withRange(before?.numbers ?? NOTHING, complete)
      all.set(writer, {
        author: name.author,
        wasKnown: known.isKnown(name.author),
        numbers: bounded(numbers, LIMITS.memoryRanges.value),
        until: before?.until ?? clock.now() + REST_MS
      })
    },
    forget(writer) {
      for (const all of refused.values()) all.delete(writer)
    },
    addedTo(vector, peer) {
      const all = new Map(vector)
      for (const [writer, numbers] of of(peer)) {
        if (all.size < LIMITS.memoryWriters.value && !all.has(writer)) all.set(writer, numbers)
      }
      return all
    }
  }
}
