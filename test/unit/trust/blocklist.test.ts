import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished, expect, test } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { createBlocklist } from '../../../trust/blocklist.ts'
import { createMembership } from '../../../trust/membership.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const EVE = '12D3KooWEve'
const HOUR_MS = 3_600_000

async function start(directory: string, clock = new ManualClock()) {
  const membership = createMembership()
  const list = createBlocklist({ clock, logger: silentLogger, membership }, { directory })
  await list.start()
  onTestFinished(() => list.stop())
  return { list, membership, clock }
}

test('a block is in force at once, and after a restart', async () => {
  const directory = await temporaryDirectory()
  const { list, membership } = await start(directory)
  const written = list.block({ peer: EVE, reason: 'floods us' })
  expect(membership.admits(EVE)).toBe(false)
  await written
  const again = await start(directory)
  expect(again.membership.admits(EVE)).toBe(false)
  expect(again.list.of(EVE)).toEqual({ peer: EVE, reason: 'floods us', at: 0 })
  expect(await again.list.unblock(EVE)).toBe(true)
  expect(again.membership.admits(EVE)).toBe(true)
  expect(await again.list.unblock(EVE)).toBe(false)
  expect((await start(directory)).list.all()).toEqual([])
})

test('a block for a while ends when its time is over, also while the node is down', async () => {
  const directory = await temporaryDirectory()
  const { list, membership, clock } = await start(directory)
  await list.block({ peer: EVE, until: HOUR_MS * 30 })
  await list.block({ peer: 'Mallory', until: HOUR_MS * 40 })
  await clock.advance(HOUR_MS * 30 - 1)
  expect(membership.admits(EVE)).toBe(false)
  await clock.advance(1)
  expect([membership.admits(EVE), membership.admits('Mallory')]).toEqual([true, false])
  await clock.advance(HOUR_MS * 20)
  const later = await start(directory, clock)
  expect(later.list.all()).toEqual([])
  expect(later.membership.admits('Mallory')).toBe(true)
})

test('a file that says nothing sensible stops every start: without it nobody would be blocked', async () => {
  const directory = await temporaryDirectory()
  const file = join(directory, 'blocked.json')
  await writeFile(file, '[{"peer":1}]')
  for (const _ of ['first', 'second']) {
    await expect(start(directory)).rejects.toMatchObject({ code: 'FILE_DAMAGED' })
  }
  expect(await readFile(file, 'utf8')).toContain('"peer":1')
})

test('a block goes with the peer to its next id, as it was, and lets go of the old one', async () => {
  const directory = await temporaryDirectory()
  const { list, membership } = await start(directory)
  await list.block({ peer: EVE, reason: 'floods us', until: HOUR_MS })
  const written = list.follow(EVE, 'EveAgain')
  expect([membership.admits(EVE), membership.admits('EveAgain')]).toEqual([true, false])
  await written
  await list.follow('Nobody', 'NobodyAgain')
  const again = await start(directory)
  expect(again.list.all()).toEqual([
    { peer: 'EveAgain', reason: 'floods us', until: HOUR_MS, at: 0 }
  ])
})
