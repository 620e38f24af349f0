/** What works without a daemon: explain, completion, logs from the file, doctor. */
import { spawnSync } from 'node:child_process'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ERRORS, EXIT } from '../../../core/error-table.ts'
import { EXIT_MEANINGS } from '../../../cli/commands/explain.ts'
import { createTestCli } from '../../support/cli.ts'
import { fakeOperations } from '../../support/control-operations.ts'

test.for(Object.keys(ERRORS))('explains %s', async (code) => {
  const cli = await createTestCli()
  const { code: exit, out } = await cli.run(['explain', `E_${code.toLowerCase()}`])
  expect(exit).toBe(0)
  expect(out).toMatch(new RegExp(`^${code} {3}error\\n {2}means {4}\\S.*\\n {2}do {7}\\S`))
  expect(out).not.toMatch(/[{}]/)
})

test.for(Object.values(EXIT))('explains exit code %d', async (number) => {
  const cli = await createTestCli()
  const { out } = await cli.run(['explain', String(number), '--json'])
  expect(JSON.parse(out)).toMatchObject({ v: 1, kind: 'exit', means: expect.stringMatching(/\w/) })
})

test('docs/configuration.md has the same exit codes', async () => {
  const text = await readFile('docs/configuration.md', 'utf8')
  for (const [name, number] of Object.entries(EXIT)) {
    if (number === EXIT.interrupted) continue
    expect(text).toContain(
      `| ${number} | ${name} | ${new Map(Object.entries(EXIT_MEANINGS)).get(name)} |`
    )
  }
})

test('explains a setting by its key and by its variable', async () => {
  const cli = await createTestCli()
  const { out } = await cli.run(['explain', 'discovery.mdns'])
  expect(out).toMatch(/^discovery\.mdns {3}setting\n {2}default {2}true\n/)
  expect(await cli.run(['explain', 'LUMOS_DISCOVERY_MDNS'])).toMatchObject({ code: 0, out })
})

test('explains limits, and answers an unknown word with the nearest', async () => {
  const cli = await createTestCli()
  expect((await cli.run(['explain', 'framebytes'])).out).toMatch(/262144 bytes/)
  expect(await cli.run(['explain', 'NO_ROUTTE'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/did you mean NO_ROUTE\?/)
  })
})

test('bash completes commands, subcommands and flags', async () => {
  const cli = await createTestCli()
  const { out } = await cli.run(['completion', 'bash'])
  const complete = (...words: string[]): string[] => {
    const line = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_lumos
printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', `${out}\n${line}`], {
      encoding: 'utf8'
    })
    expect(stderr).toBe('')
    return stdout.trim().split('\n')
  }
  expect(complete('lumos', 'st')).toEqual(['status'])
  expect(complete('lumos', '-P', 'two', 'peers', 'p')).toEqual(['ping'])
  expect(complete('lumos', 'run', '--t')).toEqual(['--to', '--take', '--task-id', '--timeout'])
  expect(complete('lumos', 'tasks', 'ls', '--st')).toEqual(['--state'])
})

test('completion asks the daemon for names, and is silent without one', async () => {
  const up = await createTestCli({})
  expect((await up.run(['__complete', 'peers'])).out).toBe('amber-otter\n')
  expect((await up.run(['__complete', 'agents'])).out).toBe('echo\necho.say\n')
  const down = await createTestCli()
  expect(await down.run(['__complete', 'peers', '-q'])).toEqual({ code: 0, out: '', err: '' })
})

test('completion offers no word of a peer that a shell would carry out', async () => {
  const { agents } = await fakeOperations().agents()
  const ids = ['$(reboot)', '`reboot`', 'a;b', "a'b", 'a b', '*', 'x.y-z_1@bob', 'übersetzen']
  const cli = await createTestCli({
    agents: async () => ({
      v: 1,
      agents: ids.flatMap((id) => agents.map((agent) => ({ ...agent, id, skills: [] })))
    })
  })
  const { out } = await cli.run(['__complete', 'agents'])
  expect(out).toBe('x.y-z_1@bob\nübersetzen\n')
})

test.for(['zsh', 'fish'])('the script for %s names every command', async (shell) => {
  const cli = await createTestCli()
  const { out } = await cli.run(['completion', shell])
  for (const name of ['up', 'run', 'peers', 'ping', '__complete']) expect(out).toContain(name)
})

test('a shell that nobody knows is a mistake in usage', async () => {
  const cli = await createTestCli()
  expect(await cli.run(['completion', 'bsh'])).toMatchObject({
    code: 2,
    err: expect.stringMatching(/did you mean bash\?/)
  })
})

test('logs come from the file while the node is down', async () => {
  const cli = await createTestCli()
  const path = join(cli.home, 'state', 'lumos.log')
  await mkdir(dirname(path))
  await writeFile(path, `${logLine('info', 'one')}\n${logLine('warn', 'two')}\nTypeError: three\n`)
  const { code, out, err } = await cli.run(['logs', '--level', 'warn'])
  expect({ code, out, err }).toEqual({
    code: 0,
    out: `2026-01-02T03:04:05.678Z warn  libp2p:tcp two\nerror stderr TypeError: three\n`,
    err: `the node is not running; the end of ${path}:\n`
  })
  const last = await cli.run(['logs', '-n', '1', '--component', 'libp2p', '--json'])
  expect(JSON.parse(last.out)).toMatchObject({ message: 'two' })
  expect(await cli.run(['logs', '-f'])).toMatchObject({ code: 3 })
})

test('doctor finds a folder that others may read, and says how to mend it', async () => {
  const cli = await createTestCli({ doctor: async () => ({ v: 1, checks: [] }) })
  await chmod(cli.home, 0o755)
  const { code, out, err } = await cli.run(['doctor'])
  const more = '1 thing can be mended: lumos doctor --fix\n'
  expect({ code, err }).toEqual({ code: 1, err: `1 warning\n${more}` })
  expect(out).toContain(`try: chmod 700 ${cli.home}`)
})

test('doctor without a daemon looks at the files of the database', async () => {
  const cli = await createTestCli()
  const database = join(cli.home, 'data/database')
  await mkdir(database, { recursive: true, mode: 0o700 })
  await writeFile(join(database, '000005.ldb'), Buffer.alloc(2_000_000))
  const sound = await cli.run(['doctor', '--json'])
  expect(JSON.parse(sound.out)).toMatchObject({
    checks: expect.arrayContaining([
      { area: 'Database', name: 'files', state: 'ok', text: `${database}: 2 MB` }
    ])
  })
  await writeFile(`${database}.damage.json`, '{"reason":"a bad block"}')
  expect((await cli.run(['doctor'])).out).toMatch(/! reading has found damage.*\n.*try: lumos up/)
})

test('doctor without a daemon is a warning; with a broken node it is critical', async () => {
  const cli = await createTestCli()
  expect(await cli.run(['doctor'])).toMatchObject({
    code: 1,
    out: expect.stringMatching(/not running/)
  })
  const ill = await createTestCli({
    doctor: async () => ({
      v: 1,
      checks: [
        { area: 'DHT', name: 'a', state: 'unknown', text: 'no answer' },
        { area: 'DHT', name: 'b', state: 'critical', text: 'broken', hint: 'mend it' }
      ]
    })
  })
  const { code, out, err } = await ill.run(['doctor'])
  expect({ code, err }).toEqual({ code: 2, err: '1 problem, 1 unknown\n' })
  expect(out).toContain(`DHT      ? no answer
         ✗ broken
           try: mend it
`)
})

function logLine(level: string, message: string): string {
  const time = '2026-01-02T03:04:05.678Z'
  return JSON.stringify({ time, level, component: 'libp2p:tcp', message, fields: {} })
}
