/** The command line itself: help, mistakes, failures, colours. */
import { writeFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { CATALOGUE } from '../../../cli/catalogue.ts'
import { createTestCli } from '../../support/cli.ts'

const names = CATALOGUE.filter(({ group }) => group !== undefined).map(({ name }) => name)

test.for(names)('help of %s begins with two examples or more', async (name) => {
  const cli = await createTestCli()
  const { code, out } = await cli.run(['help', name])
  const [title, , heading, first, second] = out.split('\n')
  expect(code).toBe(0)
  expect(title).toMatch(new RegExp(`^lumos ${name}: .+`))
  expect(heading).toBe('Examples')
  expect([first, second]).toEqual([
    expect.stringContaining('lumos'),
    expect.stringContaining('lumos')
  ])
  expect(await cli.run([name, '--help'])).toMatchObject({ code: 0, out })
})

test('subcommands have pages of their own, with examples first', async () => {
  const cli = await createTestCli()
  const { code, out } = await cli.run(['help', 'peers', 'ping'])
  expect(code).toBe(0)
  expect(out).toBe(`lumos peers ping: measure the round trip to a peer

Examples
  lumos peers ping bob               three times
  lumos peers ping bob -c 1 --json   once, for a script

Usage
  lumos peers ping [flags] PEER

Arguments
  PEER   name, PeerId, or a unique beginning of it

Flags
  -c, --count N   how many times
  -h, --help      this page

Flags of every command: lumos help
`)
})

test.for([
  ['pers', 'unknown command "pers"', 'did you mean "lumos peers"?'],
  ['zzzzzzzz', 'unknown command "zzzzzzzz"', 'lumos help'],
  ['peers pnig bob', 'unknown command "peers pnig"', 'did you mean "lumos peers ping"?'],
  ['config gte name', 'unknown command "config gte"', 'did you mean "lumos config get"?'],
  [
    'peers alpha beta',
    'too many arguments for "ls". Expected 0 arguments but got 2: alpha, beta',
    'lumos help peers ls'
  ],
  ['help statsu', 'unknown command "statsu"', 'did you mean "lumos status"?'],
  ['status --jsn', 'unknown option "--jsn"', 'did you mean --json?'],
  ['run', 'missing required argument "agent"', 'lumos help run'],
  [
    'status extra',
    'too many arguments for "status". Expected 0 arguments but got 1: extra',
    'lumos help status'
  ],
  ['tasks ls --state done', '"done" is no state of a task', 'lumos help tasks ls'],
  ['tasks ls --state complete', '"complete" is no state of a task', 'did you mean completed?']
] as const)('"lumos %s" is answered, exit 2', async ([line, reason, hint]) => {
  const cli = await createTestCli({})
  expect(await cli.run(line.split(' '))).toEqual({
    code: 2,
    out: '',
    err: `error: ${reason}  USAGE (exit 2)\n  try    ${hint}\n`
  })
})

test('a mistake is JSON too when JSON is wanted', async () => {
  const cli = await createTestCli({})
  const { code, out, err } = await cli.run(['pers', '--json'])
  expect({ code, err, failure: JSON.parse(out) as unknown }).toMatchObject({
    code: 2,
    err: '',
    failure: { ok: false, error: { code: 'USAGE', hint: 'did you mean "lumos peers"?' } }
  })
})

test('a missing daemon is exit 3, with the socket that was tried and the cure', async () => {
  const cli = await createTestCli()
  expect(await cli.run(['-P', 'default', 'peers'])).toEqual({
    code: 3,
    out: '',
    err: `error: no Lumos node is running for the profile "default"  DAEMON_DOWN (exit 3)
  tried  socket ${cli.home}/lumos.sock
  try    lumos up
`
  })
})

test('a missing daemon says how its last run ended', async () => {
  const cli = await createTestCli()
  const exit = {
    at: '2026-01-01T00:00:00.000Z',
    code: 1,
    error: { code: 'PORT_IN_USE', message: '' }
  }
  const run = { pid: 1, socket: '', startedAt: exit.at, version: '0.1.0', exit }
  const path = join(cli.home, 'state', 'run.json')
  await mkdir(dirname(path))
  await writeFile(path, JSON.stringify(run))
  const { err } = await cli.run(['status'])
  expect(err).toMatch(/last exit \d+d ago \(PORT_IN_USE\)/)
  const { code, out } = await cli.run(['doctor'])
  expect({ code, out }).toMatchObject({
    code: 2,
    out: expect.stringMatching(/✗ not running; last exit .*PORT_IN_USE/)
  })
})

test('the code of an error stands at the right of a terminal, below when there is no room', async () => {
  const cli = await createTestCli()
  const wide = await cli.run(['status'], { columns: 100 })
  const [first] = wide.err.split('\n')
  expect(first).toMatch(/DAEMON_DOWN \(exit 3\)$/)
  expect(first).toHaveLength(100)
  const narrow = await cli.run(['status'], { columns: 60 })
  expect(narrow.err).toMatch(/^error: [^\n]*default"\n.*\n {2}code {3}DAEMON_DOWN \(exit 3\)\n$/s)
})

test('--debug adds the stack and the causes', async () => {
  const cli = await createTestCli()
  const { err } = await cli.run(['status', '--debug'])
  expect(err).toMatch(/LumosError: no Lumos node.*caused by:.*ENOENT/s)
})

test.for([
  ['a pipe', {}, undefined, false],
  ['a terminal', {}, 80, true],
  ['NO_COLOR', { NO_COLOR: '1' }, 80, false],
  ['a dumb terminal', { TERM: 'dumb' }, 80, false],
  ['FORCE_COLOR in a pipe', { FORCE_COLOR: '1' }, undefined, true],
  ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, 80, false]
] as const)('colours with %s', async ([, env, columns, wanted]) => {
  const cli = await createTestCli()
  const init = { env: { NO_COLOR: '', ...env }, ...(columns !== undefined && { columns }) }
  const { err } = await cli.run(['status'], init)
  expect(err.includes('\u001b[')).toBe(wanted)
  const off = await cli.run(['status', '--no-color'], init)
  expect(off.err.includes('\u001b[')).toBe(false)
})

test('profile and home are found by flag, before environment', async () => {
  const cli = await createTestCli()
  const { err } = await cli.run(['--home', '/tmp/elsewhere', '-P', 'two', 'status'])
  expect(err).toContain('profile "two"')
  expect(err).toContain('/tmp/elsewhere/profiles/two/lumos.sock')
})

test('version names what a report needs, by command and by flag', async () => {
  const cli = await createTestCli()
  const { out } = await cli.run(['version'])
  expect(out).toMatch(/^lumos \d+\.\d+\.\d+ {3}node \d+\.\d+\.\d+ {3}\w+ \w+\n$/)
  expect(await cli.run(['--version'])).toEqual({ code: 0, out, err: '' })
})
