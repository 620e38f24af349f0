/** What a run of the routing simulation amounts to, in the figures by which ways to choose are compared. */
import type { Outcome } from './traffic.ts'
import type { World } from './world.ts'

export interface Report {
  readonly tasks: number
  /** Milliseconds until the end of those that completed. */
  readonly p50: number
  readonly p95: number
  readonly p99: number
  /** Part of all tasks. */
  readonly success: number
  /** Tasks that were given to a second worker, as a part of all. */
  readonly hedged: number
  /** Calls beyond one a task, as a part of the tasks. */
  readonly wasted: number
  /** Jain's index of the work that each peer did which could be asked: 1 is the same for all, 1/n all at one. */
  readonly fairness: number
}

export function reportOf(world: World, outcomes: readonly Outcome[]): Report {
  const times = outcomes
    .filter(({ ok }) => ok)
    .map(({ tookMs }) => tookMs)
    .toSorted((a, b) => a - b)
  const sent = world.callers.reduce((sum, { workers }) => sum + workers.sent, 0)
  return {
    tasks: outcomes.length,
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    p99: quantile(times, 0.99),
    success: times.length / Math.max(1, outcomes.length),
    hedged: outcomes.filter(({ hedged }) => hedged).length / Math.max(1, outcomes.length),
    wasted: Math.max(0, sent - outcomes.length) / Math.max(1, outcomes.length),
    fairness: jain(world.asked().map(({ busyMs }) => busyMs))
  }
}

/** Jain, Chiu and Hawe, DEC-TR-301, 1984. */
function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0)
  const squares = shares.reduce((total, share) => total + share * share, 0)
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares)
}

/** Of sorted values; nearest rank. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? NaN
}
