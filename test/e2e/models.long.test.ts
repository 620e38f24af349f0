/** Language models as people have them: a real daemon, a model server in another process, and keys that must not show. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { ModelList, ModelProviderDocument, ModelTest } from '../../client/models-api.ts'
import { firstLine, kill } from '../support/child-process.ts'
import { createLumos, type Lumos } from '../support/lumos.ts'

const SERVER = join(import.meta.dirname, '../support/model-server.ts')
const FLAGS = ['--name', 'alpha', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
const SOON = { timeout: 20_000, interval: 100 }
const KEYS = ['sk-planted-in-the-environment', 'sk-planted-in-a-file'] as const

let folder = ''
let server: ChildProcess | undefined
let url = ''
let alpha: Lumos
/** All that was ever printed. */
const printed: string[] = []

async function run(...argv: string[]) {
  const { code, stdout, stderr } = await alpha.run(argv)
  printed.push(stdout, stderr)
  return { code, out: stdout, err: stderr }
}

async function json<T>(...argv: string[]): Promise<T> {
  const { out } = await run(...argv, '--json')
  const document: T = JSON.parse(out)
  return document
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-models-'))
  server = spawn(process.execPath, [SERVER], { stdio: ['ignore', 'pipe', 'inherit'] })
  url = await firstLine(server)
  alpha = createLumos({
    home: join(folder, 'alpha'),
    env: { OPENAI_API_KEY: KEYS[0], OPENAI_BASE_URL: url, LUMOS_LOG_LEVEL: 'trace' }
  })
  const { code, err } = await run('up', ...FLAGS)
  if (code !== 0) throw new Error(err)
}, 60_000)

afterAll(async () => {
  await alpha.run(['down'])
  await kill(server)
  await rm(folder, { recursive: true, force: true })
}, 60_000)

test('the environment of up reaches the node: models are there, and chat answers', async () => {
  await vi.waitFor(async () => {
    const { providers } = await json<ModelList>('model', 'ls')
    expect(providers).toContainEqual(
      expect.objectContaining({
        name: 'openai',
        baseUrl: url,
        source: 'env OPENAI_API_KEY',
        status: 'ready'
      })
    )
  }, SOON)
  expect((await run('model')).out).toMatch(
    /openai +test-model \* +http.* ready +env OPENAI_API_KEY/
  )
  await vi.waitFor(async () => expect((await run('agents')).out).toMatch(/^chat /m), SOON)
  const { code, out } = await run('run', 'chat', 'good morning from the swarm')
  expect({ code, out }).toEqual({ code: 0, out: 'good morning from the swarm\n' })
  const trial = await json<ModelTest>('model', 'test')
  expect(trial).toMatchObject({ model: 'openai/test-model', works: true })
  expect(trial.firstTokenMs).toBeGreaterThan(0)
})

test('a provider is added while the node runs, survives a restart, and goes', async () => {
  await addWork()
  expect(await run('model', 'default', 'work', 'openai/test-model')).toMatchObject({
    out: 'work/test-model\nopenai/test-model\n'
  })
  expect(await run('restart')).toMatchObject({ code: 0 })
  await vi.waitFor(async () => {
    const list = await json<ModelList>('model', 'ls')
    expect(list.default).toEqual(['work/test-model', 'openai/test-model'])
    expect(list.providers).toMatchObject([{ name: 'work', status: 'ready' }, { name: 'openai' }])
  }, SOON)
  expect((await run('run', 'chat', 'still here')).out).toBe('still here\n')
  expect(await run('model', 'rm', 'work')).toMatchObject({ code: 0 })
  expect(await run('model', 'default', '--auto')).toMatchObject({ code: 0 })
})

test('no key is in any output, in the log, or in any file but the one for secrets', async () => {
  await addWork()
  const wrong = ['model', 'add', 'wrong', '--base-url', url.replace('/v1', '/v2')]
  expect(await run(...wrong, '--key-file', join(folder, 'key'))).toMatchObject({ code: 1 })
  await run('model', 'test', 'work')
  await run('config', 'get')
  await run('logs', '--json')
  const home = join(folder, 'alpha')
  const files = (await readdir(home, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  expect(files.length).toBeGreaterThan(5)
  const texts = await Promise.all(files.map((path) => readFile(path, 'latin1')))
  const secrets = join(home, 'data/secrets.json')
  for (const key of KEYS) {
    expect(printed.filter((text) => text.includes(key))).toEqual([])
    const holders = files.filter((_, at) => texts[at]?.includes(key))
    expect(holders).toEqual(key === KEYS[1] ? [secrets] : [])
  }
  expect((await stat(secrets)).mode & 0o777).toBe(0o600)
  expect(await run('model', 'rm', 'work')).toMatchObject({ code: 0 })
  expect(await run('model', 'rm', 'wrong')).toMatchObject({ code: 0 })
  expect(await readFile(secrets, 'utf8')).not.toContain(KEYS[1])
})

async function addWork() {
  const file = join(folder, 'key')
  await writeFile(file, `${KEYS[1]}\n`, { mode: 0o600 })
  const argv = ['model', 'add', 'work', '--base-url', url, '--key-file', file]
  expect(await json<ModelProviderDocument>(...argv)).toMatchObject({
    provider: { status: 'ready', source: 'secrets file' }
  })
}
