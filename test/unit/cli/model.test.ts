/** `lumos model`: what people see of models, and that a key only travels by file or pipe. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ModelOperations } from '../../../gateway/control/model-operations.ts'
import { createTestCli } from '../../support/cli.ts'
import {
  fakeModels,
  modelList,
  modelProvider,
  silentProvider
} from '../../support/model-operations.ts'

const KEY = 'sk-planted-55d0'

function setup(models: Partial<ModelOperations> = {}) {
  return createTestCli({ models: fakeModels(models) })
}

test('the list says where each model is, whether it works, and where its key is from', async () => {
  const cli = await setup()
  const { out, err } = await cli.run(['model'])
  expect(out).toBe(
    `PROVIDER  MODEL    BASE URL                   STATUS       SOURCE
openai    gpt-9 *  https://api.openai.com/v1  ready        env OPENAI_API_KEY
openai    gpt-8    https://api.openai.com/v1  ready        env OPENAI_API_KEY
home      -        http://10.0.0.2:8000/v1    unreachable  no key
`
  )
  expect(err).toContain('nothing listens there: lumos model test home')
})

test('on a terminal a long list is cut, and says so', async () => {
  const models = Array.from({ length: 40 }, (_, at) => ({ id: `m${at}`, ref: `openai/m${at}` }))
  const cli = await setup({
    list: async () => ({ ...modelList, providers: [{ ...modelProvider, models }] })
  })
  const { out, err } = await cli.run(['model', 'ls'], { columns: 100 })
  expect(out.split('\n')).toHaveLength(12)
  expect(err).toContain('30 more: --all')
  expect((await cli.run(['model', 'ls', '--all'], { columns: 100 })).out.split('\n')).toHaveLength(
    42
  )
})

test('a node without models is told what to do', async () => {
  const cli = await setup({ list: async () => ({ v: 1, default: [], providers: [] }) })
  const { code, out, err } = await cli.run(['model'])
  expect([code, out]).toEqual([0, ''])
  expect(err).toContain('OPENAI_API_KEY')
})

test('a key is read from a file or from stdin, and never shown', async () => {
  const asked: unknown[] = []
  const cli = await setup({
    add: async (request) => {
      asked.push(request)
      return { v: 1, provider: modelProvider }
    }
  })
  const file = join(cli.home, 'key')
  await writeFile(file, `${KEY}\n`)
  const runs = [
    await cli.run(['model', 'add', 'openai', '--key-file', file]),
    await cli.run(['model', 'add', 'qwen', '--key-file', '-', '--json'], { input: `${KEY}\n` }),
    await cli.run([
      'model',
      'add',
      'gpu',
      '--base-url',
      'http://gpu/v1',
      '--model',
      'a',
      '--model',
      'b'
    ])
  ]
  expect(asked).toEqual([
    { name: 'openai', key: KEY },
    { name: 'qwen', key: KEY },
    { name: 'gpu', baseUrl: 'http://gpu/v1', models: ['a', 'b'] }
  ])
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0])
  expect(runs[0]?.out).toContain('openai is ready   2 models: openai/gpt-9, …')
  expect(JSON.stringify(runs)).not.toContain(KEY)
})

test('a key that is not there is said before anything is asked', async () => {
  const cli = await setup({ add: () => Promise.reject(new Error('asked')) })
  expect(await cli.run(['model', 'add', 'openai', '--key-file', '/nonexistent'])).toMatchObject({
    code: 2
  })
  const empty = await cli.run(['model', 'add', 'openai', '--key-file', '-'], { input: '\n' })
  expect(empty).toMatchObject({ code: 2 })
})

test('a provider that was added but does not answer fails the command', async () => {
  const cli = await setup({ add: async () => ({ v: 1, provider: silentProvider }) })
  const { code, out, err } = await cli.run(['model', 'add', 'home'])
  expect(code).toBe(1)
  expect(out).toContain('home is unreachable')
  expect(err).toContain('nothing listens there')
})

test('a test tells how soon the first token came', async () => {
  const cli = await setup()
  expect((await cli.run(['model', 'test'])).out).toBe(
    '✓ openai/gpt-9   first token 120 ms   whole answer 300 ms   "ready"\n'
  )
})

test('a test that fails tells what is wrong and what to do', async () => {
  const cli = await setup({
    test: async () => ({
      v: 1,
      model: 'home/a',
      works: false,
      tookMs: 3,
      error: silentProvider.problem ?? { code: '', message: '' }
    })
  })
  const { code, out, err } = await cli.run(['model', 'test', 'home/a'])
  expect(code).toBe(1)
  expect(out).toContain('nothing listens there')
  expect(err).toContain('next: lumos model test home')
})

test('whoever waits for a model that is being loaded sees so, and how long it has been', async () => {
  const seen = Promise.withResolvers<void>()
  const cli = await setup({
    async test(model = 'a/b') {
      await seen.promise
      return { v: 1, model, works: true, tookMs: 1 }
    }
  })
  const running = cli.run(['model', 'test', 'ollama/big'], {
    columns: 100,
    written: (text) => {
      if (/asking ollama\/big, which may have to be loaded first {2}[\d.]+ s/.test(text))
        seen.resolve()
    }
  })
  expect(await running).toMatchObject({ code: 0 })
})

test('a test of a model ends when --timeout says so', async () => {
  const cli = await setup({ test: () => new Promise(() => {}) })
  const { code, err } = await cli.run(['model', 'test', '--timeout', '20ms'])
  expect(code).not.toBe(0)
  expect(err).toContain('TIMED_OUT')
})

test('the default is shown, set, and given back', async () => {
  const asked: unknown[] = []
  const cli = await setup({
    setDefault: async (models) => {
      asked.push(models)
      return { v: 1, default: models.length > 0 ? models : ['openai/gpt-9'] }
    }
  })
  expect((await cli.run(['model', 'default'])).out).toBe('openai/gpt-9\n')
  expect((await cli.run(['model', 'default', 'a/b', 'c'])).out).toBe('a/b\nc\n')
  expect((await cli.run(['model', 'default', '--auto'])).out).toBe('openai/gpt-9\n')
  expect(asked).toEqual([['a/b', 'c'], []])
})

test('rm forgets a provider', async () => {
  const cli = await setup()
  expect((await cli.run(['model', 'rm', 'home'])).out).toBe('home is forgotten\n')
})
