/** `lumos grant`: what is given is asked for as it was typed, and told in words. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { GRANT_ACTIONS } from '../../../core/grant-words.ts'
import type { GrantOperations } from '../../../gateway/control/grant-operations.ts'
import { createTestCli } from '../../support/cli.ts'
import { BROKEN_GRANT, fakeGrants, GRANT_DOCUMENT } from '../../support/grant-operations.ts'

function setup(grants: Partial<GrantOperations> = {}) {
  return createTestCli({ grants: fakeGrants(grants) })
}

test('grants are listed with whom they are to or by', async () => {
  const cli = await setup()
  const { out } = await cli.run(['grant'])
  expect(out.split('\n')[1]).toMatch(
    /^(0f1e2d3c){4} {2}to {5}…ooWOther +task\/send,memory\/read {2}only summarize, translate\.\*, 10 a minute, 2 at once, 5,000 tokens a task, cost 0\.5 a task, handed on 1 time, nothing leaves the swarm {2}2026-01-09T03:04:05\.000Z {2}in-force$/
  )
  expect(out.split('\n')[2]).toMatch(/^(a0b1c2d3){4} {2}by {5}birch +.* - +2026-.* expired$/)
})

test('a grant is asked for as it was typed, and its token is all that is on stdout', async () => {
  const asked: unknown[] = []
  const cli = await setup({ create: async (request) => (asked.push(request), GRANT_DOCUMENT) })
  const least = await cli.run(['grant', 'create', 'ruby', '--can', 'task/send'])
  expect(least).toMatchObject({ code: 0, out: 'head.body.signature\n' })
  expect(least.err).toContain('lumos grant revoke 0f1e2d3c')
  await writeFile(join(cli.home, 'proof'), 'a.b.c\n')
  const most = '--can task/send --can memory/read --with swarm --skill a --skill b.* --rate 10'
  const rest = '--concurrency 2 --tokens 5000 --money 0.5 --depth 0 --no-egress --expires 1d'
  const proof = ['--proof', `file:${join(cli.home, 'proof')}`]
  await cli.run(['grant', 'create', 'ruby', ...`${most} ${rest}`.split(' '), ...proof])
  const week = 7 * 24 * 3_600_000
  expect(asked).toEqual([
    { peer: 'ruby', can: ['task/send'], lifetimeMs: week },
    {
      peer: 'ruby',
      can: ['task/send', 'memory/read'],
      with: 'swarm',
      limits: {
        skills: ['a', 'b.*'],
        rate: 10,
        concurrency: 2,
        tokens: 5000,
        money: 0.5,
        depth: 0,
        egress: false
      },
      lifetimeMs: week / 7,
      proof: 'a.b.c'
    }
  ])
})

test.for([
  [[], 'what is granted is missing'],
  [['--can', 'task/sent'], 'did you mean task/send?'],
  [['--can', 'task/send', '--with', 'world'], 'no place'],
  [['--can', 'task/send', '--rate', '0'], 'no whole number'],
  [['--can', 'task/send', '--money', 'much'], 'no amount'],
  [['--can', 'task/send', '--proof', 'file:/nowhere'], 'cannot be read: ENOENT']
] as const)(
  'what cannot be granted is refused before anybody is asked: %j',
  async ([argv, why]) => {
    const cli = await setup()
    const { code, err } = await cli.run(['grant', 'create', 'ruby', ...argv])
    expect(code).toBe(2)
    expect(err).toContain(why)
  }
)

test('everything that can be granted can be typed', async () => {
  const cli = await setup()
  const flags = GRANT_ACTIONS.flatMap((action) => ['--can', action])
  expect(await cli.run(['grant', 'create', 'ruby', ...flags])).toMatchObject({ code: 0 })
})

test('a grant is taken from stdin, and shown with all that it rests on', async () => {
  const asked: string[] = []
  const cli = await setup({ add: async (token) => (asked.push(token), GRANT_DOCUMENT) })
  const { out } = await cli.run(['grant', 'add', '-'], { input: ' head.body.signature\n' })
  expect(asked).toEqual(['head.body.signature'])
  expect(out).toBe(
    `${'0f1e2d3c'.repeat(4)}
  state  in-force
  can    task/send, memory/read
  where  one node: 12D3KooWPeer
  limits only summarize, translate.*, 10 a minute, 2 at once, 5,000 tokens a task, cost 0.5 a task, handed on 1 time, nothing leaves the swarm
  until  2026-01-09T03:04:05.000Z
  from   birch to amber-otter: task/send, memory/read; until 2026-01-09T03:04:05.000Z (a0b1c2d3)
         amber-otter to …ooWOther: task/send, memory/read; only summarize, translate.*, 10 a minute, 2 at once, 5,000 tokens a task, cost 0.5 a task, handed on 1 time, nothing leaves the swarm; until 2026-01-09T03:04:05.000Z (0f1e2d3c)
`
  )
})

test('verify tells each link apart, and its exit code says whether the grant counts', async () => {
  const cli = await setup()
  const broken = await cli.run(['grant', 'verify', '0f1e2d3c'])
  expect(broken.code).toBe(4)
  expect(broken.out).toMatch(/^broken birch to amber-otter: .*\n {7}the grant .* taken back\nok /)
  const json = await cli.run(['grant', 'verify', '0f1e2d3c', '--json'])
  expect(json.code).toBe(4)
  expect(JSON.parse(json.out)).toEqual(BROKEN_GRANT)
  const good = await setup({ show: async () => GRANT_DOCUMENT })
  expect(await good.run(['grant', 'verify', 'x.y.z'])).toMatchObject({ code: 0 })
})

test('revoke takes the id in any of its short forms', async () => {
  const asked: string[] = []
  const cli = await setup({ revoke: async (id) => (asked.push(id), GRANT_DOCUMENT) })
  for (const id of ['0f1e2d3c', '…0F1E2D3C']) await cli.run(['grant', 'revoke', id])
  expect(asked).toEqual(['0f1e2d3c', '0f1e2d3c'])
})
