/** Secrets planted in two real nodes, which then work and fail: where each of them is found afterwards. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { unpackTar } from 'modern-tar'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createLumos, type Lumos } from '../support/lumos.ts'

/** What is nobody else's business, although it is no secret. */
const CONTENT = {
  task: 'canary-task-text-5c81',
  answer: 'canary task text in words 5c82',
  fact: 'canary-memory-content-0e17',
  failure: 'canary words of an agent that fails 93ab'
}

const FLAGS = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']
const SOON = { timeout: 20_000, interval: 100 }

/** Each one long, and like nothing else. */
const PLANTED = {
  swarmKey: '5ec2e7a11f'.repeat(7).slice(0, 64),
  modelKeyOfEnvironment: 'sk-canary-model-environment-1f6b',
  modelKeyOfFile: 'sk-canary-model-file-9d02',
  mcpHeader: 'canary-mcp-header-77aa',
  mcpVariable: 'canary-mcp-variable-41ce',
  hostVariable: 'canary-host-variable-e3d8',
  passphrase: 'canary passphrase of the key 62b0'
}

/** Files in which a secret is kept on purpose (docs/security.md, "Keys and secrets"). */
const KEPT: Partial<Record<keyof typeof PLANTED | keyof typeof made, readonly string[]>> = {
  swarmKey: [
    'alpha/data/swarm-home.key',
    'alpha/data/swarm-home.members.json',
    'bob/data/swarm-home.key',
    'bob/data/swarm-home.members.json',
    'run-alpha/swarm-home.key',
    'run-bob/swarm-home.key'
  ],
  modelKeyOfFile: ['alpha/data/secrets.json'],
  hostVariable: ['alpha/data/hosting/hosts.json'],
  grant: ['alpha/data/grants.json']
}

/** Made by the nodes themselves: shown once to who asked, and never again. */
const made = { grant: '', invite: '' }

let folder = ''
let server: Server
let url = ''
let alpha: Lumos
let bob: Lumos
/** All that was ever printed. */
const printed: string[] = []
/** All that came to the server outside: head and body of each request. */
const received: { readonly path: string; readonly all: string }[] = []

async function run(node: Lumos, ...argv: string[]): Promise<{ code: number | null; out: string }> {
  const { code, stdout, stderr } = await node.run(argv)
  printed.push(stdout, stderr)
  return { code, out: stdout }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-canaries-'))
  server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a TCP server
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = { LUMOS_SWARM_KEY: PLANTED.swarmKey, LUMOS_LOG_LEVEL: 'trace' }
  const word = join(folder, 'word')
  await writeFile(word, `${PLANTED.passphrase}\n`, { mode: 0o600 })
  alpha = createLumos({
    home: join(folder, 'alpha'),
    runtime: join(folder, 'run-alpha'),
    env: {
      ...env,
      OPENAI_API_KEY: PLANTED.modelKeyOfEnvironment,
      OPENAI_BASE_URL: `${url}/v1`,
      MCP_TOKEN: PLANTED.mcpVariable,
      SHOP_KEY: PLANTED.hostVariable,
      LUMOS_KEY_PASSPHRASE_FILE: word
    }
  })
  bob = createLumos({ home: join(folder, 'bob'), runtime: join(folder, 'run-bob'), env })
  const [a, b] = await Promise.all([
    run(alpha, 'up', '--name', 'alpha', ...FLAGS),
    run(bob, 'up', '--name', 'bob', ...FLAGS)
  ])
  if (a.code !== 0 || b.code !== 0) throw new Error('the nodes did not start')
}, 60_000)

const MODELS = { object: 'list', data: [{ id: 'test-model', object: 'model' }] }

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  await record(request)
  const status = request.url?.startsWith('/v1/') === true ? 200 : 500
  response.writeHead(status, { 'content-type': 'application/json' })
  // A server that repeats what it was sent, as some do in their errors.
  const said = { error: { message: `no: ${String(request.headers.authorization)}` } }
  response.end(JSON.stringify(request.method === 'GET' ? MODELS : said))
}

async function record(request: IncomingMessage): Promise<void> {
  const { method = '', url: path = '', headers } = request
  const all = `${method} ${path} ${JSON.stringify(headers)} ${await text(request)}`
  received.push({ path, all })
}

afterAll(async () => {
  await Promise.all([alpha.run(['down']), bob.run(['down'])])
  server.close()
  server.closeAllConnections()
  await rm(folder, { recursive: true, force: true })
}, 60_000)

test('no secret is where it does not belong, whatever went wrong', async () => {
  await work()
  const reports = [await report('up')]
  await leave()
  reports.push(await report('down'))
  printed.push(...reports)
  for (const [name, content] of Object.entries(CONTENT)) {
    const telling = reports.filter((all) => all.includes(content))
    expect.soft(telling, `${name} is in a bug report`).toEqual([])
  }
  for (const [name, secret] of Object.entries({ ...PLANTED, ...made })) {
    const spellings = spellingsOf(secret)
    const shown = printed.filter((one) => spellings.some((word) => one.includes(word)))
    expect.soft(shown, `${name} was printed`).toEqual([])
    expect.soft(await holdersOf(spellings), `files with ${name}`).toEqual(keptOf(name))
  }
  expect.soft(receivers('modelKeyOfEnvironment')).toEqual(['/v1'])
  expect.soft(receivers('modelKeyOfFile')).toEqual(['/work'])
  expect.soft(receivers('mcpHeader')).toEqual(['/mcp'])
  for (const name of ['swarmKey', 'mcpVariable', 'hostVariable', 'passphrase'] as const) {
    expect.soft(receivers(name), `${name} was sent`).toEqual([])
  }
}, 120_000)

/** Much of what a node does, and most of it fails. */
async function work(): Promise<void> {
  await make()
  const [key, header] = [join(folder, 'key'), join(folder, 'header')]
  await writeFile(key, `${PLANTED.modelKeyOfFile}\n`, { mode: 0o600 })
  await writeFile(header, `Authorization: Bearer ${PLANTED.mcpHeader}\n`, { mode: 0o600 })
  const shop = join(folder, 'shop.mjs')
  await writeFile(shop, SHOP)
  await vi.waitFor(async () => {
    expect((await run(alpha, 'run', 'echo', 'hello', '--to', 'bob')).code).toBe(0)
  }, SOON)
  await run(alpha, 'run', 'echo', CONTENT.task, '--to', 'bob')
  await run(bob, 'run', 'echo', CONTENT.answer, '--to', 'alpha')
  expect((await run(alpha, 'memory', 'put', 'city', CONTENT.fact)).code).toBe(0)
  await run(alpha, 'model', 'add', 'work', '--base-url', `${url}/work`, '--key-file', key)
  await run(alpha, 'model', 'test', 'openai/test-model')
  await run(alpha, 'run', 'chat', 'hello')
  await run(alpha, 'mcp', 'add', 'docs', '--url', `${url}/mcp`, '--header-file', header)
  await run(alpha, 'mcp', 'add', 'gone', '--env', 'TOKEN=env:MCP_TOKEN', '--', 'no-such-program')
  expect((await run(alpha, 'host', 'add', shop, '--env', 'SHOP_KEY')).code).toBe(0)
  expect((await run(alpha, 'run', 'shop', 'hello')).code).not.toBe(0)
  for (const command of ['status', 'config', 'model', 'mcp']) {
    // oxlint-disable-next-line no-await-in-loop -- two cores
    await run(alpha, command, '--json')
  }
  await run(alpha, 'host', 'ls', '--json')
  await run(alpha, 'host', 'show', 'shop', '--json')
  await run(alpha, 'audit', '--json')
  await run(alpha, 'logs', '-n', '2000', '--json')
  await run(bob, 'logs', '-n', '2000', '--json')
}

/** All that is in a bug report; what it was about is in it, so that it is one. */
async function report(name: string): Promise<string> {
  const path = join(folder, `report-${name}.tar.gz`)
  expect((await run(alpha, 'bugreport', '--out', path)).code).toBe(0)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const files = await unpackTar(gunzipSync(await readFile(path)))
  const texts = files.map(({ data }) => Buffer.from(data ?? []).toString())
  const all = texts.join('\n')
  expect(all).toContain('"component":"node"')
  expect(all).toContain('"swarm.keyFile"')
  return all
}

async function make(): Promise<void> {
  const address = JSON.parse((await run(bob, 'id', '--json')).out).addresses[0]
  expect((await run(alpha, 'peers', 'connect', address)).code).toBe(0)
  for (const [name, argv] of [
    ['grant', ['grant', 'create', 'bob', '--can', 'task/send']],
    ['invite', ['invite']]
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- two cores
    const { code, stdout } = await alpha.run(argv)
    expect(code).toBe(0)
    made[name] = stdout.trim()
    expect(made[name].length).toBeGreaterThan(64)
  }
  await run(alpha, 'grant', 'ls', '--json')
  await run(alpha, 'swarm', 'show', '--json')
}

/** Down, key encrypted, up again, down: all that was in memory is written. */
async function leave(): Promise<void> {
  await run(alpha, 'down')
  const word = join(folder, 'word')
  expect((await run(alpha, 'keys', 'encrypt', '--passphrase-file', word)).code).toBe(0)
  expect((await run(alpha, 'up', '--name', 'alpha', ...FLAGS)).code).toBe(0)
  await run(alpha, 'keys', '--json')
  await Promise.all([run(alpha, 'down'), run(bob, 'down')])
}

/** Fails, and says no more than that. */
const SHOP = `export async function shop() {
  console.log('${CONTENT.failure}')
  throw new Error('closed: ${CONTENT.failure} ' + (process.env.SHOP_KEY ? 'with a key' : 'without one'))
}
shop.description = 'sells nothing'
`

/** As it is, and as programs write it down. */
function spellingsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret)
  const raw = Buffer.from(secret, 'hex')
  return [
    secret,
    bytes.toString('base64').slice(0, -4),
    bytes.toString('hex'),
    ...(raw.length === 32 ? [raw.toString('latin1'), raw.toString('base64').slice(0, 40)] : [])
  ]
}

/** Databases as young as these are in their write-ahead logs, which are not compressed. */
async function holdersOf(spellings: readonly string[]): Promise<string[]> {
  const holders: string[] = []
  for (const home of ['alpha', 'bob', 'run-alpha', 'run-bob']) {
    const root = join(folder, home)
    // oxlint-disable-next-line no-await-in-loop -- one home after the other
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      // oxlint-disable-next-line no-await-in-loop -- one file in memory at a time
      const content = await readFile(path, 'latin1')
      if (!spellings.some((word) => content.includes(word))) continue
      holders.push(`${home}/${relative(root, path)}`)
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect.soft((await stat(path)).mode & 0o077, path).toBe(0)
    }
  }
  return holders
}

function keptOf(name: string): string[] {
  const [, files = []] = Object.entries(KEPT).find(([known]) => known === name) ?? []
  return [...files]
}

/** First part of the paths to which it was sent. */
function receivers(name: keyof typeof PLANTED): string[] {
  const paths = received.filter(({ all }) => all.includes(PLANTED[name])).map(({ path }) => path)
  return Array.from(new Set(paths.map((path) => path.split('/', 2).join('/')))).toSorted()
}
