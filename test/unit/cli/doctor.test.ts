/** `lumos doctor`: how findings look, and what `--fix` mends, asks and leaves alone. */
import { globSync, readFileSync } from 'node:fs'
import { chmod, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import type { Check } from '../../../client/doctor-api.ts'
import { CATALOGUE } from '../../../cli/catalogue.ts'
import { renderReport } from '../../../cli/doctor-report.ts'
import { createStyle } from '../../../cli/style.ts'
import type { ControlOperations } from '../../../gateway/control/operations.ts'
import { createTestCli } from '../../support/cli.ts'

const CHECKS: readonly Check[] = [
  { area: 'Daemon', name: 'loop', state: 'ok', text: 'event loop p99 delay 4 ms' },
  { area: 'Daemon', name: 'files', state: 'ok', text: 'up to 65536 open files' },
  { area: 'Peers', name: 'connected', state: 'ok', text: '1 of 2 known peers connected' },
  {
    area: 'Peers',
    name: '/ip4/10.0.0.9/tcp/5866',
    state: 'critical',
    code: 'wrong-key',
    text: '/ip4/10.0.0.9/tcp/5866: the wall does not open',
    hint: 'lumos join INVITE',
    tried: [
      { step: 'tcp', ok: true, text: 'ok', tookMs: 0.4 },
      { step: 'wall', ok: false, text: 'the wall does not open', tookMs: 12 }
    ]
  },
  { area: 'Peers', name: 'old', state: 'ok', code: 'refused', text: '/ip4/10.0.0.8/tcp/1: refused' }
]

const style = createStyle(false)

test('on a terminal what is well shares a line, and what is not has its advice below', () => {
  expect(renderReport({ v: 1, checks: CHECKS }, { style, columns: 80 }).join('\n')).toBe(
    `Daemon  ✓ event loop p99 delay 4 ms  ✓ up to 65536 open files
Peers   ✓ 1 of 2 known peers connected
        ✗ /ip4/10.0.0.9/tcp/5866: the wall does not open
          tcp ✓ 0.4 ms · wall ✗ 12 ms
          try: lumos join INVITE
        · /ip4/10.0.0.8/tcp/1: refused`
  )
})

test('a program gets a line for each', () => {
  const lines = renderReport({ v: 1, checks: CHECKS.slice(0, 2) }, { style })
  expect(lines).toEqual(['Daemon  ✓ event loop p99 delay 4 ms', '        ✓ up to 65536 open files'])
})

test('text of a peer cannot forge what is read', () => {
  const text = 'bob\u001b[2J\n✓ all is well'
  const check: Check = { area: 'Peers', name: 'bob', state: 'warning', text }
  expect(renderReport({ v: 1, checks: [check] }, { style })).toEqual([
    'Peers  ! bob�[2J ✓ all is well'
  ])
})

async function illCli() {
  const fix = vi.fn<ControlOperations['fix']>(async ({ fixes }) => ({
    v: 1,
    done: fixes.map((each) => ({ fix: each, ok: true, text: `${each} was started again` }))
  }))
  const down = { area: 'MCP', name: 'files', state: 'critical', text: 'files is down' } as const
  const cli = await createTestCli({
    doctor: async () => ({ v: 1, checks: [{ ...down, fix: 'mcp:files' }] }),
    fix
  })
  const data = join(cli.home, 'data')
  await mkdir(data, { mode: 0o700 })
  const secret = join(data, 'node.key')
  await writeFile(secret, 'secret')
  await chmod(secret, 0o644)
  const half = join(data, 'peers.json.01234567-89ab-4cde-8f01-23456789abcd.tmp')
  const fresh = join(data, 'peers.json.11234567-89ab-4cde-8f01-23456789abcd.tmp')
  for (const path of [half, fresh]) await writeFile(path, '{')
  await utimes(half, 0, 0)
  return { cli, fix, secret, data }
}

test('--fix mends what it may, says what it did, and leaves what may be in use', async () => {
  const { cli, fix, secret, data } = await illCli()
  const { err } = await cli.run(['doctor', '--fix', '--yes'])
  expect(err).toContain(`✓ ${secret} is for you alone now\n`)
  expect(err).toContain('✓ 1 files of writes that were never finished are gone\n')
  expect(err).toContain('✓ mcp:files was started again\n')
  expect((await stat(secret)).mode & 0o777).toBe(0o600)
  expect((await readdir(data)).toSorted()).toEqual([
    'node.key',
    'peers.json.11234567-89ab-4cde-8f01-23456789abcd.tmp'
  ])
  expect(fix.mock.calls.map(([{ fixes }]) => fixes)).toEqual([['mcp:files']])
})

test('--fix asks a person, and changes nothing when nobody agrees', async () => {
  const { cli, fix, secret } = await illCli()
  const refused = await cli.run(['doctor', '--fix'], { readLine: async () => 'n' })
  expect(refused.err).toContain('mend 3 things? [y/N] ')
  const piped = await cli.run(['doctor', '--fix'], { input: '' })
  expect(piped.err).toContain('nothing was changed: lumos doctor --fix --yes\n')
  expect((await stat(secret)).mode & 0o777).toBe(0o644)
  expect(fix).not.toHaveBeenCalled()
  await cli.run(['doctor', '--fix'], { readLine: async () => 'yes' })
  expect(fix).toHaveBeenCalledOnce()
})

test('--fix is about this node, not about a peer', async () => {
  const { cli } = await illCli()
  expect(await cli.run(['doctor', '--fix', '--peer', 'bob'])).toMatchObject({ code: 2 })
})

/** `lumos mcp restart` in what is advised: command and, where it has any, subcommand. */
const ADVISED = /lumos ([a-z]+)(?: ([a-z]+))?/g
const SOURCES = globSync(
  '{node/operations/doctor/*.ts,node/operations/doctor.ts,cli/offline-checks.ts}'
)

test('every command that is advised exists', () => {
  const unknown = SOURCES.flatMap((file) => {
    const advised = readFileSync(file, 'utf8').matchAll(ADVISED)
    return Array.from(advised, ([text, name = '', more]) => ({ text, name, more })).filter(
      ({ name, more }) => !exists(name, more)
    )
  })
  expect(SOURCES.length).toBeGreaterThan(10)
  expect(unknown).toEqual([])
  expect(exists('host', 'logs')).toBe(false)
})

function exists(name: string, more: string | undefined): boolean {
  if (!CATALOGUE.some((entry) => entry.name === name)) return false
  const source = readFileSync(`cli/commands/${name}.ts`, 'utf8')
  const words = Array.from(source.matchAll(/\.command\('([a-z]+)'/g), ([, word]) => word)
  // Without subcommands what follows is prose, or an argument.
  return words.length === 0 || more === undefined || words.includes(more)
}

/** `code: 'x'`, `code: bad ? 'x' : undefined`, and the last words of `check('…', …, 'x')`. */
const CODE = /code: (?:\w+ \? )?'([a-z-]+)'/g

test('every code is in the documentation', () => {
  const documented = readFileSync('docs/operations.md', 'utf8')
  const codes = SOURCES.flatMap((file) =>
    Array.from(readFileSync(file, 'utf8').matchAll(CODE), ([, code = '']) => code)
  )
  const probed = new Set(['silent', 'reached', 'self', 'invalid'])
  const unknown = new Set(
    codes.filter((code) => !documented.includes(`\`${code}\``) && !probed.has(code))
  )
  expect(codes.length).toBeGreaterThan(20)
  expect([...unknown]).toEqual([])
})
