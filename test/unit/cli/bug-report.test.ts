import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { unpackTar } from 'modern-tar'
import { expect, test } from 'vitest'
import { knownSecrets } from '../../../cli/bug-report/known-secrets.ts'
import { createRedaction, withoutContent } from '../../../cli/bug-report/redaction.ts'
import type { LogLevelsChange } from '../../../client/log-levels-api.ts'
import { resolvePaths } from '../../../core/paths.ts'
import { createTestCli } from '../../support/cli.ts'
import { fakeLogLevels } from '../../support/log-operations.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const SECRET = '5ec2e7a11f'.repeat(6).slice(0, 48)

test.for([
  ['as it is', SECRET],
  ['base64', Buffer.from(`user:${SECRET}`.slice(5)).toString('base64')],
  ['the bytes of its hex, base64', Buffer.from(SECRET, 'hex').toString('base64')],
  ['hex', Buffer.from(SECRET).toString('hex')],
  ['in a text', `could not log in with ${SECRET}.`]
])('a known secret is found in any spelling: %s', ([, text]) => {
  const { json } = createRedaction({ secrets: [SECRET], home: '/home/ada' })
  expect(JSON.stringify(json({ note: [text] }))).toContain('[secret]')
})

test.for([
  ['lumos1_pGF2AWFzZGhvbWVlcGVlcnOD', '[invite]'],
  ['lumos_0123456789abcdef_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO', '[token]'],
  [`lumosdash_${'aB3_-'.repeat(9).slice(0, 43)}`, '[token]'],
  ['eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiIxMjNEM0tvbyJ9.c2lnbmF0dXJlc2lnbg', '[token]'],
  ['sk-proj-abcdefghijkl', '[key]'],
  ['Authorization: Bearer abcdefgh12345678', 'Authorization: Bearer [secret]'],
  ['http://ada:hunter2@proxy:8080/', 'http://[secret]@proxy:8080/'],
  ['a'.repeat(64), '[64 hex digits]'],
  ['/home/ada/notes', '~/notes']
] as const)('what opens something is known by its form: %s', ([text, expected]) => {
  const { text: redacted } = createRedaction({ secrets: [], home: '/home/ada' })
  expect(redacted(text)).toBe(expected)
})

test('what is called a secret, or is given to a program, is hidden; references and numbers are not', () => {
  const { json } = createRedaction({ secrets: [], home: '/root' })
  const given = {
    apiKey: 'a',
    key: 'b',
    passphraseFile: '/etc/word',
    env: { A: 'c', B: 'env:HOME' },
    headers: { x: ['d'] },
    tokens: 212,
    name: 'birch'
  }
  expect(json(given)).toEqual({
    ...given,
    apiKey: '[secret]',
    key: '[secret]',
    env: { A: '[secret]', B: 'env:HOME' },
    headers: { x: ['[secret]'] }
  })
})

test('secrets are read where a node keeps them, and from its environment', async () => {
  const home = await temporaryDirectory()
  const word = join(home, 'word')
  await mkdir(join(home, 'data/hosting'), { recursive: true })
  await writeFile(join(home, 'data/node.key'), 'node-key-of-this-node\n')
  await writeFile(join(home, 'data/secrets.json'), '{"models":{"work":{"key":"short-one"}}}')
  await writeFile(join(home, 'data/hosting/hosts.json'), '[{"env":{"SHOP":"hosted"},"path":"/a"}]')
  await writeFile(join(home, 'data/database.json'), '{"secret":"of no interest to anybody"}')
  await writeFile(word, 'a passphrase\n')
  const env = {
    LUMOS_HOME: home,
    LUMOS_RUNTIME_DIR: join(home, 'run'),
    OPENAI_API_KEY: 'sk-1',
    PATH: '/bin',
    LUMOS_KEY_PASSPHRASE_FILE: word
  }
  const found = await knownSecrets(resolvePaths(env), env)
  expect(found.filter((each) => each !== '').toSorted()).toEqual([
    'a passphrase',
    'hosted',
    'node-key-of-this-node',
    'short-one',
    'sk-1'
  ])
})

test('lines of parts that hear what agents say keep ids, codes and numbers', () => {
  const fields = { task: '0199', cause: 'the words of a person', deep: { took: 5, reason: 'a b' } }
  const line = { component: 'tasks', message: 'a task failed', fields }
  expect(withoutContent(line)).toEqual({
    ...line,
    fields: { task: '0199', cause: '[21 characters]', deep: { took: 5, reason: '[3 characters]' } }
  })
  for (const component of ['agents:echo', 'host.shop', 'mcp:files', 'something-new']) {
    expect(withoutContent({ ...line, component }).message).toBe('[13 characters]')
  }
  expect(withoutContent({ ...line, component: 'libp2p:tcp' }).fields).toEqual(fields)
})

async function unpack(path: string) {
  const files = await unpackTar(gunzipSync(await readFile(path)))
  return new Map(
    files.map(({ header, data }) => [
      header.name.split('/')[1] ?? '',
      Buffer.from(data ?? []).toString()
    ])
  )
}

test('a report of a node that runs has its parts, says what is inside, and spoils no file', async () => {
  const cli = await createTestCli({})
  const path = join(cli.home, 'report.tar.gz')
  const { code, out } = await cli.run(['bugreport', '--out', path])
  expect(code).toBe(0)
  const files = await unpack(path)
  expect([...files.keys()].toSorted()).toEqual([
    'README.txt',
    'agents.json',
    'audit.ndjson',
    'config.json',
    'doctor.json',
    'last-run.json',
    'limits.json',
    'log-levels.json',
    'log.ndjson',
    'memory.json',
    'peers.json',
    'status.json',
    'tasks.json',
    'versions.json',
    'vitals.json'
  ])
  for (const name of files.keys()) {
    if (name !== 'README.txt') expect(out).toContain(name)
  }
  // The node of this test has no log: the report says so and is whole without it.
  expect(JSON.parse(files.get('log.ndjson') ?? '')).toMatchObject({ missing: true })
  expect(files.get('tasks.json')).not.toContain('hello')
  expect(files.get('audit.ndjson')).not.toContain('birch')
  const again = await cli.run(['bugreport', '--out', path])
  expect([again.code, again.err]).toEqual([2, expect.stringContaining('is there already')])
})

test('--record logs more until Enter, and then as before', async () => {
  const asked: LogLevelsChange[] = []
  const cli = await createTestCli({ logLevels: fakeLogLevels(asked) })
  const { code, err } = await cli.run(
    ['bugreport', '--record', '--out', join(cli.home, 'r.tar.gz')],
    { readLine: async () => '' }
  )
  expect(code).toBe(0)
  expect(err).toContain('press Enter')
  expect(asked).toEqual([
    { level: 'debug', forMs: 1_800_000 },
    { level: 'info', components: { discovery: 'debug' }, reset: true }
  ])
})
