/** A hundred breaks of the link during one stream of 10 MB: what the agent said is what the caller got. */
import { expect, test } from 'vitest'
import { systemRandom } from '../../core/random.ts'
import { streamThroughBreaks } from '../support/broken-stream.ts'
import { seededRandom } from '../support/random.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { expectWhole } from '../support/whole-stream.ts'

const BREAKS = 100
const BYTES = 10_000_000

/** Other places each time; LUMOS_SEED repeats a run. */
const seed = Number(process.env['LUMOS_SEED'] ?? Math.floor(systemRandom.next() * 2 ** 31))

test.for(['text', 'files'] as const)(`10 MB of %s, LUMOS_SEED=${seed}`, async (form) => {
  const report = await streamThroughBreaks({
    folder: await temporaryDirectory(),
    random: seededRandom(seed),
    breaks: BREAKS,
    bytes: BYTES,
    form
  })
  expect(report.breaks).toBe(BREAKS)
  expectWhole(report)
})
