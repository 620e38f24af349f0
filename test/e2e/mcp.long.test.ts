/** `lumos mcp` between two real daemons: the official SDK's client uses, through one, what only the other has. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Client, Transport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createLumos, type Lumos } from '../support/lumos.ts'
import { connectClient } from '../support/mcp-door.ts'
import type { Revision } from '../support/mcp-door.ts'

const BIN = join(import.meta.dirname, '../../bin/lumos.cjs')
const SERVER = join(import.meta.dirname, '../support/mcp-stdio-server.ts')
const SOON = { timeout: 15_000, interval: 100 }

let folder = ''
let alpha: Lumos
let beta: Lumos

async function json<T>(lumos: Lumos, ...argv: string[]): Promise<T> {
  const { code, stdout, stderr } = await lumos.run(['--json', ...argv])
  expect({ code, stderr, stdout: code === 0 ? '' : stdout }).toEqual({
    code: 0,
    stderr: '',
    stdout: ''
  })
  return JSON.parse(stdout) as T
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-mcp-'))
  alpha = createLumos({ home: join(folder, 'a'), runtime: join(folder, 'run') })
  beta = createLumos({ home: join(folder, 'b'), runtime: join(folder, 'run') })
  for (const [lumos, name] of [
    [alpha, 'alpha'],
    [beta, 'beta']
  ] as const) {
    const flags = ['--name', name, '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
    await json(lumos, 'up', ...flags)
  }
  await json(beta, 'mcp', 'add', 'far', '--agent', '--', process.execPath, SERVER)
  await vi.waitUntil(async () => {
    const { agents } = await json<{ agents: { id: string }[] }>(alpha, 'agents')
    return agents.some(({ id }) => id === 'far')
  }, SOON)
}, 60_000)

afterAll(async () => {
  await Promise.all([alpha.run(['down']), beta.run(['down'])])
  await rm(folder, { recursive: true, force: true })
}, 30_000)

function overStdio(): Transport {
  return new StdioClientTransport({
    command: process.execPath,
    args: [BIN, 'mcp', 'serve'],
    env: definedOf(alpha.env),
    stderr: 'inherit'
  })
}

async function overHttp(): Promise<Transport> {
  const { url } = await json<{ url: string }>(alpha, 'mcp', 'serve', '--http')
  const name = `test-${crypto.randomUUID().slice(0, 8)}`
  const scopes = ['--scope', 'task/send', '--scope', 'memory/read']
  const { secret } = await json<{ secret: string }>(
    alpha,
    'auth',
    'token',
    'create',
    '--name',
    name,
    ...scopes
  )
  const requestInit = { headers: { authorization: `Bearer ${secret}` } }
  return new StreamableHTTPClientTransport(new URL(url), { requestInit })
}

function definedOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)
  )
}

const WAYS = [
  ['stdio', 'legacy'],
  ['stdio', 'modern'],
  ['http', 'legacy'],
  ['http', 'modern']
] as const satisfies readonly (readonly [string, Revision])[]

async function connect(way: string, revision: Revision): Promise<Client> {
  return connectClient(way === 'http' ? await overHttp() : overStdio(), revision)
}

test.for(WAYS)(
  'an agent of the other node is called, tells of its progress, and is cancelled (%s, %s)',
  async ([way, revision]) => {
    const client = await connect(way, revision)
    const shout = { name: 'far', arguments: { message: 'shout hello', node: 'beta' } }
    // The test before may have killed its server.
    await vi.waitFor(async () => {
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['echo', 'far']))
      expect(await client.callTool(shout)).toMatchObject({
        content: [{ type: 'text', text: 'HELLO' }],
        structuredContent: { node: 'beta', state: 'TASK_STATE_COMPLETED' }
      })
    }, SOON)
    const stop = new AbortController()
    const told = Promise.withResolvers<string | undefined>()
    const endless = client.callTool(
      { name: 'far', arguments: { message: 'hang {}' } },
      { signal: stop.signal, onprogress: ({ message }) => told.resolve(message) }
    )
    endless.catch(told.reject)
    expect(await told.promise).toBe('still there')
    stop.abort(new Error('enough'))
    await expect(endless).rejects.toThrow('enough')
    // The server of the other node was told, too.
    await vi.waitFor(async () => {
      const { tasks } = await json<{ tasks: { state: string; input: string }[] }>(beta, 'tasks')
      const hung = tasks.filter(({ input }) => input === 'hang {}')
      expect(new Set(hung.map(({ state }) => state))).toEqual(new Set(['TASK_STATE_CANCELED']))
    }, SOON)
  }
)

test('an agent that comes to the other node is told of, and one that goes', async () => {
  const client = await connect('stdio', 'legacy')
  let changes = 0
  client.setNotificationHandler('notifications/tools/list_changed', () => void (changes += 1))
  const names = async (): Promise<string[]> =>
    (await client.listTools()).tools.map(({ name }) => name)
  expect(await names()).not.toContain('late')
  await json(beta, 'mcp', 'add', 'late', '--agent', '--', process.execPath, SERVER)
  // Others may change meanwhile: what counts is that a change is told by when it can be seen.
  await vi.waitFor(async () => expect(await names()).toContain('late'), SOON)
  await vi.waitFor(() => expect(changes).toBeGreaterThan(0), SOON)
  const before = changes
  await json(beta, 'mcp', 'rm', 'late')
  await vi.waitFor(async () => expect(await names()).not.toContain('late'), SOON)
  await vi.waitFor(() => expect(changes).toBeGreaterThan(before), SOON)
})

test('what one node wrote into shared memory is a resource at the other', async () => {
  const client = await connect('stdio', 'legacy')
  await json(beta, 'memory', 'put', 'city', 'Rome')
  await vi.waitFor(async () => {
    const { contents } = await client.readResource({ uri: 'lumos-memory://shared/city' })
    expect(contents).toMatchObject([{ text: 'Rome' }])
  }, SOON)
})

test('a server that is killed comes back with its tools; added once, it is there after a restart', async () => {
  interface Shown {
    readonly server: { readonly state: string; readonly pid: number; readonly restarts: number }
  }
  const { server } = await json<Shown>(beta, 'mcp', 'show', 'far')
  process.kill(server.pid, 'SIGKILL')
  await vi.waitFor(async () => {
    const now = (await json<Shown>(beta, 'mcp', 'show', 'far')).server
    expect(now).toMatchObject({ state: 'ready', restarts: server.restarts + 1, tools: 4 })
    expect(now.pid).not.toBe(server.pid)
  }, SOON)
  const { code } = await beta.run(['restart'])
  expect(code).toBe(0)
  await vi.waitFor(async () => {
    const now = (await json<Shown>(beta, 'mcp', 'show', 'far')).server
    expect(now).toMatchObject({ state: 'ready', restarts: 0, tools: 4 })
  }, SOON)
})
