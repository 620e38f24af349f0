/**
 * A swarm in simulated time: our own cores over a simulated network (test/support/swarm-simulation), with the
 * phases, figures and promises of `npm run swarm`.
 *
 * Run: `node bench/swarm-simulation.ts --nodes 1000 --seed 7`; `--loopback --nodes 100 --compare real.json` sets it
 * beside what `npm run swarm -- --nodes 100 --json` wrote. Ends with 1 when a promise was broken.
 */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { LOOPBACK, WIDE_AREA } from '../test/support/swarm-simulation/conditions.ts'
import { PHASES, runSimulation } from '../test/support/swarm-simulation/run.ts'
import { countOf, durationOf, out, phasesOf, valuesOf } from './swarm/command.ts'
import { comparison } from './swarm/comparison.ts'
import { figureLines, promiseRows } from './swarm/report.ts'

/** A million cards are held when a thousand nodes know each other. */
setFlagsFromString('--max-old-space-size=12000')

const values = valuesOf({
  nodes: { type: 'string', default: '1000' },
  seed: { type: 'string', default: '7' },
  /** So many nodes have an agent; by default all. */
  agents: { type: 'string' },
  phases: { type: 'string', default: Object.keys(PHASES).join(',') },
  rest: { type: 'string', default: '20s' },
  churn: { type: 'string', default: '60s' },
  partition: { type: 'string', default: '60s' },
  loopback: { type: 'boolean', default: false },
  compare: { type: 'string' },
  json: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false }
})

const conditions = values.loopback ? LOOPBACK : WIDE_AREA
const cpuSeconds = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1e6
const { book, trace, simulatedMs } = await runSimulation({
  nodes: countOf(values.nodes, 2),
  seed: countOf(values.seed, 0),
  conditions,
  ...(values.agents !== undefined && { agents: countOf(values.agents, 1) }),
  phases: phasesOf(values.phases, PHASES),
  durations: {
    restMs: durationOf(values.rest),
    churnMs: durationOf(values.churn),
    partitionMs: durationOf(values.partition)
  },
  say: (line) => out(`${cpuSeconds().toFixed(1).padStart(7)} s of CPU  ${line}`)
})
const facts = {
  nodes: Number(values.nodes),
  seed: Number(values.seed),
  conditions: conditions.name,
  simulatedSeconds: Math.round(simulatedMs / 1000),
  cpuSeconds: Math.round(cpuSeconds()),
  peakRssMb: Math.round(process.resourceUsage().maxRSS / 1000),
  trace: trace.toString(16)
}
out(
  Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
)
out('')
if (values.compare === undefined) {
  const { markdown } = values
  for (const line of promiseRows(book, { markdown, how: 'simulated' })) out(line)
  out('')
  for (const line of figureLines(book)) out(line)
} else {
  const real: unknown = JSON.parse(
    readFileSync(values.compare, 'utf8').trim().split('\n').at(-1) ?? ''
  )
  const simulated = { promises: book.promises, ...book.figures }
  for (const line of comparison(simulated, real)) out(line)
}
if (values.json) out(JSON.stringify({ ...facts, promises: book.promises, ...book.figures }))
process.exitCode = book.broken().length === 0 ? 0 : 1
