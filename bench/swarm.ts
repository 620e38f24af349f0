/**
 * A swarm of whole nodes on one machine, over TCP and Noise on loopback: started at once, used, and maltreated.
 *
 * Run: `npm run swarm -- --nodes 100`, or `--growth 10,25,50,100`. Ends with 1 when a promise was broken.
 */
import { parseArgs } from 'node:util'
import { parseDuration } from '../core/units.ts'
import { PHASES, runSwarm } from './swarm/run.ts'
import type { SwarmInit } from './swarm/run.ts'

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100' },
    /** Processes; by default one for ten nodes. */
    hosts: { type: 'string' },
    seed: { type: 'string', default: '1' },
    phases: { type: 'string', default: Object.keys(PHASES).join(',') },
    idle: { type: 'string', default: '30s' },
    churn: { type: 'string', default: '10m' },
    partition: { type: 'string', default: '60s' },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false }
  }
})

const out = (line: string): void => void process.stdout.write(`${line}\n`)

function durationOf(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new TypeError(`${text} is no duration such as 30s or 10m`)
  return ms
}

function initOf(nodes: number): SwarmInit {
  return {
    nodes,
    hosts: Number(values.hosts ?? Math.ceil((nodes - 1) / 10)),
    seed: Number(values.seed),
    phases: values.phases.split(','),
    durations: {
      idleMs: durationOf(values.idle),
      churnMs: durationOf(values.churn),
      partitionMs: durationOf(values.partition)
    },
    say: out
  }
}

const { facts, book } = await runSwarm(initOf(Number(values.nodes)))
const { markdownOf, tableOf } = await import('./swarm/report.ts')
for (const line of (values.markdown ? markdownOf : tableOf)(facts, book)) out(line)
for (const { what, value, unit, limit } of book.broken()) {
  out(`broken: ${what}: ${value} ${unit}, promised ${limit}`)
}
if (values.json) out(JSON.stringify({ ...facts, promises: book.promises, ...book.figures }))
process.exitCode = book.broken().length === 0 ? 0 : 1
