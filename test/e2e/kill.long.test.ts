/** Real processes, real disks, kill -9: twenty rounds of what bench/reliability.ts does two hundred times. */
import { expect, test } from 'vitest'
import { killRounds } from '../support/kill-rounds.ts'
import { seededRandom } from '../support/random.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('no acknowledged task is lost, done twice or stuck, whoever is killed', async () => {
  const report = await killRounds({
    folder: await temporaryDirectory(),
    rounds: 20,
    tasks: 20,
    random: seededRandom(7)
  })
  expect(report.problems).toEqual([])
  expect(report.completed).toBeGreaterThan(100)
})
