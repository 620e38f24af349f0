/** Keeps the best of many matches without sorting them all. */
import type { VerifiedCard } from '../../trust/card-signature.ts'
import type { PeerEntry } from './peer-entry.ts'
import type { SkillMatch } from './query.ts'

export interface RankedMatch extends SkillMatch {
  readonly entry: PeerEntry
  readonly card: VerifiedCard
}

export interface Ranking {
  /** Whether one that fits so well may still be among the best. */
  wants(score: number): boolean
  offer(found: SkillMatch, entry: PeerEntry, card: VerifiedCard): void
  /** Best first. */
  ranked(): readonly RankedMatch[]
}

/** A peer that never said its load counts as half busy: neither first nor last. */
const UNKNOWN_LOAD = 0.5

export function createRanking(limit: number): Ranking {
  const best: RankedMatch[] = []

  function wants(score: number): boolean {
    const last = best.at(-1)
    return best.length < limit || (last !== undefined && score >= last.score)
  }

  function offer(found: SkillMatch, entry: PeerEntry, card: VerifiedCard): void {
    // Most matches of a common word end here, before anything is allocated for them.
    if (!wants(found.score)) return
    const full = best.length >= limit
    const last = best.at(-1)
    const match = { ...found, entry, card }
    if (full && last !== undefined && compare(match, last) >= 0) return
    best.splice(position(match), 0, match)
    if (best.length > limit) best.pop()
  }

  /** Binary search, since every match of a common tag comes through here. */
  function position(match: RankedMatch): number {
    let low = 0
    let high = best.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = best[middle]
      if (other !== undefined && compare(other, match) <= 0) low = middle + 1
      else high = middle
    }
    return low
  }

  return { wants, offer, ranked: () => best }
}

/** Fit, then load, then freshness; ids last, so that the order never depends on arrival. */
function compare(a: RankedMatch, b: RankedMatch): number {
  return (
    b.score - a.score ||
    (a.entry.load ?? UNKNOWN_LOAD) - (b.entry.load ?? UNKNOWN_LOAD) ||
    b.entry.heardAt - a.entry.heardAt ||
    order(a.entry.peer, b.entry.peer) ||
    order(a.card.agentId, b.card.agentId) ||
    order(a.skill.id, b.skill.id)
  )
}

function order(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
