/** With whom a replica was compared, and what came of it: where there are others, no peer is believed alone. */
import { RecentMap } from '../../core/recent-map.ts'
import { peerOfKey } from '../../trust/author-key.ts'
import type { AuthorKey, MemoryId } from '../replica/record.ts'
import type { SequenceRange } from '../replica/sequence-set.ts'

/** Peers by what their sessions prove them to be; those without a name are one and the same. */
export interface Agreement {
  /**
   * Notes how a comparison with `peer`, which is not stale, ended. Returns when the replica was last equal to
   * others, as far as may be believed; `undefined`: never.
   */
  compared(peer: string | undefined, comparison: Comparison): number | undefined
  /** The part of a claim that may be believed. */
  believed(range: SequenceRange, claim: Claim): SequenceRange
}

export interface Comparison {
  readonly isEqual: boolean
  /** Whether this replica is: what one peer alone says does not change that. */
  readonly isStale: boolean
  readonly now: number
}

export interface Claim {
  readonly writer: MemoryId
  /** Whose writer it is. */
  readonly author: AuthorKey
  readonly from: string
  /** The greatest number of the writer that is known: of a signed record, or believed before. */
  readonly head: number
  readonly now: number
}

/** So many can outvote a liar among them. */
export const ENOUGH_PEERS = 3
/** Who was not met for so long does not count. */
const MET_MS = 3_600_000
/** So long a replica waits for a third peer before it believes one: sessions open one after the other. */
const ALONE_MS = 600_000
/** The next one is drawn by lot, so that a few would do. */
const PEERS = 16
const CLAIMED_WRITERS = 1024
const CLAIMERS = 4

interface Met {
  readonly first: number
  readonly last: number
  readonly equalAt: number
}

export function createAgreement(): Agreement {
  /** Those that are not stale. */
  const met = new RecentMap<string, Met>(PEERS)
  /** When each was last met, stale ones and those that claimed something included. */
  const seen = new RecentMap<string, number>(PEERS)
  const claims = new RecentMap<MemoryId, RecentMap<string, number>>(CLAIMED_WRITERS)

  function meet(peer: string, now: number): Met {
    const { first = now, equalAt = -Infinity, last = now } = met.get(peer) ?? {}
    const known = { first: now - last > MET_MS ? now : first, last: now, equalAt }
    met.set(peer, known)
    return known
  }

  /** The greatest number that somebody else has claimed, too. */
  function claimedByAnother(last: number, { writer, from }: Claim): number {
    const said = claims.get(writer) ?? new RecentMap<string, number>(CLAIMERS)
    claims.set(writer, said)
    const others = [...said].filter(([peer]) => peer !== from).map(([, number]) => number)
    said.set(from, Math.max(last, said.get(from) ?? 0))
    return Math.max(0, ...others)
  }

  return {
    compared(peer = '', { isEqual, isStale, now }) {
      const known = meet(peer, now)
      seen.set(peer, now)
      if (!isEqual) return undefined
      met.set(peer, { ...known, equalAt: now })
      if (!isStale) return now
      const times = Array.from(met.values(), ({ last }) => last)
      if (!isAmongMany(times, now) && now - known.first >= ALONE_MS) return now
      const others = [...met].filter(([other]) => other !== peer).map(([, { equalAt }]) => equalAt)
      const latest = Math.max(-Infinity, ...others)
      return latest === -Infinity ? undefined : latest
    },
    believed(range, claim) {
      const [first, last] = range
      seen.set(claim.from, claim.now)
      // An author can hide by it nothing but what it wrote itself.
      if (last <= claim.head || peerOfKey(claim.author) === claim.from) return range
      const another = claimedByAnother(last, claim)
      if (!isAmongMany([...seen.values()], claim.now)) return range
      return [first, Math.min(last, Math.max(claim.head, another))]
    }
  }
}

/** Whether there are others, by when each was last met. */
function isAmongMany(times: readonly number[], now: number): boolean {
  return times.filter((last) => now - last <= MET_MS).length >= ENOUGH_PEERS
}
