/** Shared memory as people have it: two real daemons, driven by the command alone, apart and together. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createLumos, type Lumos } from '../support/lumos.ts'

const BIN = join(import.meta.dirname, '../../bin/lumos.cjs')
const SOON = { timeout: 20_000, interval: 100 }

let folder = ''
let alpha: Lumos
let beta: Lumos

interface Document {
  readonly value?: unknown
  readonly writer?: string
  readonly hlc?: string
  readonly peerId?: string
  readonly spaces?: readonly { name: string; keys: number; root: string; peers: readonly Peer[] }[]
  readonly lost?: readonly { value: unknown }[]
}

interface Peer {
  readonly id: string
  readonly inSync: boolean
  readonly behind: number | null
}

/** What a command with --json printed, when it went well. */
async function json(lumos: Lumos, ...argv: string[]): Promise<Document> {
  const { code, stdout, stderr } = await lumos.run([...argv, '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const document: Document = JSON.parse(stdout)
  return document
}

async function up(lumos: Lumos, name: string): Promise<void> {
  const flags = ['--name', name, '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
  await json(lumos, 'up', ...flags)
}

async function shared(lumos: Lumos) {
  const { spaces = [] } = await json(lumos, 'memory', 'status')
  return spaces.find(({ name }) => name === 'shared')
}

/** Both say that they are in sync with the other, and have the same root. */
async function inSync(): Promise<void> {
  const [one, other] = [await shared(alpha), await shared(beta)]
  expect(one?.root).toBe(other?.root)
  for (const space of [one, other]) {
    expect(space?.peers).toMatchObject([{ inSync: true, behind: 0 }])
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-memory-'))
  const runtime = join(folder, 'run')
  alpha = createLumos({ home: join(folder, 'alpha'), runtime })
  beta = createLumos({ home: join(folder, 'beta'), runtime })
  await Promise.all([up(alpha, 'alpha'), up(beta, 'beta')])
  await vi.waitFor(inSync, SOON)
}, 60_000)

afterAll(async () => {
  await Promise.all([alpha, beta].map((lumos) => lumos.run(['down'])))
  await rm(folder, { recursive: true, force: true })
}, 60_000)

test('what is put on one is on the other, with who wrote it and when', async () => {
  const put = await json(alpha, 'memory', 'put', 'city', 'Rome')
  expect(put).toEqual({
    v: 1,
    space: 'shared',
    key: 'city',
    value: 'Rome',
    writer: (await json(alpha, 'id')).peerId,
    hlc: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z-[0-9a-f]{4}$/)
  })
  await vi.waitFor(async () => expect(await json(beta, 'memory', 'get', 'city')).toEqual(put), SOON)
  expect(await beta.run(['memory', 'get', 'city'])).toMatchObject({ code: 0, stdout: 'Rome\n' })
})

test('what is deleted on one is not found on the other', async () => {
  await json(alpha, 'memory', 'put', 'gone', 'x')
  await vi.waitFor(async () => json(beta, 'memory', 'get', 'gone'), SOON)
  await json(beta, 'memory', 'rm', 'gone')
  await vi.waitFor(async () => {
    expect(await alpha.run(['memory', 'get', 'gone'])).toMatchObject({ code: 5 })
  }, SOON)
})

test('a watcher hears of the other node, and ends when nobody reads it any more', async () => {
  const script = '"$0" "$1" memory watch news/ --json | (read a; echo "$a"; read b; echo "$b")'
  const shell = spawn(
    'bash',
    ['-c', `${script}; echo "{\\"type\\": \\"gone\\"}"`, process.execPath, BIN],
    {
      env: beta.env,
      stdio: ['ignore', 'pipe', 'inherit']
    }
  )
  const keys: unknown[] = []
  for await (const line of createInterface({ input: shell.stdout })) {
    const event: { type: string; key?: string } = JSON.parse(line)
    keys.push([event.type, event.key])
    if (event.type === 'ready') await json(alpha, 'memory', 'put', 'news/1', 'hear, hear')
  }
  expect(keys).toEqual([
    ['ready', undefined],
    ['put', 'news/1'],
    ['gone', undefined]
  ])
})

test('nodes that write while they are apart end equal, and keep what was lost', async () => {
  await alpha.run(['down'])
  await json(beta, 'memory', 'put', 'only/beta', 'b')
  await json(beta, 'memory', 'put', 'plan', 'of beta')
  expect((await shared(beta))?.peers).toEqual([])
  await beta.run(['down'])
  await up(alpha, 'alpha')
  await json(alpha, 'memory', 'put', 'only/alpha', 'a')
  await json(alpha, 'memory', 'put', 'plan', 'of alpha')
  await up(beta, 'beta')
  await vi.waitFor(inSync, SOON)
  for (const lumos of [alpha, beta]) {
    expect(await json(lumos, 'memory', 'get', 'only/alpha')).toMatchObject({ value: 'a' })
    expect(await json(lumos, 'memory', 'get', 'only/beta')).toMatchObject({ value: 'b' })
    // It was written last, although by a node that had not seen the other.
    expect(await json(lumos, 'memory', 'get', 'plan')).toMatchObject({ value: 'of alpha' })
  }
  const histories = [await json(alpha, 'memory', 'history', 'plan')]
  histories.push(await json(beta, 'memory', 'history', 'plan'))
  expect(histories.flatMap(({ lost = [] }) => lost)).toContainEqual(
    expect.objectContaining({ value: 'of beta' })
  )
}, 60_000)

test('who is let into a space finds it, writes where it may, and no longer when it is put out', async () => {
  await json(alpha, 'spaces', 'create', 'team')
  expect(await beta.run(['memory', 'ls', '--space', 'team'])).toMatchObject({ code: 5 })
  await json(alpha, 'spaces', 'grant', 'team', 'beta', '--prefix', 'reports/')
  const put = (key: string) => beta.run(['memory', 'put', key, 'done', '--space', 'team'])
  const report = ['memory', 'get', 'reports/1', '--space', 'team']
  await vi.waitFor(async () => {
    // Again and again: what is said while gossip about a new space begins is heard half a minute later.
    expect(await put('reports/1')).toMatchObject({ code: 0 })
    expect(await json(alpha, ...report)).toMatchObject({ value: 'done' })
  }, SOON)
  expect(await put('plans/1')).toMatchObject({ code: 4 })
  await json(alpha, 'spaces', 'revoke', 'team', 'beta')
  await vi.waitFor(async () => expect(await put('reports/2')).toMatchObject({ code: 4 }), SOON)
  expect(await json(alpha, ...report)).toMatchObject({ value: 'done' })
}, 60_000)

test('a sealed space is read by who was let in, and shows nobody else what is in it', async () => {
  await json(alpha, 'spaces', 'create', 'vault', '--sealed')
  await json(alpha, 'memory', 'put', 'codes/door', '1234', '--space', 'vault')
  await json(alpha, 'spaces', 'grant', 'vault', 'beta', '--read')
  await vi.waitFor(
    async () =>
      expect(await json(beta, 'memory', 'get', 'codes/door', '--space', 'vault')).toMatchObject({
        value: '1234'
      }),
    SOON
  )
  expect(await beta.run(['memory', 'put', 'codes/x', '1', '--space', 'vault'])).toMatchObject({
    code: 4
  })
}, 60_000)

test('an export is a file that another space takes, and a damaged one is refused', async () => {
  await json(alpha, 'memory', 'put', 'kept/city', 'Rome')
  const { stdout } = await alpha.run(['memory', 'export'])
  const path = join(folder, 'facts.ndjson')
  await writeFile(path, stdout)
  await json(alpha, 'spaces', 'create', 'copy')
  const count = stdout.trimEnd().split('\n').length
  expect(await json(alpha, 'memory', 'import', path, '--space', 'copy')).toMatchObject({
    written: count
  })
  expect(await json(alpha, 'memory', 'get', 'kept/city', '--space', 'copy')).toMatchObject({
    value: 'Rome'
  })
  await writeFile(path, `${stdout}{"key"`)
  expect(await alpha.run(['memory', 'import', path])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`line ${count + 1}: it is no JSON`)
  })
})
