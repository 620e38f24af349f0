/** What `lumos doctor` says of the database, sound, damaged and repaired. */
import { expect, test } from 'vitest'
import { createMemoryDatabase } from '../../../../node/database.ts'
import { databaseChecks } from '../../../../node/operations/database-checks.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { startDatabase } from '../../../support/node-database.ts'

test('a sound database: where it is, its size, and that a write goes through', async () => {
  const node = await startDatabase()
  const { pending } = node.clock
  expect(await databaseChecks(node)).toMatchObject([
    { area: 'Database', name: 'writable', state: 'ok', text: expect.stringMatching(/MB, a write/) }
  ])
  expect(await Array.fromAsync(node.database.store.iterate({ gte: 'doctor', lt: 'e' }))).toEqual([])
  expect(node.clock.pending).toBe(pending)
})

test('a damaged one: why it takes no writes, and what mends it', async () => {
  const node = await startDatabase()
  await node.spoil()
  await expect(Array.fromAsync(node.database.store.iterate({}))).rejects.toThrow(/damaged/)
  const [writable] = await databaseChecks(node)
  expect(writable).toMatchObject({
    state: 'critical',
    text: expect.stringMatching(/is damaged: .*, read-only since .*Z$/),
    hint: expect.stringMatching(/^lumos restart/)
  })
})

test('a repaired one: what happened, and the copy that is kept until somebody removes it', async () => {
  const node = await startDatabase()
  await node.spoil()
  await expect(Array.fromAsync(node.database.store.iterate({}))).rejects.toThrow(/damaged/)
  await node.restart()
  const repaired = { name: 'start', state: 'warning', text: expect.stringMatching(/was repaired/) }
  const copy = { state: 'warning', hint: expect.stringMatching(/rm -r .*database\.damaged-/) }
  const sound = { name: 'writable', state: 'ok' }
  expect(await databaseChecks(node)).toMatchObject([sound, repaired, copy])
  await node.restart()
  expect(await databaseChecks(node)).toMatchObject([sound, copy])
})

test('one in memory is no problem, and is told of', async () => {
  const clock = new ManualClock()
  const database = createMemoryDatabase({ clock })
  expect(await databaseChecks({ clock, database })).toMatchObject([
    { name: 'place', state: 'ok', text: expect.stringMatching(/in memory/) }
  ])
})
