/** How providers of models are configured, and that no key can be. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import type { Environment } from '../../../../core/paths.ts'
import { loadConfig } from '../../../../node/config/load.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

async function load(yaml: string, env: Environment = {}) {
  const config = await temporaryDirectory()
  await writeFile(join(config, 'config.yaml'), yaml)
  return loadConfig({ env, paths: { config }, workingDirectory: '/work' })
}

test('a provider says where its key is, its models and its prices', async () => {
  const { config } = await load(`
models:
  default: [home/large, home/small]
  providers:
    home:
      baseUrl: http://10.0.0.2:8000/v1
      apiKey: file:~/key
      models: [large, small]
      price: { large: { input: 2.5, output: 10 } }
    deepseek: {}
`)
  expect(config.models.providers).toEqual({
    home: {
      baseUrl: 'http://10.0.0.2:8000/v1',
      apiKey: 'file:~/key',
      models: ['large', 'small'],
      price: { large: { input: 2.5, output: 10 } }
    },
    deepseek: { models: [], price: {} }
  })
  expect(config.models.default).toEqual(['home/large', 'home/small'])
})

test('in a variable providers are JSON', async () => {
  const { config } = await load('', {
    LUMOS_MODELS_PROVIDERS: '{"home": {"baseUrl": "http://10.0.0.2/v1"}}'
  })
  expect(config.models.providers['home']?.baseUrl).toBe('http://10.0.0.2/v1')
})

test.for([
  ['a key itself', 'home: { apiKey: sk-planted-1 }'],
  ['a URL with credentials', 'home: { baseUrl: "https://u:sk-planted-1@host/v1" }'],
  ['a URL of another kind', 'home: { baseUrl: "ftp://host" }'],
  ['a name that is none', '"Home Server": {}']
] as const)('%s is refused, and not repeated', async ([, line]) => {
  const failure: unknown = await load(`models:\n  providers:\n    ${line}\n`).catch(
    (error: unknown) => error
  )
  expect(failure).toMatchObject({ code: 'CONFIG_INVALID' })
  expect(inspect(failure, { depth: 10 })).not.toContain('planted')
})
