/** The project of `lumos new --template mastra`, as it was made: its test, its types, its agent. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestCli } from '../support/cli.ts'
import { ask, known, startHostingSwarm } from './swarm.ts'
import type { HostingSwarm } from './swarm.ts'

const ROOT = join(import.meta.dirname, '../..')
const MODULES = join(ROOT, 'node_modules')

let swarm: HostingSwarm
let folder = ''
let project = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-new-'))
  project = join(folder, 'scribe')
  swarm = await startHostingSwarm()
}, 120_000)

afterAll(async () => {
  await swarm[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
}, 30_000)

/** What `npm install` would bring, as it is here. */
async function create(): Promise<void> {
  const cli = await createTestCli()
  expect(await cli.run(['new', project, '--template', 'mastra'])).toMatchObject({ code: 0 })
  const packages = [
    ...['@mastra', 'zod'].map((name) => [join(import.meta.dirname, 'node_modules'), name]),
    [MODULES, '@types']
  ]
  await Promise.all(
    packages.map(([from = '', name = '']) =>
      symlink(join(from, name), join(project, 'node_modules', name))
    )
  )
}

function run(...argv: readonly string[]) {
  const own = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_)/.test(name))
  const options = { cwd: project, encoding: 'utf8', env: Object.fromEntries(own) } as const
  const { status, stdout } = spawnSync(process.execPath, argv, options)
  return { status, stdout }
}

test('passes its test, has no type error, and its agent works for another node', async () => {
  await create()
  expect(run('--test', '--test-reporter=tap')).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^# pass 1$/m)
  })
  expect(run(join(MODULES, 'typescript/bin/tsc'))).toEqual({ status: 0, stdout: '' })
  const model = `OPENAI_BASE_URL=${swarm.model.url}`
  await swarm.host(project, '--env', model, '--env', 'MODEL=test-model')
  await known(swarm.beta, 'scribe')
  const text = '!call wordCount {"text":"to be or not"}\n!then\n!say four'
  const story = await ask(swarm.beta, 'scribe', text)
  expect(story).toMatchObject({ state: 'TASK_STATE_COMPLETED', text: 'four', worker: 'alpha' })
  const end = story.steps.find(({ kind }) => kind === 'tool-end')
  expect(end).toMatchObject({ tool: 'wordCount', ok: true, output: { words: 4 } })
}, 120_000)
