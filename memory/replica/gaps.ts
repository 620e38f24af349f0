/** Which numbers others spoke of and this replica lacks, apart from those that turned out to be nothing. */
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { ENOUGH_PEERS } from '../repair/agreement.ts'
import type { MemoryId } from './record.ts'
import type { Replica } from './replica.ts'
import { difference } from './sequence-set.ts'

export interface Gaps {
  /** Somebody says that `writer` has come to number `last`. Returns whether any is missing here. */
  note(writer: MemoryId, last: number): boolean
  /** Whether anything is still missing. */
  readonly open: boolean
  /**
   * Call it before a repair, and what it returns when that repair ended equal: what was missing
   * before is then no record at all. An overwritten one leaves a number behind that nobody has. Of `peers`
   * that there are, two must say so if they are three or more: one may lie.
   */
  begin(): (peer?: string, peers?: number) => void
}

interface Denial {
  readonly peer: string
  readonly last: number
}

export function createGaps({ covered }: Pick<Replica, 'covered'>): Gaps {
  let missing = new Map<MemoryId, number>()
  const settled = new Map<MemoryId, number>()
  /** On whose word there is no such record. */
  const denied = new RecentMap<MemoryId, Denial>(LIMITS.memoryWriters.value)

  function isMissing([writer, last]: readonly [MemoryId, number]): boolean {
    const first = (settled.get(writer) ?? 0) + 1
    return first <= last && difference([[first, last]], covered(writer)).length > 0
  }

  return {
    note(writer, last) {
      if (!isMissing([writer, last])) return false
      if (missing.size >= LIMITS.memoryWriters.value) missing.clear()
      missing.set(writer, Math.max(last, missing.get(writer) ?? 0))
      return true
    },
    get open() {
      missing = new Map([...missing].filter(isMissing))
      return missing.size > 0
    },
    begin() {
      const before = new Map(missing)
      return (peer = '', peers = 1) => {
        if (settled.size + before.size > LIMITS.memoryWriters.value) settled.clear()
        for (const [writer, last] of before) {
          const said = denied.get(writer)
          // Its writer may have gone on between the two.
          const both = said === undefined || said.peer === peer ? 0 : Math.min(said.last, last)
          const agreed = peers < ENOUGH_PEERS ? last : both
          settled.set(writer, Math.max(agreed, settled.get(writer) ?? 0))
          if (agreed < last) denied.set(writer, { peer, last })
        }
      }
    }
  }
}
