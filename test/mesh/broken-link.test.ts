/** A stream over a link that breaks at random bytes; ten times as much in broken-link.long.test.ts. */
import { expect, test } from 'vitest'
import { streamThroughBreaks } from '../support/broken-stream.ts'
import { seededRandom } from '../support/random.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { expectWhole } from '../support/whole-stream.ts'

const SEED = 1
const MIB = 1024 * 1024

test('text comes whole and once through ten breaks of the link', async () => {
  const folder = await temporaryDirectory()
  const random = seededRandom(SEED)
  const report = await streamThroughBreaks({ folder, random, breaks: 10, bytes: MIB, form: 'text' })
  expect(report.breaks).toBe(10)
  expectWhole(report)
})
