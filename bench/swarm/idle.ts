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
  /** Share of a process with {@link nodesPerProcess} of them; the bootstrap node, which has one alone, is not counted. */
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
  // All at once they stood still for half a minute: code that is let go of is compiled again.
  const rested = await fleet.inTurn('vitals', { released: true })
  const mean = (pick: (vitals: Vitals) => number): number => round(sum(rested, pick) / nodes)
  return {
    cpuMsPerS: grown(({ cpuMs }) => cpuMs),
    bytesInPerS: grown(({ bytesIn }) => bytesIn),
    bytesOutPerS: grown(({ bytesOut }) => bytesOut),
    connections: mean(({ connections }) => connections),
    sessions: mean(({ sessions }) => sessions),
    ...memoryOf(rested)
  }
}

/** The first process has the bootstrap node alone. */
function memoryOf(rested: readonly Vitals[]) {
  const [alone, ...shared] = rested
  const nodes = sum(shared, (each) => each.nodes)
  const rss = sum(shared, ({ rssBytes }) => rssBytes) / MB
  const baseMb = shared.length * ((alone?.rssBytes ?? NaN) / MB)
  return {
    rssMb: round(rss / nodes),
    heapMb: round(sum(shared, ({ heapBytes }) => heapBytes) / MB / nodes),
    marginalRssMb: round((rss - baseMb) / (nodes - shared.length)),
    nodesPerProcess: round(nodes / shared.length)
  }
}

function sum(vitals: readonly Vitals[], pick: (vitals: Vitals) => number): number {
  return vitals.reduce((total, each) => total + pick(each), 0)
}
