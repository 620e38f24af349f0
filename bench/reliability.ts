/**
 * What kill -9 does to tasks: rounds of 20 tasks, in each of which caller or worker is killed at a random moment.
 *
 * Run: `node bench/reliability.ts [rounds, default 200] [seed]`. Ends with 1 when a promise was broken.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killRounds } from '../test/support/kill-rounds.ts'
import { seededRandom } from '../test/support/random.ts'

const [rounds = 200, seed = 1] = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'lumos-kill-'))
try {
  const began = performance.now()
  const { problems, kills, ...counts } = await killRounds({
    folder,
    rounds,
    tasks: 20,
    random: seededRandom(seed)
  })
  const seconds = Math.round((performance.now() - began) / 1000)
  console.log(JSON.stringify({ seed, ...counts, kills, seconds, problems: problems.length }))
  for (const problem of problems.slice(0, 20)) console.log(problem)
  process.exitCode = problems.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
