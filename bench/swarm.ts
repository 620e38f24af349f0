/**
 * A swarm of whole nodes on one machine, over TCP and Noise on loopback: started at once, used, and maltreated.
 *
 * Run: `npm run swarm -- --nodes 100`, or `--growth 10,25,50,100`, which draws docs/images/swarm-growth.svg.
 * Ends with 1 when a promise was broken.
 */
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { countOf, durationOf, out, phasesOf, valuesOf } from './swarm/command.ts'
import { measuredText } from './swarm/figures.ts'
import { growthChart } from './swarm/growth-chart.ts'
import { growthPromises, growthTable, pointOf } from './swarm/growth.ts'
import { figureLines, headOf, promiseRows } from './swarm/report.ts'
import { PHASES, runSwarm } from './swarm/run.ts'
import type { SwarmInit, SwarmResult } from './swarm/run.ts'
import type { Promised } from './swarm/stage.ts'

const values = valuesOf({
  nodes: { type: 'string', default: '100' },
  /** Processes; by default one for ten nodes, but not more than there are cores, or five. */
  hosts: { type: 'string' },
  seed: { type: 'string', default: '1' },
  phases: { type: 'string', default: Object.keys(PHASES).join(',') },
  settle: { type: 'string', default: '15s' },
  idle: { type: 'string', default: '30s' },
  churn: { type: 'string', default: '10m' },
  partition: { type: 'string', default: '60s' },
  /** Sizes, the smallest first. */
  growth: { type: 'string' },
  chart: {
    type: 'string',
    default: join(import.meta.dirname, '../docs/images/swarm-growth.svg')
  },
  json: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false }
})

/** Each process compiles all of the code for itself: of too many, the machine does nothing else. */
function hostsFor(nodes: number): number {
  return Math.min(Math.ceil((nodes - 1) / 10), Math.max(5, availableParallelism()))
}

function initOf(nodes: number, phases = phasesOf(values.phases, PHASES)): SwarmInit {
  return {
    nodes,
    hosts: values.hosts === undefined ? hostsFor(nodes) : countOf(values.hosts, 1),
    seed: countOf(values.seed, 0),
    phases,
    durations: {
      settleMs: durationOf(values.settle),
      idleMs: durationOf(values.idle),
      churnMs: durationOf(values.churn),
      partitionMs: durationOf(values.partition)
    },
    say: out
  }
}

function show({ facts, book }: SwarmResult): void {
  const { markdown } = values
  const rows = promiseRows(book, { markdown, how: 'measured' })
  for (const line of [headOf(facts), '', ...rows, '', ...figureLines(book)]) out(line)
}

async function runOne(): Promise<readonly Promised[]> {
  const result = await runSwarm(initOf(countOf(values.nodes, 2)))
  const { facts, book } = result
  show(result)
  if (values.json) out(JSON.stringify({ ...facts, promises: book.promises, ...book.figures }))
  return book.promises
}

async function runGrowth(sizes: readonly number[]): Promise<readonly Promised[]> {
  const results: SwarmResult[] = []
  for (const nodes of sizes) {
    out(`${nodes} nodes`)
    const result = await runSwarm(initOf(nodes, ['start', 'steady']))
    show(result)
    results.push(result)
  }
  const points = results.map(pointOf)
  for (const line of growthTable(results)) out(line)
  writeFileSync(values.chart, growthChart(points))
  const promises = [...results.flatMap(({ book }) => book.promises), ...growthPromises(points)]
  if (values.json) out(JSON.stringify({ points, promises }))
  return promises
}

const promises =
  values.growth === undefined
    ? await runOne()
    : await runGrowth(values.growth.split(',').map((size) => countOf(size, 2)))
for (const { what, value, unit, limit } of promises.filter(({ kept }) => !kept)) {
  process.stderr.write(`broken: ${what}: ${measuredText(value, unit)}, promised ${limit}\n`)
}
process.exitCode = promises.every(({ kept }) => kept) ? 0 : 1
