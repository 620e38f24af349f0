/** Tells of each candidate how likely it is to be asked, and why it is not. */
import type { MeasuredCandidate, RoutePolicy, RouteVerdict } from '../core/route-choice.ts'
import type { RouteProvider } from './directory-port.ts'
import type { Standing } from './selector.ts'
import { candidateOf } from './told-choice.ts'

export interface ExplainedCandidate extends MeasuredCandidate {
  readonly provider: RouteProvider
}

export interface Explanation {
  readonly policy: RoutePolicy
  readonly lookupMs: number
  /** Likeliest first. */
  readonly candidates: readonly ExplainedCandidate[]
}

/** Likeliest first. */
export function explainAll(
  standings: readonly Standing[],
  pathOf: (provider: RouteProvider) => 'local' | 'direct' | 'relay'
): readonly ExplainedCandidate[] {
  const pool = standings
    .filter(({ inPool }) => inPool)
    .toSorted((a, b) => a.estimate.cost - b.estimate.cost)
  const places = new Map(pool.map((standing, place) => [standing, place]))
  return standings
    .map((standing) => {
      const { provider, exclusion, excludedMs } = standing
      const place = places.get(standing)
      return {
        ...candidateOf(standing),
        provider,
        path: pathOf(provider),
        runP50Ms: standing.runP50Ms ?? null,
        runP95Ms: standing.runP95Ms ?? null,
        queueP95Ms: standing.queueP95Ms ?? null,
        firstEventP95Ms: standing.firstEventP95Ms ?? null,
        chance: place === undefined ? 0 : chanceOf(place, pool.length),
        why: place === undefined ? (exclusion ?? 'not-preferred') : verdictOf(place, pool.length),
        excludedMs
      }
    })
    .toSorted((a, b) => b.chance - a.chance || a.costMs - b.costMs)
}

/** Of the one at `place` of `count`, from 0: that it is drawn, and no better one with it. */
function chanceOf(place: number, count: number): number {
  return count === 1 ? 1 : (2 * (count - 1 - place)) / (count * (count - 1))
}

function verdictOf(place: number, count: number): RouteVerdict {
  if (place === 0) return 'best'
  return place === count - 1 ? 'slowest' : 'slower'
}
