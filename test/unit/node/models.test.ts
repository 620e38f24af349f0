/** Where the models of a node come from, how they come and go, and that no key shows anywhere. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { z } from 'zod'
import { LIMITS } from '../../../core/limits.ts'
import type { LogFields, Logger } from '../../../core/logger.ts'
import type { Environment } from '../../../core/paths.ts'
import { Secret } from '../../../core/secret.ts'
import { models as section } from '../../../node/config/models-section.ts'
import { createNodeModels } from '../../../node/models.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import type { ModelServerOptions } from '../../support/model-server.ts'
import { startModelServer } from '../../support/model-server.ts'
import { seededRandom } from '../../support/random.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'

const KEY = 'sk-planted-9a41'

/** A port of loopback where nothing listens. */
const NOWHERE = '127.0.0.1:9'

interface Options {
  readonly env?: Environment
  readonly config?: z.input<typeof section>
  readonly folder?: string
}

async function setup({ env = {}, config = {}, folder }: Options = {}) {
  const dataDirectory = folder ?? (await temporaryDirectory())
  const clock = new ManualClock()
  const lines: string[] = []
  const models = await createNodeModels(
    { clock, random: seededRandom(3), logger: collecting(lines) },
    {
      config: section.parse(config),
      env: { OLLAMA_HOST: NOWHERE, ...env },
      dataDirectory
    }
  )
  onTestFinished(() => models.stop())
  const refs = () =>
    models.providers().flatMap(({ name, models: ids }) => ids.map((id) => `${name}/${id}`))
  const changes = { count: 0 }
  models.events.on('changed', () => (changes.count += 1))
  /** Lets time pass, in steps so small that answers over loopback are in time. */
  const until = async (condition: () => boolean) => {
    while (!condition()) {
      await clock.advance(20)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const settled = (name: string, status: string) =>
    until(() => models.providers().find((each) => each.name === name)?.status === status)
  return { models, until, clock, lines, refs, changes, settled, dataDirectory }
}

function collecting(lines: string[]): Logger {
  const write = (message: string, fields?: LogFields) =>
    void lines.push(`${message} ${inspect(fields, { depth: 10 })}`)
  const logger: Logger = {
    debug: write,
    info: write,
    warn: write,
    error: write,
    child: () => logger
  }
  return logger
}

async function server(options: ModelServerOptions = {}) {
  const started = await startModelServer(options)
  onTestFinished(() => started.stop())
  return started
}

const { signal } = new AbortController()

test('a node without anything has no model, and says what to do', async () => {
  const { models } = await setup()
  await models.start()
  expect(models.providers()).toEqual([])
  expect(models.defaults()).toEqual([])
  expect(() => models.get()).toThrow(expect.objectContaining({ code: 'MODEL_NONE' }))
})

test('OPENAI_API_KEY with OPENAI_BASE_URL is found by itself, and its models are asked for', async () => {
  const { url } = await server({ key: KEY, models: ['text-embedding-3', 'gpt-9', 'gpt-8'] })
  const { models, refs, settled, changes } = await setup({
    env: { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: url }
  })
  await models.start()
  await settled('openai', 'ready')
  expect(refs()).toEqual(['openai/gpt-9', 'openai/gpt-8'])
  expect(models.providers()[0]?.source).toBe('env OPENAI_API_KEY')
  expect(models.get().ref).toBe('openai/gpt-9')
  expect(changes.count).toBe(1)
})

test('OPENAI_MODEL needs no list', async () => {
  const { models } = await setup({ env: { OPENAI_API_KEY: KEY, OPENAI_MODEL: 'gpt-9' } })
  expect(models.get().ref).toBe('openai/gpt-9')
})

test('without a key OPENAI_BASE_URL alone is enough', async () => {
  const { url } = await server()
  const { models, settled } = await setup({ env: { OPENAI_BASE_URL: url } })
  await models.start()
  await settled('openai', 'ready')
  expect(models.providers()[0]?.source).toBe('env OPENAI_BASE_URL')
})

test('a key never goes to another server than OPENAI_BASE_URL says, also when that is no URL', async () => {
  const { models } = await setup({
    env: { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: 'api.example.com' }
  })
  expect(models.providers()[0]).toMatchObject({
    status: 'unusable',
    problem: { code: 'MODEL_PROVIDER_INVALID' }
  })
})

test('nothing is looked for when that is switched off', async () => {
  const { models } = await setup({
    env: { OPENAI_API_KEY: KEY, OPENAI_MODEL: 'gpt-9' },
    config: { detect: false }
  })
  expect(models.providers()).toEqual([])
})

test('an Ollama that starts later lights up, and one late answer does not put it out', async () => {
  const first = await server({ models: ['llama4:latest'] })
  const { port } = new URL(first.url)
  await first.stop()
  const { models, until, refs, settled, changes } = await setup({
    env: { OLLAMA_HOST: `127.0.0.1:${port}` }
  })
  await models.start()
  expect(models.providers()).toEqual([])

  const second = await server({ models: ['llama4:latest'], port: Number(port) })
  await settled('ollama', 'ready')
  expect(refs()).toEqual(['ollama/llama4:latest'])
  expect(models.get('ollama/llama4').ref).toBe('ollama/llama4:latest')
  expect(models.get('llama4:latest').ref).toBe('ollama/llama4:latest')

  await second.stop()
  await settled('ollama', 'unreachable')
  expect(refs()).toEqual(['ollama/llama4:latest'])
  await until(() => models.providers().length === 0)
  expect(() => models.get()).toThrow(expect.objectContaining({ code: 'MODEL_NONE' }))
  expect(changes.count).toBe(2)
})

test('a provider that says nothing delays nobody', async () => {
  const { url } = await server({ respond: () => ({}) })
  const { models, clock } = await setup({
    config: { providers: { slow: { baseUrl: 'http://192.0.2.1/v1', models: ['big'] } } },
    env: { OPENAI_BASE_URL: url }
  })
  await models.start()
  expect(models.get().ref).toBe('slow/big')
  await clock.advance(LIMITS.modelProbe.value)
  expect(models.get().ref).toBe('slow/big')
})

test('configured providers come first; env: and file: say where the key is', async () => {
  const { url } = await server({ key: KEY })
  const folder = await temporaryDirectory()
  await writeFile(join(folder, 'key'), `${KEY}\n`)
  const { models, settled } = await setup({
    env: { MY_KEY: KEY, OPENAI_API_KEY: 'sk-other', OPENAI_BASE_URL: `http://${NOWHERE}/v1` },
    config: {
      providers: {
        one: { baseUrl: url, apiKey: 'env:MY_KEY' },
        two: { baseUrl: url, apiKey: `file:${folder}/key`, models: ['mine'] },
        three: { baseUrl: url, apiKey: 'env:NOT_THERE', models: ['never'] },
        four: { baseUrl: url, apiKey: 'file:/nonexistent/key' },
        openrouter: {}
      }
    }
  })
  await models.start()
  await settled('one', 'ready')
  await settled('two', 'ready')
  await settled('openai', 'unreachable')
  expect(models.providers().map(({ name, source, status }) => [name, source, status])).toEqual([
    ['one', 'env MY_KEY', 'ready'],
    ['two', `file ${folder}/key`, 'ready'],
    ['three', 'env NOT_THERE', 'unusable'],
    ['four', 'file /nonexistent/key', 'unusable'],
    ['openrouter', 'config', 'unusable'],
    ['openai', 'env OPENAI_API_KEY', 'unreachable']
  ])
  expect(models.get('two').ref).toBe('two/mine')
  expect(() => models.get('three/never')).toThrow(
    expect.objectContaining({ code: 'MODEL_UNKNOWN' })
  )
})

test('an unknown name is answered with those there are', async () => {
  const { models } = await setup({
    config: { providers: { home: { baseUrl: 'http://127.0.0.1:9/v1', models: ['a', 'b'] } } }
  })
  expect(() => models.get('c')).toThrow('there are: home/a, home/b')
  expect(() => models.get('home/c')).toThrow(expect.objectContaining({ code: 'MODEL_UNKNOWN' }))
  expect(models.get('b').ref).toBe('home/b')
})

test('a configured default is a list, and cannot be changed by hand', async () => {
  const { models } = await setup({
    config: {
      default: ['home/b', 'home/a'],
      embedding: 'home/e',
      providers: {
        home: {
          baseUrl: 'http://127.0.0.1:9/v1',
          models: ['a', 'b'],
          price: { b: { input: 1, output: 2 } }
        }
      }
    }
  })
  expect(models.defaults()).toEqual(['home/b', 'home/a'])
  expect(models.get()).toMatchObject({ ref: 'home/b', price: { input: 1, output: 2 } })
  expect(models.embedding()?.ref).toBe('home/e')
  await expect(models.setDefaults(['home/a'])).rejects.toMatchObject({ code: 'MODEL_CONFIGURED' })
})

test('what is added works at once and after the next start, its key from a file for this user alone', async () => {
  const { url } = await server({ key: KEY })
  const first = await setup()
  await first.models.start()
  const added = await first.models.add({ name: 'work', baseUrl: url, key: new Secret(KEY) })
  expect(added).toMatchObject({ status: 'ready', source: 'secrets file', models: ['test-model'] })
  await first.models.setDefaults(['work/test-model'])
  expect(first.changes.count).toBeGreaterThan(0)
  await first.models.stop()

  const file = join(first.dataDirectory, 'secrets.json')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readFile(join(first.dataDirectory, 'models.json'), 'utf8')).not.toContain(KEY)

  const second = await setup({ folder: first.dataDirectory })
  await second.models.start()
  await second.settled('work', 'ready')
  expect(second.models.defaults()).toEqual(['work/test-model'])
  const chunks = await Array.fromAsync(
    second.models.get().stream({ messages: [{ role: 'user', content: 'hi' }] }, { signal })
  )
  expect(chunks.length).toBeGreaterThan(1)

  await second.models.remove('work')
  expect(second.models.providers()).toEqual([])
  expect(await readFile(file, 'utf8')).not.toContain(KEY)
  expect([...first.lines, ...second.lines].join('\n')).not.toContain(KEY)
})

test('a key that is refused is told, and stays to be mended', async () => {
  const { url } = await server({ key: 'another' })
  const { models } = await setup()
  const state = await models.add({ name: 'work', baseUrl: url, key: new Secret(KEY) })
  expect(state).toMatchObject({ status: 'refused', problem: { code: 'MODEL_REFUSED' } })
  expect(inspect(models.providers(), { depth: 10, showHidden: true })).not.toContain(KEY)
})

test.for([
  [{ name: 'Work', baseUrl: 'http://127.0.0.1:9/v1' }],
  [{ name: 'work' }],
  [{ name: 'work', baseUrl: 'http://me:secret@127.0.0.1:9/v1' }],
  [{ name: 'work', baseUrl: 'http://127.0.0.1:9/v1', key: new Secret('two words') }]
] as const)('%o cannot be added', async ([provider]) => {
  const { models } = await setup()
  await expect(models.add(provider)).rejects.toMatchObject({ code: 'MODEL_PROVIDER_INVALID' })
  expect(models.providers()).toEqual([])
})

test('what is configured or was found is not for this command to change', async () => {
  const { models } = await setup({
    config: { providers: { home: { baseUrl: 'http://127.0.0.1:9/v1', models: ['a'] } } },
    env: { OPENAI_API_KEY: KEY, OPENAI_MODEL: 'gpt-9' }
  })
  const fixed = { code: 'MODEL_CONFIGURED' }
  await expect(models.add({ name: 'home' })).rejects.toMatchObject(fixed)
  await expect(models.remove('home')).rejects.toMatchObject(fixed)
  await expect(models.remove('openai')).rejects.toMatchObject(fixed)
  await expect(models.remove('nobody')).rejects.toMatchObject({ code: 'MODEL_PROVIDER_UNKNOWN' })
})

test('a damaged file of secrets stops the start without a word of it; others’ rights are taken away', async () => {
  const damaged = await temporaryDirectory()
  await writeFile(join(damaged, 'secrets.json'), `{"v":1,"secrets":{"model:x":"${KEY}"`)
  const failure: unknown = await setup({ folder: damaged }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'HOME_UNUSABLE' })
  expect(inspect(failure, { depth: 10 })).not.toContain(KEY)

  const open = await temporaryDirectory()
  await mkdir(open, { recursive: true })
  await writeFile(join(open, 'secrets.json'), '{"v":1,"secrets":{}}', { mode: 0o644 })
  const { lines } = await setup({ folder: open })
  expect((await stat(join(open, 'secrets.json'))).mode & 0o777).toBe(0o600)
  expect(lines.join('\n')).toContain('could read')
})
