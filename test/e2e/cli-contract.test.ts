/** What scripts rely on (docs/configuration.md, "Commands"): two real nodes, driven by the command alone. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { isRunning } from '../../core/process.ts'
import { createLumos, type Lumos } from '../support/lumos.ts'

const ROOT = join(import.meta.dirname, '../..')
const BIN = join(ROOT, 'bin/lumos.cjs')
const PEER_ID = /^12D3KooW\w{44}$/
const LISTEN = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']

let folder = ''
let alpha: Lumos
let beta: Lumos
let up: Record<string, unknown> = {}

/** What a command with --json printed, when it went well. */
async function json(lumos: Lumos, ...argv: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await lumos.run([...argv, '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return object(stdout)
}

async function ndjson(lumos: Lumos, ...argv: string[]) {
  const { code, stdout } = await lumos.run([...argv, '--json'])
  return { code, events: stdout.trim().split('\n').map(object) }
}

function object(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new TypeError(`no object: ${text}`)
  return { ...value }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lumos-contract-'))
  const runtime = join(folder, 'run')
  alpha = createLumos({ home: join(folder, 'alpha'), runtime })
  beta = createLumos({ home: join(folder, 'beta'), runtime })
  up = await json(alpha, 'up', '--name', 'alpha', ...LISTEN)
  await json(beta, 'up', '--name', 'beta', '--files-root', ROOT, ...LISTEN)
  await vi.waitFor(
    async () => {
      const text = JSON.stringify(await json(alpha, 'peers'))
      if (!/"state":"connected".*"summarize"/.test(text)) throw new Error(`not met: ${text}`)
    },
    { timeout: 20_000, interval: 100 }
  )
}, 60_000)

afterAll(async () => {
  await Promise.all([alpha, beta].map((lumos) => lumos.run(['down'])))
  await rm(folder, { recursive: true, force: true })
}, 60_000)

test('up prints who it is and how to reach it, and nothing else', () => {
  expect(up).toEqual({
    v: 1,
    peerId: expect.stringMatching(PEER_ID),
    name: 'alpha',
    addresses: expect.arrayContaining([expect.stringMatching(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+/)]),
    socket: join(folder, 'alpha', 'lumos.sock'),
    pid: expect.any(Number)
  })
})

test('up again changes nothing and says the same', async () => {
  expect(await json(alpha, 'up')).toEqual(up)
})

test('everything of a node lies under its home, for its owner alone', async () => {
  const home = join(folder, 'alpha')
  expect((await readdir(home)).toSorted((a, b) => a.localeCompare(b))).toEqual(
    expect.arrayContaining(['data', 'lumos.sock', 'state'])
  )
  expect((await stat(join(home, 'lumos.sock'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(home, 'data'))).mode & 0o077).toBe(0)
})

test('status has at least the fields that are promised', async () => {
  expect(await json(alpha, 'status')).toMatchObject({
    v: 1,
    peerId: up['peerId'],
    name: 'alpha',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    swarm: 'home',
    peers: 1,
    agents: 6,
    uptimeMs: expect.any(Number),
    rssBytes: expect.any(Number)
  })
})

test('peers are listed with state, distance and agents', async () => {
  expect(await json(beta, 'peers')).toMatchObject({
    v: 1,
    peers: [
      {
        id: up['peerId'],
        name: 'alpha',
        state: 'connected',
        addresses: expect.any(Array),
        rttMs: expect.any(Number),
        agents: expect.arrayContaining(['calc', 'clock', 'echo', 'files', 'summarize', 'sysinfo'])
      }
    ]
  })
})

test('run prints numbered events and ends with the result', async () => {
  const { code, events } = await ndjson(alpha, 'run', 'echo', 'hello', '--to', 'beta')
  expect(code).toBe(0)
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index))
  for (const event of events) expect(event).toMatchObject({ v: 1, type: expect.any(String) })
  expect(events.at(-1)).toEqual({
    v: 1,
    seq: events.length - 1,
    type: 'result',
    task: {
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      state: 'TASK_STATE_COMPLETED',
      artifacts: [expect.objectContaining({ parts: [expect.objectContaining({ text: 'hello' })] })]
    },
    worker: { id: expect.stringMatching(PEER_ID), name: 'beta' },
    tookMs: expect.any(Number),
    firstEventMs: expect.any(Number)
  })
})

test('--local stays here, --remote goes away', async () => {
  const here = await ndjson(alpha, 'run', 'echo', 'x', '--local')
  expect(here.events.at(-1)).toMatchObject({ worker: { name: 'alpha' } })
  const there = await ndjson(alpha, 'run', 'echo', 'x', '--remote')
  expect(there.events.at(-1)).toMatchObject({ worker: { name: 'beta' } })
})

test('a task id of the caller names the task, and the same request is the same task', async () => {
  const id = '0193b5a0-1111-7222-8333-444455556666'
  const argv = ['run', 'echo', 'once', '--to', 'beta', '--task-id', id]
  const first = await ndjson(alpha, ...argv)
  const second = await ndjson(alpha, ...argv)
  for (const { code, events } of [first, second]) {
    expect({ code, last: events.at(-1) }).toMatchObject({ code: 0, last: { task: { id } } })
  }
  expect(await json(alpha, 'tasks', 'show', id)).toMatchObject({
    v: 1,
    task: { id, state: 'TASK_STATE_COMPLETED', outgoing: true, worker: { name: 'beta' } }
  })
  const other = await alpha.run(['run', 'echo', 'twice', '--to', 'beta', '--task-id', id, '--json'])
  expect({
    code: other.code,
    last: object(other.stdout.trim().split('\n').at(-1) ?? '')
  }).toMatchObject({ code: 1, last: { ok: false, error: { code: 'TASK_CONFLICT' } } })
})

test('text goes in by a pipe and comes out alone', async () => {
  expect(await alpha.run(['run', 'echo', '-', '--to', 'beta', '-q'], 'from a pipe')).toEqual({
    code: 0,
    stdout: 'from a pipe\n',
    stderr: ''
  })
})

test('an agent that nobody has is exit 5, a task that fails exit 7, a bad flag exit 2', async () => {
  expect(await alpha.run(['run', 'nobody-has-this', 'x'])).toMatchObject({ code: 5, stdout: '' })
  expect(await alpha.run(['run', 'calc', '1 +', '--to', 'beta'])).toMatchObject({
    code: 7,
    stdout: ''
  })
  expect(await alpha.run(['peers', '--jsn'])).toMatchObject({ code: 2, stdout: '' })
})

test('down stops the node; the commands then say so with exit 3; down again is no mistake', async () => {
  const gamma = createLumos({ home: join(folder, 'gamma') })
  const { pid } = await json(gamma, 'up', ...LISTEN)
  expect(await json(gamma, 'down')).toEqual({ v: 1, stopped: true, pid })
  expect(isRunning(Number(pid))).toBe(false)
  const status = await gamma.run(['status', '--json'])
  expect({ code: status.code, failure: object(status.stdout) }).toMatchObject({
    code: 3,
    failure: { ok: false, error: { code: 'DAEMON_DOWN', hint: 'lumos up' } }
  })
  expect(await json(gamma, 'down')).toEqual({ v: 1, stopped: false, pid: null })
}, 60_000)

test('a node that cannot start says why, and leaves no process', async () => {
  const delta = createLumos({ home: join(folder, 'delta') })
  const { code, stdout } = await delta.run(['up', '--json', '--listen', '/ip4/203.0.113.1/tcp/1'])
  expect({ code, failure: object(stdout) }).toMatchObject({
    code: 1,
    failure: { ok: false, error: { code: expect.stringMatching(/^(LISTEN_FAILED|PORT_IN_USE)$/) } }
  })
  expect(await delta.run(['status'])).toMatchObject({ code: 3 })
}, 60_000)

test('find --watch tells who goes and who comes back, until Ctrl-C', async () => {
  const argv = ['find', 'summarize', '--need', 'version>=1 <9', '--watch', '--json']
  const child = spawn(process.execPath, [BIN, ...argv], { env: alpha.env, stdio: 'pipe' })
  const ended = new Promise((resolve) => child.once('close', resolve))
  const told: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const { type, provider } = object(line)
    if (type === 'ready') await json(beta, 'agents', 'disable', 'summarize')
    if (!JSON.stringify(provider ?? '').includes('"beta"') || type === 'changed') continue
    told.push(String(type))
    if (type === 'vanished') await json(beta, 'agents', 'enable', 'summarize')
    if (told.length === 3) child.kill('SIGINT')
  }
  expect(told).toEqual(['appeared', 'vanished', 'appeared'])
  expect(await ended).toBe(130)
}, 60_000)
