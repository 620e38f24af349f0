/** Real processes, killed, stopped, far away and flooded in turn under a mixed load: what bench/failover.ts measures. */
import { expect, test } from 'vitest'
import { runFailover } from '../support/failover/run.ts'
import { seededRandom } from '../support/random.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('whatever becomes of one worker at a time, every task that another one may do completes, once and whole', async () => {
  const report = await runFailover({
    folder: await temporaryDirectory(),
    durationMs: 28_000,
    random: seededRandom(3)
  })
  expect(report.problems).toEqual([])
  expect(report.completed).toBeGreaterThan(400)
  expect(report.failovers.filter(({ stayed }) => !stayed).length).toBeGreaterThan(4)
})
