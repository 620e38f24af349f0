/** `lumos new`: each project that it makes passes its own tests, as it was made. */
import { execFile } from 'node:child_process'
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { Agent } from '../../agents/agent.ts'
import type { RunEvent } from '../../client/api.ts'
import { TEMPLATES } from '../../cli/templates.ts'
import { startTestNode } from '../../node/testing.ts'
import { createTestCli } from '../support/cli.ts'
import { startModelServer } from '../support/model-server.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const run = promisify(execFile)
const VERSION: unknown = JSON.parse(await readFile('package.json', 'utf8')).version
const MODULES = join(process.cwd(), 'node_modules')
/** The templates whose packages are all here; that of Mastra is tested where Mastra is installed. */
const COMPLETE = ['agent', 'tool', 'mcp', 'swarm']

async function create(template: string, name = 'ant-hill') {
  const folder = await temporaryDirectory()
  const directory = join(folder, name)
  const cli = await createTestCli()
  const made = await cli.run(['new', directory, '--template', template])
  // What `npm install` would bring: the same packages, as this checkout has them.
  const installed = ['zod', '@modelcontextprotocol']
  await Promise.all(
    installed.map((each) => symlink(join(MODULES, each), join(directory, 'node_modules', each)))
  )
  return { cli, directory, made }
}

test.for(COMPLETE)('the project of the template %s passes its tests', async (template) => {
  const { directory, made } = await create(template)
  expect(made).toMatchObject({ code: 0, err: expect.stringMatching(/lumos (dev|mcp add)/) })
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap'], {
    cwd: directory,
    env: strangers()
  })
  expect(stdout).toMatch(/^# pass [1-9]/m)
  expect(stdout).toMatch(/^# fail 0$/m)
})

test.for(TEMPLATES)(
  '%s says in ten lines what it is, and leaves nothing to fill in',
  async (template) => {
    const { directory } = await create(template)
    const readme = await readFile(join(directory, 'README.md'), 'utf8')
    expect(readme.trim().split('\n').length).toBeLessThanOrEqual(10)
    expect(readme).toMatch(/^# ant-hill$/m)
    const files = await readdir(directory)
    expect(files).toEqual(expect.arrayContaining(['.gitignore', 'README.md', 'package.json']))
    const texts = files.filter((name) => name.includes('.'))
    for (const text of await Promise.all(
      texts.map((name) => readFile(join(directory, name), 'utf8'))
    )) {
      expect(text).not.toContain('my-agent')
    }
  }
)

test('the agent asks the model of its node where there is one, which calls its tool', async () => {
  const { directory } = await create('agent')
  const server = await startModelServer()
  onTestFinished(() => server.stop())
  const { agent } = (await import(pathToFileURL(join(directory, 'agent.ts')).href)) as {
    readonly agent: Agent
  }
  const models = { detect: false, providers: { test: { baseUrl: server.url } } }
  await using node = await startTestNode({ agents: [agent], models })
  const question = '!call word_count {"text":"on and on"}\n!then\n!say Three.'
  const told: RunEvent[] = []
  for await (const event of node.run('ant-hill', question)) told.push(event)
  expect(told.at(-1)).toMatchObject({
    type: 'result',
    task: { artifacts: [{ parts: [{ text: 'Three.' }] }] }
  })
  const steps = told.flatMap((event) => (event.type === 'status' && event.step ? [event.step] : []))
  expect(steps).toContainEqual(
    expect.objectContaining({ kind: 'tool-end', output: { words: 3, most: ['on', 'and'] } })
  )
})

test('depends on Lumos at the version that made it', async () => {
  const { directory, made } = await create('agent', '7 Wild & Geese!')
  const manifest = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'))
  expect(manifest).toMatchObject({
    name: 'wild-geese',
    main: 'agent.ts',
    dependencies: { 'lumos-mesh': VERSION }
  })
  expect(made.err).toContain('lumos run wild-geese')
})

test('a folder with something in it is left as it is', async () => {
  const cli = await createTestCli()
  const directory = join(await temporaryDirectory(), 'full')
  await mkdir(directory)
  await writeFile(join(directory, 'thesis.md'), 'precious')
  const { code, out, err } = await cli.run(['new', directory])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(/not empty: it holds thesis\.md {2}FOLDER_NOT_EMPTY/)
  expect(await readdir(directory)).toEqual(['thesis.md'])
})

test('a template that nobody knows is a mistake in usage', async () => {
  const cli = await createTestCli()
  const { code, err } = await cli.run(['new', 'x', '--template', 'swram'])
  expect(code).toBe(2)
  expect(err).toContain('did you mean swarm?')
})

test('--json says what was made', async () => {
  const cli = await createTestCli()
  const directory = join(await temporaryDirectory(), 'owl')
  const { out } = await cli.run(['new', directory, '--json'])
  expect(JSON.parse(out)).toMatchObject({
    v: 1,
    template: 'agent',
    name: 'owl',
    directory,
    files: expect.arrayContaining(['agent.ts', 'package.json'])
  })
})

/** What a project is run with, without what this test is run with. */
function strangers(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_|npm_)/.test(name))
  return Object.fromEntries(own)
}
