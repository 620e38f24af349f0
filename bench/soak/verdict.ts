/** Says of every node that lived throughout whether it would have gone on for ever. */
import type { Census, InsideSample, OutsideSample, Sample } from './samples.ts'
import { median, slopePerHour, type Point } from './slope.ts'

/** A node has done its starting by then: its first tasks, compiled code, caches. */
const SETTLED_SHARE = 1 / 3
/** After its start a node may stand still for longer, as it loads 850 modules. */
const STARTED_MS = 30_000
export const STALL_MS = 100
/** Part of the time: with more, others take so much of the machine that stalls and failures are theirs. */
export const MOST_WAITED = 0.1
/** 1 MB in ten minutes (docs of the issue); less than that no run of minutes can tell from noise. */
const HEAP_PER_HOUR = 6e6
const HEAP_NOISE = 2e6
const RSS_PER_HOUR = 24e6
const RSS_NOISE = 12e6
/** Of what comes and goes with the work under way. */
const COUNT_SHARE = 0.1
const COUNT_NOISE = 20
/** LevelDB writes before it tidies up: its size goes up and down by so much with nothing more to keep. */
const DATABASE_SHARE = 0.35
const DATABASE_NOISE = 12e6

/** One figure of one node, in the last two thirds of the time. */
export interface Figure {
  readonly name: string
  readonly unit: 'MB' | 'count'
  readonly median: number
  readonly perHour: number
  /** By which it may have grown in the time watched. */
  readonly allowed: number
  readonly grown: number
}

export interface Standstills {
  /** Longest time in which the event loop stood still, and without that in which others had the core. */
  readonly longestGapMs: number
  readonly longestOwnMs: number
  /** Most that the main thread computed in one such time; what is missing it waited for, such as a page or the disk. */
  readonly longestCpuMs: number
  readonly ownStalls: number
}

export interface NodeVerdict extends Standstills {
  readonly node: string
  readonly figures: readonly Figure[]
  readonly warnings: readonly string[]
  readonly cpuShare: number
  /** Part of the time in which its main thread had no core though it could have run. */
  readonly waitShare: number
}

export function judgeNode(node: string, samples: readonly Sample[]): NodeVerdict {
  const own = samples.filter((sample) => sample.node === node)
  const all = { from: own[0]?.at ?? 0, to: own.at(-1)?.at ?? 0 }
  const from = all.from + (all.to - all.from) * SETTLED_SHARE
  const late = own.filter(({ at }) => at >= from)
  const inside = late.filter((sample) => sample.type === 'inside')
  const outside = late.filter((sample) => sample.type === 'outside')
  return {
    node,
    figures: figuresOf(inside, outside),
    ...standstills(own.filter((sample) => sample.type === 'inside')),
    warnings: Object.keys(inside.at(-1)?.warnings ?? {}),
    cpuShare: cpuShare(outside),
    waitShare: waitShare(inside)
  }
}

/** Also for nodes that were started anew: what came in the first moments of a process does not count. */
export function standstills(samples: readonly InsideSample[]): Standstills {
  const began = new Map<number, number>()
  for (const { pid, at } of samples) if (!began.has(pid)) began.set(pid, at)
  const stalls = samples.flatMap(({ pid, stalls: some }) =>
    some.filter(({ at }) => at > (began.get(pid) ?? 0) + STARTED_MS)
  )
  return {
    longestGapMs: Math.max(0, ...stalls.map(({ gapMs }) => gapMs)),
    longestOwnMs: Math.max(0, ...stalls.map(({ ownMs }) => ownMs)),
    longestCpuMs: Math.max(0, ...stalls.map(({ cpuMs }) => cpuMs)),
    ownStalls: stalls.filter(({ ownMs }) => ownMs > STALL_MS).length
  }
}

const HEAP: Allowance = { unit: 'MB', perHour: HEAP_PER_HOUR, noise: HEAP_NOISE }
const RSS: Allowance = { unit: 'MB', perHour: RSS_PER_HOUR, noise: RSS_NOISE }
const COUNT: Allowance = { unit: 'count', share: COUNT_SHARE, noise: COUNT_NOISE }
const DATABASE: Allowance = { unit: 'MB', share: DATABASE_SHARE, noise: DATABASE_NOISE }

function figuresOf(inside: readonly InsideSample[], outside: readonly OutsideSample[]): Figure[] {
  const census = (what: keyof Census): Point[] =>
    inside.flatMap(({ at, census: one }) =>
      one?.[what] === undefined ? [] : [{ at, value: one[what] }]
    )
  return [
    figure('heap after collecting', HEAP, census('heapBytes')),
    figure(
      'buffers outside of it',
      HEAP,
      of(inside, ({ external }) => external)
    ),
    figure(
      'RSS',
      RSS,
      of(outside, ({ rssBytes }) => rssBytes)
    ),
    figure(
      'handles',
      COUNT,
      of(inside, ({ resources }) => sumOf(resources))
    ),
    figure(
      'open files',
      COUNT,
      of(outside, ({ fds }) => fds)
    ),
    figure(
      'listeners of the process',
      COUNT,
      of(inside, ({ listeners }) => listeners)
    ),
    figure('listeners on event targets', COUNT, census('listeners')),
    figure('event targets', COUNT, census('eventTargets')),
    figure('timers', COUNT, census('timers')),
    figure(
      'database',
      DATABASE,
      of(outside, ({ databaseBytes }) => databaseBytes)
    )
  ]
}

interface Allowance {
  readonly unit: Figure['unit']
  readonly perHour?: number
  /** Of the median. */
  readonly share?: number
  /** What is allowed in any case. */
  readonly noise: number
}

function figure(name: string, allowance: Allowance, points: readonly Point[]): Figure {
  const { unit, perHour: most = 0, share = 0, noise } = allowance
  const middle = median(points.map(({ value }) => value))
  const perHour = slopePerHour(points)
  const hours = ((points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0)) / 3_600_000
  const allowed = Math.max(noise, most * hours, share * middle)
  return { name, unit, median: middle, perHour, allowed, grown: perHour * hours }
}

function of<T extends { readonly at: number }>(
  samples: readonly T[],
  value: (sample: T) => number
): Point[] {
  return samples.map((sample) => ({ at: sample.at, value: value(sample) }))
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function waitShare(inside: readonly InsideSample[]): number {
  const [first, last] = [inside[0], inside.at(-1)]
  if (first === undefined || last === undefined || last.at === first.at) return 0
  const waited = inside.slice(1).reduce((sum, { waitedMs }) => sum + waitedMs, 0)
  return waited / (last.at - first.at)
}

function cpuShare(outside: readonly OutsideSample[]): number {
  const [first, last] = [outside[0], outside.at(-1)]
  if (first === undefined || last === undefined || last.at === first.at) return 0
  return (last.cpuMs - first.cpuMs) / (last.at - first.at)
}
