/** `lumos spaces`: whose a space is, and who may do what there. */
import { expect, test } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import type { SpaceOperations } from '../../../gateway/control/memory-operations.ts'
import { createTestCli } from '../../support/cli.ts'
import { fakeSpaces } from '../../support/memory-operations.ts'

function setup(spaces: Partial<SpaceOperations> = {}) {
  return createTestCli({ spaces: fakeSpaces(spaces) })
}

test('spaces says whose they are', async () => {
  const cli = await setup()
  expect((await cli.run(['spaces'])).out).toBe(
    `NAME  MODE     SEALED  OWNER                    ID
team  members  yes     amber-otter (this node)  0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f
team  members  yes     everybody                0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f
`
  )
})

test('a space is shown with its rules and its people', async () => {
  const cli = await setup()
  expect((await cli.run(['spaces', 'show', 'team'])).out).toBe(
    `team   0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f
  owner  amber-otter (this node)
  mode   members: those write whom the owner lets
  sealed yes: keys and values are encrypted for its members
  limits values of 33 kB, 10 keys and 1 kB a writer, deletions known for 5 ms
  write  amber-otter a/ until 2026-01-02T03:04:05.678Z
  out    …ooWOther
`
  )
})

test('what was forgotten is listed apart', async () => {
  const cli = await setup()
  expect((await cli.run(['spaces', 'ls', '--forgotten'])).out).toBe(
    `NAME  MODE     SEALED  OWNER        ID
old   members  yes     amber-otter  0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f
`
  )
})

test('forget says how to undo it, join shows the space, and both say it as JSON', async () => {
  const asked: unknown[] = []
  const spaces = fakeSpaces()
  const cli = await setup({
    forget: (...input) => (asked.push(input), spaces.forget(...input)),
    join: (...input) => (asked.push(input), spaces.join(...input))
  })
  expect(await cli.run(['spaces', 'forget', 'team'])).toMatchObject({
    out: '✓ team is forgotten   …0f0f0f0f\n',
    err: `undo: lumos spaces join ${'0f'.repeat(16)}\n`
  })
  const { out } = await cli.run(['spaces', 'forget', 'team', '--force', '--json'])
  expect(JSON.parse(out)).toMatchObject({ v: 1, space: { name: 'team', own: true } })
  expect((await cli.run(['spaces', 'join', 'old'])).out).toMatch(/^team +0f0f/)
  expect(asked).toEqual([['team', {}], ['team', { force: true }], ['old']])
})

test('a space that stays says why', async () => {
  const details = { space: 'team' }
  const cli = await setup({
    forget: () => Promise.reject(new LumosError('SPACE_OWNED', { details }))
  })
  const { code, err } = await cli.run(['spaces', 'forget', 'team'])
  expect(code).toBe(2)
  expect(err).toContain('lumos spaces forget team --force')
})

test('create, grant and revoke ask for what was typed', async () => {
  const asked: unknown[] = []
  const spaces = fakeSpaces()
  const cli = await setup({
    create: (...input) => (asked.push(input), spaces.create(...input)),
    grant: (...input) => (asked.push(input), spaces.grant(...input)),
    revoke: (...input) => (asked.push(input), spaces.revoke(...input))
  })
  await cli.run(['spaces', 'create', 'news', '--mode', 'owner-only'])
  await cli.run(['spaces', 'create', 'team', '--sealed'])
  await cli.run(['spaces', 'grant', 'team', 'ruby', '--prefix', 'a/', '--ttl', '1h'])
  await cli.run(['spaces', 'grant', 'team', 'ruby', '--read'])
  await cli.run(['spaces', 'revoke', 'team', 'ruby'])
  expect(asked).toEqual([
    [{ name: 'news', mode: 'owner-only' }],
    [{ name: 'team', mode: 'members', sealed: true }],
    ['team', { peer: 'ruby', role: 'write', prefix: 'a/', ttlMs: 3_600_000 }],
    ['team', { peer: 'ruby', role: 'read' }],
    ['team', 'ruby']
  ])
  expect(await cli.run(['spaces', 'create', 'x', '--mode', 'secret'])).toMatchObject({ code: 2 })
})
