/** What a node costs and how well it works as the swarm grows: one run after the other, and whether it grows faster than log n. */
import { round } from './figures.ts'
import type { IdleCost } from './idle.ts'
import type { SwarmResult } from './run.ts'
import type { Promised } from './stage.ts'

/** A node of the largest swarm costs at most so many times what one of the smallest does (issue 10). */
const MOST_GROWTH = 2

/** Of a node of a swarm of that size. */
export interface GrowthPoint {
  readonly nodes: number
  readonly cpuMsPerS: number
  /** Both ways. */
  readonly bytesPerS: number
  readonly rssMb: number
  readonly connections: number
}

export type Cost = Exclude<keyof GrowthPoint, 'nodes'>

/** What is drawn, with its unit. */
export const COSTS: readonly { readonly cost: Cost; readonly text: string }[] = [
  { cost: 'cpuMsPerS', text: 'CPU, ms per s' },
  { cost: 'bytesPerS', text: 'bytes per s, both ways' },
  { cost: 'rssMb', text: 'memory (RSS), MB' },
  { cost: 'connections', text: 'connections' }
]

export interface Fit {
  /** What ten times the nodes add, in the unit of the figure. */
  readonly perDecade: number
  /** The largest swarm's beside the smallest one's. */
  readonly ratio: number
  /** How much more the largest costs than the smaller ones let expect of a + b·log n. */
  readonly overLog: number
}

export function pointOf({ facts, book }: SwarmResult): GrowthPoint {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the phase of that name
  const idle = book.figures['steady']?.['idle'] as IdleCost
  return {
    nodes: facts.nodes,
    cpuMsPerS: idle.cpuMsPerS,
    bytesPerS: round(idle.bytesInPerS + idle.bytesOutPerS),
    rssMb: idle.rssMb,
    connections: idle.connections
  }
}

/** Least squares against log10 n, of all but the largest; the largest is compared with what that says. */
function fitOf(points: readonly GrowthPoint[], cost: Cost): Fit {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) throw new TypeError('there are no points')
  const line = leastSquares(points, cost)
  const before = leastSquares(points.slice(0, -1), cost)
  const expected = before.at(Math.log10(last.nodes))
  return {
    perDecade: round(line.slope),
    ratio: round(last[cost] / first[cost]),
    overLog: round(last[cost] / expected)
  }
}

function leastSquares(points: readonly GrowthPoint[], cost: Cost) {
  const xs = points.map(({ nodes }) => Math.log10(nodes))
  const ys = points.map((point) => point[cost])
  const [x, y] = [mean(xs), mean(ys)]
  const spread = xs.reduce((sum, each) => sum + (each - x) ** 2, 0)
  const together = xs.reduce((sum, each, at) => sum + (each - x) * ((ys[at] ?? 0) - y), 0)
  const slope = spread === 0 ? 0 : together / spread
  return { slope, at: (each: number): number => y + slope * (each - x) }
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length
}

export function growthPromises(points: readonly GrowthPoint[]): readonly Promised[] {
  return COSTS.map(({ cost, text }) => {
    const { ratio } = fitOf(points, cost)
    const what = `growth: ${text}, ${points.at(-1)?.nodes} nodes beside ${points[0]?.nodes}`
    return { what, value: ratio, unit: 'times', limit: MOST_GROWTH, kept: ratio <= MOST_GROWTH }
  })
}

/** A table in Markdown: a row for each size, and what it grows by. */
export function growthTable(results: readonly SwarmResult[]): string[] {
  const points = results.map(pointOf)
  const head = [
    'nodes',
    ...COSTS.map(({ text }) => text),
    'all found, ms',
    'lookup p95, ms',
    'task p50, p95, ms'
  ]
  const rows = results.map((result, at) => [
    result.facts.nodes,
    ...COSTS.map(({ cost }) => points[at]?.[cost]),
    ...workOf(result)
  ])
  const line = (name: string, pick: (fit: Fit) => number) => [
    name,
    ...COSTS.map(({ cost }) => pick(fitOf(points, cost))),
    '',
    '',
    ''
  ]
  const fits = [
    line('largest ÷ smallest', ({ ratio }) => ratio),
    line('for ten times the nodes', ({ perDecade }) => perDecade),
    line('largest ÷ what log n lets expect', ({ overLog }) => overLog)
  ]
  const cells = [head, head.map(() => '---'), ...rows, ...(points.length > 1 ? fits : [])]
  return cells.map((row) => `| ${row.join(' | ')} |`)
}

function workOf({ book }: SwarmResult): (string | number)[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the phases of those names
  const { start, steady } = book.figures as unknown as {
    readonly start: { readonly found: { readonly lastMs: number } }
    readonly steady: Record<
      'lookups' | 'delegations',
      { readonly p50: number; readonly p95: number }
    >
  }
  const { lookups, delegations } = steady
  return [start.found.lastMs, lookups.p95, `${delegations.p50}, ${delegations.p95}`]
}
