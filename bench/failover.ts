/**
 * What workers that are killed, stopped, far or flooded do to those who ask: eight processes, a mixed load, one fault after the other.
 *
 * Run: `node bench/failover.ts [seconds, default 60] [seed] [--json]`. Ends with 1 when a promise was broken.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '../test/support/random.ts'
import { runFailover } from '../test/support/failover/run.ts'

const { positionals, values } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true
})
const [seconds = 60, seed = 1] = positionals.map(Number)
const folder = mkdtempSync(join(tmpdir(), 'lumos-fail-'))
const out = (line: string): void => void process.stdout.write(`${line}\n`)
try {
  const random = seededRandom(seed)
  const report = await runFailover({ folder, durationMs: seconds * 1000, random })
  if (values.json) out(JSON.stringify({ seconds, seed, ...report }))
  else {
    const { tasks, completed, interrupted, problems, figures } = report
    out(`${tasks} tasks, ${completed} completed, ${interrupted} lost with their worker\n`)
    out('| worker was | failovers | since the fault: p50, p95, most ms | since the missed word |')
    out('|---|---|---|---|')
    for (const { fault, sinceFault, sinceMissed } of figures) {
      const text = [sinceFault, sinceMissed].map((times) =>
        [times.p50, times.p95, times.most].join(', ')
      )
      out(`| ${[fault, sinceFault.count, ...text].join(' | ')} |`)
    }
    for (const problem of problems.slice(0, 20)) out(problem)
  }
  process.exitCode = report.problems.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
