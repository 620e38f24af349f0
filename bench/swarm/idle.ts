/** What a node costs while nobody asks anything of it. */
import { setTimeout as delay } from 'node:timers/promises'
import { nowMs } from '../memory/clock.ts'
import { round } from './figures.ts'
import type { Vitals } from './host.ts'
import type { Stage } from './stage.ts'

const MB = 1e6

/** Of one node, in the middle. */
export interface IdleCost {
  readonly cpuMsPerS: number
  readonly bytesInPerS: number
  readonly bytesOutPerS: number
  readonly connections: number
  readonly sessions: number
  /** Share of a process with {@link nodesPerProcess} of them. */
  readonly rssMb: number
  readonly heapMb: number
  /** What a further node in a process adds: beside the process with the bootstrap node alone. */
  readonly marginalRssMb: number
  readonly nodesPerProcess: number
}

export async function idleCost({ fleet, durations }: Stage): Promise<IdleCost> {
  // Collecting garbage would count as the nodes' work.
  const began = nowMs()
  const before = await fleet.each('vitals', { released: false })
  await delay(durations.idleMs)
  const after = await fleet.each('vitals', { released: false })
  const seconds = (nowMs() - began) / 1000
  const nodes = sum(after, (each) => each.nodes)
  const grown = (pick: (vitals: Vitals) => number): number =>
    round((sum(after, pick) - sum(before, pick)) / nodes / seconds)
  const rested = await fleet.each('vitals', { released: true })
  const mean = (pick: (vitals: Vitals) => number): number => round(sum(rested, pick) / nodes)
  return {
    cpuMsPerS: grown(({ cpuMs }) => cpuMs),
    bytesInPerS: grown(({ bytesIn }) => bytesIn),
    bytesOutPerS: grown(({ bytesOut }) => bytesOut),
    connections: mean(({ connections }) => connections),
    sessions: mean(({ sessions }) => sessions),
    rssMb: mean(({ rssBytes }) => rssBytes / MB),
    heapMb: mean(({ heapBytes }) => heapBytes / MB),
    marginalRssMb: marginal(rested),
    nodesPerProcess: round(nodes / rested.length)
  }
}

/** The first process has the bootstrap node alone. */
function marginal(rested: readonly Vitals[]): number {
  const [alone, ...others] = rested
  if (alone === undefined || others.length === 0) return NaN
  const rss = sum(others, ({ rssBytes }) => rssBytes - alone.rssBytes)
  return round(rss / MB / (sum(others, ({ nodes }) => nodes - 1) || NaN))
}

function sum(vitals: readonly Vitals[], pick: (vitals: Vitals) => number): number {
  return vitals.reduce((total, each) => total + pick(each), 0)
}
