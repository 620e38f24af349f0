/**
 * Whether nodes could go on for ever: ten of them under mixed work, six of which are stopped or killed in turn, while it is
 * measured what the other four hold on to (heap, handles, listeners, files, database) and how long they stand still.
 *
 *     node bench/soak.ts [--hours 1 | --minutes 5] [--nodes 10] [--intensity 1] [--retention 3m] [--seed 1]
 *                        [--folder DIR] [--json] [--markdown] [--svg FILE]
 *
 * Ends with 1 when a promise was broken. DIR (a temporary one, unless named) keeps `samples.jsonl`; a named one also keeps the homes.
 * Tasks are kept for three minutes and not for a day, so that what is forgotten soon equals what comes.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '../test/support/random.ts'
import { drawSoak } from './soak/picture.ts'
import { markdownOf } from './soak/report.ts'
import { soak } from './soak/run.ts'

const { values } = parseArgs({
  options: {
    hours: { type: 'string' },
    minutes: { type: 'string' },
    nodes: { type: 'string', default: '10' },
    intensity: { type: 'string', default: '1' },
    retention: { type: 'string', default: '3m' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string' },
    svg: { type: 'string' },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false }
  }
})
const minutes = Number(values.minutes ?? Number(values.hours ?? 1) * 60)
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'lumos-soak-'))
mkdirSync(folder, { recursive: true })
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stopping.abort(new Error(signal)))
const log = (line: string): void => console.error(`${new Date().toISOString()} ${line}`)
try {
  const { samples, ...report } = await soak({
    folder,
    samplesFile: join(folder, 'samples.jsonl'),
    nodes: Number(values.nodes),
    minutes,
    intensity: Number(values.intensity),
    retention: values.retention,
    random: seededRandom(Number(values.seed)),
    log,
    signal: stopping.signal
  })
  if (values.svg !== undefined) writeFileSync(values.svg, drawSoak(report, samples))
  writeFileSync(join(folder, 'report.json'), JSON.stringify(report))
  console.log(values.json ? JSON.stringify(report) : markdownOf(report))
  if (values.json && values.markdown) console.error(markdownOf(report))
  process.exitCode = report.ok ? 0 : 1
} finally {
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
}
