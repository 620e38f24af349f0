/** `lumos dev` in real processes: a save is served at once, a broken one never. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isRunning } from '../../core/process.ts'
import { startDev } from '../support/dev-process.ts'
import { createLumos, type Lumos } from '../support/lumos.ts'

const LISTEN = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']

let folder = ''
let lumos: Lumos

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-dev-'))
  lumos = createLumos({ home: join(folder, 'home') })
})

afterAll(async () => {
  await lumos.run(['down'])
  await rm(folder, { recursive: true, force: true })
})

async function ask(text: string): Promise<string> {
  const { stdout } = await lumos.run(['agents', 'call', 'hello', text])
  return stdout.trim()
}

test('from the first version to the last, with a broken one between', async () => {
  const project = join(folder, 'hello')
  const agent = join(project, 'agent.ts')
  await lumos.run(['new', project])
  await lumos.run(['up', ...LISTEN])
  const dev = startDev(lumos, project)

  const first = await dev.next('loaded')
  expect(first).toMatchObject({ version: 1, agents: [{ id: 'hello' }] })
  expect(await ask('a b')).toBe('2 words, most often: a, b')
  expect(await dev.next('asked')).toMatchObject({ agent: 'hello', text: 'a b' })
  expect(await dev.next('answered')).not.toHaveProperty('error')

  const text = await readFile(agent, 'utf8')
  await writeFile(agent, text.replace('most often', 'mostly'))
  await dev.next('loaded')
  expect(await ask('a b')).toBe('2 words, mostly: a, b')

  await appendFile(agent, '\nconst x = (\n')
  const failed = await dev.next('failed')
  expect(failed).toMatchObject({ serving: true, place: { file: agent } })
  expect(failed.place?.line).toBeGreaterThan(text.split('\n').length - 1)
  expect(await ask('a b')).toBe('2 words, mostly: a, b')

  await writeFile(
    agent,
    text.replace(
      'if (words',
      "if (request.text === 'boom') throw new TypeError('kaboom')\n    if (words"
    )
  )
  await dev.next('loaded')
  expect(await ask('boom')).toBe('')
  const line = text.split('\n').findIndex((each) => each.includes('if (words')) + 1
  let answered = await dev.next('answered')
  while (answered.error === undefined) answered = await dev.next('answered')
  expect(answered).toMatchObject({
    error: { code: 'AGENT_FAILED', message: 'TypeError: kaboom' },
    place: { file: agent, line }
  })

  expect(await dev.interrupt()).toBe(130)
  const { stdout } = await lumos.run(['agents', 'ls', '--local', '--json'])
  expect(stdout).not.toContain('"hello"')
  expect((await lumos.run(['status'])).code).toBe(0)
}, 60_000)

test('without a node it starts one, and takes it along', async () => {
  const alone = createLumos({ home: join(folder, 'alone') })
  const project = join(folder, 'team')
  await alone.run(['new', project, '--template', 'swarm'])
  await alone.run(['config', 'set', 'listen', '["/ip4/127.0.0.1/tcp/0"]'])
  const dev = startDev(alone, project)
  const { agents } = await dev.next('loaded')
  expect(agents.map(({ id }) => id)).toEqual(
    expect.arrayContaining(['team', 'team-counter', 'team-shortener'])
  )
  const { pid } = JSON.parse((await alone.run(['status', '--json'])).stdout)
  expect(await alone.run(['agents', 'call', 'team', 'Ants carry. Home.'])).toMatchObject({
    stdout: 'Ants carry. (3 words)\n'
  })
  expect(await dev.interrupt()).toBe(130)
  expect(isRunning(pid)).toBe(false)
}, 60_000)
