import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createSequence } from '../../../storage/sequence.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

async function setup() {
  const path = join(await temporaryDirectory(), 'sequence.json')
  return { clock: new ManualClock(), path }
}

test('grows within a moment, with the clock, and for callers at once', async () => {
  const { clock, path } = await setup()
  const sequence = createSequence(clock, path)
  expect(await Promise.all([sequence.next(), sequence.next(), sequence.next()])).toEqual([1, 2, 3])
  await clock.advance(1000)
  expect(await sequence.next()).toBe(1000)
})

test('goes on after a restart, even when the clock was set back', async () => {
  const { clock, path } = await setup()
  await clock.advance(5000)
  await createSequence(clock, path).next()
  expect(await createSequence(new ManualClock(), path).next()).toBe(5001)
})

test('starts at the clock when the file is damaged', async () => {
  const { clock, path } = await setup()
  await clock.advance(7000)
  await writeFile(path, '{"last":')
  expect(await createSequence(clock, path).next()).toBe(7000)
})

test('reports a place that cannot be written, and works once it can', async () => {
  const { clock, path } = await setup()
  const blocked = join(path, 'deeper', 'sequence.json')
  const sequence = createSequence(clock, blocked)
  await expect(sequence.next()).rejects.toMatchObject({ code: 'HOME_UNUSABLE' })
  await mkdir(join(path, 'deeper'), { recursive: true })
  expect(await sequence.next()).toBeGreaterThan(0)
})
