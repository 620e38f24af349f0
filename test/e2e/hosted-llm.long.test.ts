/** Agents of a language model in a process of their own: hosted by a daemon, and under `lumos dev`; a second node asks. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startDev } from '../support/dev-process.ts'
import { createLumos, type Lumos } from '../support/lumos.ts'
import { startModelServer } from '../support/model-server.ts'
import type { ModelServer } from '../support/model-server.ts'

const KEY = 'sk-planted-in-the-environment'
const KEY_OF_BETA = 'sk-planted-at-the-second-node'
const SOON = { timeout: 20_000, interval: 100 }

/** Its tool tells what of the node's keys its process has. */
const agentNamed = (id: string): string => `
import { llmAgent, tool } from 'lumos-mesh'

const multiply = tool({
  id: 'multiply',
  description: 'Multiplies two numbers.',
  inputSchema: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } }, required: ['a', 'b'] },
  execute: ({ a, b }, { say }) => {
    say('reckoning')
    return { product: a * b, pid: process.pid, key: process.env.OPENAI_API_KEY ?? 'none' }
  }
})

export const agent = llmAgent({
  id: '${id}',
  description: 'Reckons.',
  instructions: 'You reckon.',
  tools: [multiply],
  memory: true
})
`

/** Its tool may write, so that a person is asked; what it did stands in a file. */
const keeper = (path: string): string => `
import { appendFileSync } from 'node:fs'
import { llmAgent, tool } from 'lumos-mesh'

const keep = tool({
  id: 'keep',
  description: 'Keeps a note.',
  inputSchema: { type: 'object', properties: { note: { type: 'string' } }, required: ['note'] },
  effects: ['write'],
  execute: ({ note }) => {
    appendFileSync(${JSON.stringify(path)}, note + ' ')
    return { kept: note }
  }
})

export const agent = llmAgent({
  id: 'keeper',
  description: 'Keeps notes.',
  instructions: 'You keep notes.',
  tools: [keep]
})
`

let folder = ''
let server: ModelServer
let alpha: Lumos
let beta: Lumos

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-hosted-llm-'))
  server = await startModelServer()
  const runtime = join(folder, 'run')
  const env = { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: server.url }
  alpha = createLumos({ home: join(folder, 'alpha'), runtime, env })
  const other = { ...env, OPENAI_API_KEY: KEY_OF_BETA }
  beta = createLumos({ home: join(folder, 'beta'), runtime, env: other })
  await Promise.all([alpha.run(up('alpha')), beta.run(up('beta'))])
  await alpha.run(['host', await project('tutor')])
  await alpha.run(['host', await project('keeper', keeper(notes()))])
  await canAsk('tutor')
}, 60_000)

afterAll(async () => {
  await Promise.all([alpha.run(['down']), beta.run(['down'])])
  await server.stop()
  await rm(folder, { recursive: true, force: true })
}, 60_000)

function up(name: string): readonly string[] {
  return ['up', '--name', name, '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
}

const notes = (): string => join(folder, 'notes')

async function kept(): Promise<string> {
  return readFile(notes(), 'utf8').catch(() => '')
}

async function project(id: string, code = agentNamed(id)): Promise<string> {
  const path = join(folder, id)
  await alpha.run(['new', path])
  await writeFile(join(path, 'agent.ts'), code)
  return path
}

interface Line {
  readonly type: string
  readonly step?: { readonly kind: string; readonly text?: string; readonly output?: object }
}

/** The second node asks; what it is told on the way, line by line. */
async function ask(id: string, text: string) {
  const { code, stdout } = await beta.run(['run', `${id}@alpha`, text, '--json'])
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Line => JSON.parse(line))
  return { code, stdout, lines }
}

async function canAsk(id: string): Promise<void> {
  await vi.waitFor(async () => expect((await ask(id, 'hello')).code).toBe(0), SOON)
}

async function expectWhole(id: string): Promise<void> {
  const order = '!call multiply {"a": 6, "b": 7}\n!then\n!tokens 20\n!every 2'
  const { code, stdout, lines } = await ask(id, order)
  expect(code).toBe(0)
  const steps = lines.flatMap(({ step }) => (step === undefined ? [] : [step]))
  expect(steps).toContainEqual(expect.objectContaining({ kind: 'tool-start', tool: 'multiply' }))
  expect(steps).toContainEqual(expect.objectContaining({ kind: 'tool-text', text: 'reckoning' }))
  const end = steps.find(({ kind }) => kind === 'tool-end')
  expect(end?.output).toMatchObject({ product: 42 })
  expect(end?.output).not.toHaveProperty('pid', (await json('status')).pid)
  // Word by word, as the model says it, and not all at its end.
  expect(lines.filter(({ type }) => type === 'artifact').length).toBeGreaterThan(5)
  expect(stdout).toContain(Array.from({ length: 20 }, () => 'tok').join(' '))
  expect(stdout).not.toContain(KEY)
}

async function json(...argv: readonly string[]) {
  const { stdout } = await alpha.run([...argv, '--json'])
  return JSON.parse(stdout)
}

test('a hosted agent says what the model says while it says it, and its own tool runs in its process', async () => {
  await expect(expectWhole('tutor')).resolves.toBeUndefined()
}, 60_000)

test('a second question goes on with the thread of the first', async () => {
  const thread = 'a1c9d6de-9a04-4d9c-8f39-5f0d4b8a7b11'
  const chat = ['chat', 'tutor@alpha', '--thread', thread]
  expect(await beta.run(chat, 'my name is Ada\n')).toMatchObject({ code: 0 })
  expect(await beta.run(chat, 'who am I?\n')).toMatchObject({ code: 0 })
  const sent = JSON.stringify(server.requests.at(-1)?.body['messages'])
  expect(sent).toContain('my name is Ada')
  expect(sent).toContain('who am I?')
}, 60_000)

test('lumos chat goes on with a thread on another node, with that node’s own agent and model', async () => {
  const thread = 'b2d9e7ef-0b15-4e0d-9f4a-6f1e5c9b8c22'
  const chat = ['chat', '--thread', thread]
  expect(await alpha.run(chat, 'my cat is called Tom\n')).toMatchObject({ code: 0 })
  await vi.waitFor(async () => {
    const { stdout } = await beta.run(['memory', 'ls', `thread/${thread}/`, '--json'])
    expect(stdout).toContain('my cat is called Tom')
  }, SOON)
  expect(await beta.run(chat, 'what is it called?\n')).toMatchObject({ code: 0 })
  const { headers, body } = server.requests.at(-1) ?? {}
  expect(headers?.authorization).toBe(`Bearer ${KEY_OF_BETA}`)
  const sent = JSON.stringify(body?.['messages'])
  expect(sent).toContain('my cat is called Tom')
  expect(sent).toContain('what is it called?')
}, 60_000)

/** Up to the question of the node, which the task then waits with. */
async function askForConsent(note: string): Promise<string> {
  const order = `!call keep {"note": "${note}"}\n!then\n!say it is done`
  const { stdout } = await alpha.run(['run', 'keeper', order, '--json'])
  const events = stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
  const question = events.find(({ type }) => type === 'input-required')
  expect(question?.text).toBe(
    `May keep (write) be used with {"note":"${note}"}? Answer yes, no, or always.`
  )
  return events.find(({ type }) => type === 'accepted').task.id
}

test('a question whether its tool may be used outlives the node, and is put once', async () => {
  const [yes, no] = [await askForConsent('first'), await askForConsent('second')]
  expect(await kept()).toBe('')
  process.kill((await json('status')).pid, 'SIGKILL')
  await vi.waitFor(async () => expect((await alpha.run(up('alpha'))).code).toBe(0), SOON)
  for (const [task, word] of [
    [yes, 'yes'],
    [no, 'no']
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- the last request of all is looked at below
    expect(await alpha.run(['tasks', 'answer', task, word])).toMatchObject({ code: 0 })
    // oxlint-disable-next-line no-await-in-loop -- likewise
    const story = await alpha.run(['tasks', 'watch', task])
    expect(story).toMatchObject({ code: 0, stdout: expect.stringContaining('it is done') })
  }
  expect(await kept()).toBe('first ')
  const results = JSON.stringify(server.requests.at(-1)?.body['messages'])
  expect(results).toContain('a person was asked and answered: no')
  // The others of this file begin with two nodes that know each other.
  await canAsk('tutor')
}, 60_000)

test('under lumos dev it is the same', async () => {
  // A shell's variables are for what is developed in it; the node's are not.
  const shell = createLumos({ home: join(folder, 'alpha'), runtime: join(folder, 'run') })
  const dev = startDev(shell, await project('student'))
  await dev.next('loaded')
  await canAsk('student')
  await expectWhole('student')
  expect(await dev.interrupt()).toBe(130)
}, 60_000)
