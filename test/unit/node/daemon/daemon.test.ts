import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { RunFile } from '../../../../client/api.ts'
import { createClient } from '../../../../client/client.ts'
import { LumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { resolvePaths } from '../../../../core/paths.ts'
import { loadConfig } from '../../../../node/config/load.ts'
import { runDaemon, type DaemonNodeInit, type NodeHandle } from '../../../../node/daemon/daemon.ts'
import type { DaemonHost, StopSignal } from '../../../../node/daemon/host.ts'
import { createReadyReport } from '../../../../node/daemon/ready-report.ts'
import { fakeOperations } from '../../../support/control-operations.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'
import { PATIENCE } from '../../../support/patience.ts'

const IDENTITY = {
  peerId: '12D3KooWFake',
  name: 'amber-otter',
  addresses: ['/ip4/127.0.0.1/tcp/1']
}

function listen<T>(all: Set<T>, handler: T) {
  all.add(handler)
  return () => void all.delete(handler)
}

function fakeHost(env: Record<string, string> = {}) {
  const signals = new Set<(signal: StopSignal) => void>()
  const defects = new Set<(error: unknown, kind: 'exception' | 'rejection') => void>()
  const host = {
    pid: 4123,
    env,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    writesTo: () => false,
    onSignal: (handler) => listen(signals, handler),
    onDefect: (handler) => listen(defects, handler),
    tell: vi.fn<DaemonHost['tell']>(),
    run: vi.fn<DaemonHost['run']>(async () => undefined),
    activity: () => ({ busy: 0, rssBytes: 0 }),
    releaseMemory: vi.fn<DaemonHost['releaseMemory']>(),
    exit: vi.fn<DaemonHost['exit']>()
  } satisfies DaemonHost
  const signal = (name: StopSignal) => signals.forEach((handler) => handler(name))
  const defect = (error: unknown, kind: 'exception' | 'rejection' = 'exception') =>
    defects.forEach((handler) => handler(error, kind))
  return { host, signal, defect, listeners: () => signals.size + defects.size }
}

interface SetupInit {
  readonly node?: Partial<NodeHandle>
  readonly env?: Record<string, string>
  readonly json?: boolean
}

async function setup({ node = {}, env, json = false }: SetupInit = {}) {
  const home = await temporaryDirectory()
  const paths = resolvePaths({ LUMOS_HOME: home, LUMOS_RUNTIME_DIR: join(home, 'run') })
  const fake = fakeHost(env)
  const clock = new ManualClock()
  const loaded = await loadConfig({ env: {}, paths, workingDirectory: home })
  const stop = vi.fn<NodeHandle['stop']>(async () => undefined)
  const start = vi.fn<NodeHandle['start']>(async () => undefined)
  let given: DaemonNodeInit | undefined
  const run = () =>
    runDaemon(
      {
        clock,
        random: seededRandom(1),
        host: fake.host,
        createNode: async (_, init) => {
          given = init
          const operations = fakeOperations({
            stop: async () => {
              init.requestStop()
              return { v: 1, pid: 4123 }
            }
          })
          return { operations, identity: () => IDENTITY, start, stop, ...node }
        }
      },
      {
        paths,
        loaded,
        version: '1.2.3',
        report: createReadyReport(fake.host, { json, fd: 3, quiet: false })
      }
    )
  const ready = () => vi.waitUntil(() => fake.host.tell.mock.lastCall?.[1], PATIENCE)
  const record = async (): Promise<RunFile> => JSON.parse(await readFile(paths.run, 'utf8'))
  const log = async () => readFile(paths.log, 'utf8')
  onTestFinished(() => fake.signal('SIGTERM'))
  return { ...fake, clock, given: () => given, log, paths, ready, record, run, start, stop }
}

test('says that it is ready when it answers, and is gone when it has ended', async () => {
  const { run, ready, signal, paths, host, record, listeners, clock, stop } = await setup()
  const ended = run()
  expect(JSON.parse((await ready()) ?? '')).toEqual({
    ready: true,
    v: 1,
    ...IDENTITY,
    socket: paths.socket,
    pid: 4123
  })
  expect(host.tell).toHaveBeenCalledWith(3, expect.stringMatching(/^{.*}\n$/))
  expect(String(host.stdout.read())).toBe(
    `READY amber-otter   12D3KooWFake   pid 4123\n  at /ip4/127.0.0.1/tcp/1\n  control ${paths.socket}\n`
  )
  const client = createClient({ socket: paths.socket })
  expect(await client.status()).toMatchObject({ name: 'amber-otter' })
  expect(await record()).toEqual({
    pid: 4123,
    socket: paths.socket,
    version: '1.2.3',
    startedAt: '1970-01-01T00:00:00.000Z'
  })
  signal('SIGTERM')
  expect(await ended).toBe(0)
  expect(stop).toHaveBeenCalledOnce()
  expect(await record()).toMatchObject({ exit: { code: 0 } })
  await expect(client.status()).rejects.toMatchObject({ code: 'DAEMON_DOWN' })
  expect([listeners(), clock.pending]).toEqual([0, 0])
})

test('gives back the memory that starting took, once it has settled', async () => {
  const { run, ready, signal, host, clock } = await setup()
  const ended = run()
  await ready()
  await vi.waitUntil(() => clock.pending > 0, PATIENCE)
  expect(host.releaseMemory).not.toHaveBeenCalled()
  await clock.advance(10_000)
  expect(host.releaseMemory).toHaveBeenCalledOnce()
  signal('SIGTERM')
  expect(await ended).toBe(0)
})

test('with --json, says so as one document', async () => {
  const { run, ready, signal, host } = await setup({ json: true })
  const ended = run()
  await ready()
  expect(JSON.parse(String(host.stdout.read()))).toMatchObject({ ready: true, name: 'amber-otter' })
  signal('SIGINT')
  expect(await ended).toBe(0)
})

test('ends when a client asks for it, after having answered', async () => {
  const { run, ready, paths } = await setup()
  const ended = run()
  await ready()
  expect(await createClient({ socket: paths.socket }).stop()).toEqual({ v: 1, pid: 4123 })
  expect(await ended).toBe(0)
})

test('gives the node its configuration, and its log to those who ask', async () => {
  const { run, ready, signal, given } = await setup()
  const ended = run()
  await ready()
  expect(given()).toMatchObject({ version: '1.2.3', config: { swarm: { name: 'home' } } })
  const lines = given()?.logs({ follow: false, limit: 10 }, new AbortController().signal)
  const messages: string[] = []
  for await (const { message } of lines ?? []) messages.push(message)
  expect(messages).toEqual(['starting', 'ready'])
  signal('SIGTERM')
  await ended
})

test('ends at once at the second signal', async () => {
  const { run, ready, signal, host, record } = await setup({
    node: { stop: () => new Promise(() => {}) }
  })
  void run()
  await ready()
  signal('SIGTERM')
  expect(host.exit).not.toHaveBeenCalled()
  signal('SIGINT')
  expect(host.exit).toHaveBeenCalledWith(130)
  expect(await record()).toMatchObject({ exit: { code: 130 } })
})

test('ends by force when a part hangs, and writes down why', async () => {
  const stopping = Promise.withResolvers<void>()
  const { run, ready, signal, clock, host, record, log } = await setup({
    node: {
      stop() {
        stopping.resolve()
        return new Promise(() => {})
      }
    }
  })
  void run()
  await ready()
  signal('SIGTERM')
  await stopping.promise
  await clock.advance(LIMITS.daemonStop.value - 1)
  expect(host.exit).not.toHaveBeenCalled()
  await clock.advance(1)
  expect(host.exit).toHaveBeenCalledWith(1)
  expect(await record()).toMatchObject({ exit: { error: { code: 'STOP_HUNG' } } })
  expect(await log()).toContain('did not stop within 15000 ms')
})

test.for(['exception', 'rejection'] as const)(
  'a defect (%s) ends it with a record',
  async (kind) => {
    const { run, ready, defect, host, record, log } = await setup()
    void run()
    await ready()
    defect(new Error('undefined is not a function'), kind)
    expect(host.exit).toHaveBeenCalledWith(70)
    expect(await record()).toMatchObject({
      exit: {
        code: 70,
        error: { code: 'CRASHED', details: { reason: 'undefined is not a function' } }
      }
    })
    expect(await log()).toMatch(/"level":"fatal".*daemon\.test\.ts/)
  }
)

test('a broken link that nobody awaited is no defect, unless it was thrown', async () => {
  const { run, ready, defect, host, log, signal } = await setup()
  const ended = run()
  await ready()
  for (const error of [
    new DOMException('gone', 'AbortError'),
    Object.assign(new Error('reset'), { name: 'StreamResetError' }),
    Object.assign(new Error('reset'), { code: 'ECONNRESET' })
  ]) {
    defect(error, 'rejection')
  }
  expect(host.exit).not.toHaveBeenCalled()
  signal('SIGTERM')
  await ended
  expect((await log()).match(/a broken link was not handled/g)).toHaveLength(3)
})

test('an exception of the same name is one', async () => {
  const { run, ready, defect, host } = await setup()
  void run()
  await ready()
  defect(new DOMException('gone', 'AbortError'), 'exception')
  expect(host.exit).toHaveBeenCalledWith(70)
})

test('says why it did not start, and leaves the profile free', async () => {
  const error = new LumosError('PORT_IN_USE', { details: { address: '/ip4/0.0.0.0/tcp/1' } })
  const { run, record, start, stop, log, signal, ready } = await setup()
  start.mockRejectedValueOnce(error)
  await expect(run()).rejects.toBe(error)
  expect(stop).toHaveBeenCalledOnce()
  expect(await record()).toMatchObject({ exit: { code: 1, error: { code: 'PORT_IN_USE' } } })
  expect(await log()).toContain('the node did not start')
  start.mockRejectedValueOnce(new Error('odd'))
  await expect(run()).rejects.toMatchObject({ code: 'START_FAILED', details: { reason: 'odd' } })
  const ended = run()
  await ready()
  signal('SIGTERM')
  expect(await ended).toBe(0)
})

test('a signal during the start ends it when it can, without having been ready', async () => {
  const started = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const { run, signal, host, stop } = await setup({
    node: {
      start() {
        begun.resolve()
        return started.promise
      }
    }
  })
  const ended = run()
  await begun.promise
  signal('SIGTERM')
  started.resolve()
  expect(await ended).toBe(0)
  expect(stop).toHaveBeenCalledOnce()
  expect(JSON.parse(host.tell.mock.lastCall?.[1] ?? '')).toMatchObject({
    ready: false,
    error: { code: 'SHUTTING_DOWN' }
  })
  expect(host.stdout.read()).toBeNull()
})

test('tells systemd when it asks, and lives on when that fails', async () => {
  const { run, ready, signal, host, log } = await setup({ env: { NOTIFY_SOCKET: '/run/notify' } })
  host.run.mockRejectedValueOnce(new Error('ENOENT'))
  const ended = run()
  await ready()
  await vi.waitUntil(() => host.run.mock.calls.length === 1, PATIENCE)
  signal('SIGTERM')
  await ended
  expect(host.run.mock.calls.map(([program, args]) => [program, args[0]])).toEqual([
    ['systemd-notify', 'READY=1'],
    ['systemd-notify', 'STOPPING=1']
  ])
  expect(await log()).toContain('systemd could not be told')
})

test('notices that the run before ended without a word', async () => {
  const { run, ready, signal, paths, log } = await setup()
  const first = run()
  await ready()
  signal('SIGTERM')
  await first
  expect(await log()).not.toContain('without a word')
  const killed = { pid: 7, startedAt: '2026-01-01T00:00:00.000Z', socket: '', version: '' }
  await writeFile(paths.run, JSON.stringify(killed))
  const second = run()
  await vi.waitUntil(async () => (await log()).split('"message":"ready"').length === 3, PATIENCE)
  signal('SIGTERM')
  await second
  expect(await log()).toMatch(/"pid":7.*without a word/)
})
