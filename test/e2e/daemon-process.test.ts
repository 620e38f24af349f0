/** The daemon as a process, around a node that does nothing: signals, crashes, pipes, broken homes. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import type { ReadyLine, RunFile } from '../../client/api.ts'
import { createClient } from '../../client/client.ts'
import { resolvePaths } from '../../core/paths.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const PROGRAM = join(import.meta.dirname, '../support/fake-daemon.ts')

interface Daemon {
  readonly child: ChildProcess
  /** The line on the descriptor for it; undefined when the process ended without one. */
  readonly ready: Promise<ReadyLine | undefined>
  /** Exit code, or the name of the signal. */
  readonly ended: Promise<unknown>
  readonly stderr: Promise<string>
}

interface RunInit {
  readonly argv?: readonly string[]
  readonly fault?: string
  readonly options?: SpawnOptions
}

async function setup(homeName = 'home') {
  const folder = await temporaryDirectory()
  const env = { LUMOS_HOME: join(folder, homeName), LUMOS_RUNTIME_DIR: join(folder, 'run') }
  const paths = resolvePaths(env)
  function start({ argv = [], fault = '', options = {} }: RunInit = {}): Daemon {
    const child = spawn(process.execPath, [PROGRAM, 'daemon', '--ready-fd', '3', ...argv], {
      env: { PATH: process.env['PATH'], HOME: folder, ...env, LUMOS_TEST_FAULT: fault },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      ...options
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    return {
      child,
      ready: firstLine(child.stdio[3]).then((line): ReadyLine | undefined =>
        line === undefined ? undefined : JSON.parse(line)
      ),
      ended: once(child, 'exit').then(([code, signal]: unknown[]) => code ?? signal),
      stderr: textOf(child.stderr)
    }
  }
  const record = async (): Promise<RunFile> => JSON.parse(await readFile(paths.run, 'utf8'))
  const client = createClient({ socket: paths.socket })
  return { client, folder, paths, record, start }
}

async function firstLine(stream: unknown): Promise<string | undefined> {
  if (!(stream instanceof Readable)) return undefined
  for await (const line of createInterface({ input: stream })) return line
  return undefined
}

async function textOf(stream: Readable | null): Promise<string> {
  let text = ''
  // A test may close its end.
  stream?.on('error', () => undefined).on('data', (chunk) => (text += String(chunk)))
  if (stream !== null) await once(stream, 'close')
  return text
}

test('is ready, answers, and ends in good order at SIGTERM', async () => {
  const { client, paths, record, start } = await setup()
  const { child, ready, ended } = start()
  expect(await ready).toMatchObject({ ready: true, name: 'amber-otter', pid: child.pid })
  expect(await client.status()).toMatchObject({ v: 1 })
  expect((await stat(paths.socket)).mode & 0o777).toBe(0o600)
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect(await record()).toMatchObject({ pid: child.pid, exit: { code: 0 } })
  await expect(stat(paths.socket)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('of two that start at once one runs, and the other names it', async () => {
  const { start } = await setup()
  const both = [start(), start()]
  const lines = await Promise.all(both.map(({ ready }) => ready))
  const [owner] = both.filter((_, index) => lines[index]?.ready)
  expect(lines.filter((line) => line?.ready)).toHaveLength(1)
  expect(lines.find((line) => !line?.ready)).toMatchObject({
    error: { code: 'PROFILE_LOCKED', details: { pid: owner?.child.pid } }
  })
})

test('starts again after kill -9, at the same socket', async () => {
  const { client, paths, record, start } = await setup()
  const first = start()
  await first.ready
  first.child.kill('SIGKILL')
  expect(await first.ended).toBe('SIGKILL')
  expect((await stat(paths.socket)).isSocket()).toBe(true)
  expect((await record()).exit).toBeUndefined()
  const second = start()
  expect(await second.ready).toMatchObject({ ready: true, pid: second.child.pid })
  expect(await client.status()).toMatchObject({ v: 1 })
  expect(await readFile(paths.log, 'utf8')).toContain('the run before ended without a word')
})

test('a SIGTERM during the start ends it without READY', async () => {
  const { start, record } = await setup()
  const { child, ready, ended } = start({ fault: 'slow-start' })
  expect(await firstLine(child.stdout)).toBe('starting')
  child.kill('SIGTERM')
  expect(await ready).toMatchObject({ ready: false, error: { code: 'SHUTTING_DOWN' } })
  expect(await ended).toBe(0)
  expect(await record()).toMatchObject({ exit: { code: 0 } })
})

test('a second Ctrl-C does not wait for a part that hangs', async () => {
  const { client, start } = await setup()
  const { child, ready, ended } = start({ fault: 'hang' })
  await ready
  child.kill('SIGINT')
  await expect.poll(() => client.status().catch(({ code }) => code)).toBe('DAEMON_DOWN')
  child.kill('SIGINT')
  expect(await ended).toBe(130)
})

test.for(['exception', 'rejection'])('an uncaught %s leaves a record and a log', async (fault) => {
  const { paths, record, start } = await setup()
  const { ended } = start({ fault })
  expect(await ended).toBe(70)
  expect(await record()).toMatchObject({ exit: { code: 70, error: { code: 'CRASHED' } } })
  expect(await readFile(paths.log, 'utf8')).toMatch(/"level":"fatal".*nobody/)
})

test('a link that breaks at the wrong moment does not end it', async () => {
  const { client, start } = await setup()
  const { ready } = start({ fault: 'broken-link' })
  await ready
  expect(await client.status()).toMatchObject({ v: 1 })
})

test('says why it did not start, to whoever waits and to whoever looks later', async () => {
  const { record, start } = await setup()
  const { ready, ended, stderr } = start({ fault: 'start' })
  expect(await ready).toMatchObject({
    ready: false,
    error: { code: 'START_FAILED', details: { reason: 'the key is broken' } }
  })
  expect(await ended).toBe(1)
  expect(await stderr).toContain('START_FAILED')
  expect(await record()).toMatchObject({ exit: { error: { code: 'START_FAILED' } } })
})

test.for([
  [['--nmae', 'x'], 'USAGE'],
  [['--name', 'Not A Label'], 'CONFIG_INVALID'],
  [['--swarm-key', 'abcd'], 'USAGE'],
  [['-P', '../up'], 'USAGE']
] as const)('refuses %j and says so where its parent waits', async ([argv, code]) => {
  const { start } = await setup()
  const { ready, ended } = start({ argv })
  const line = await ready
  expect(line && !line.ready ? line.error.code : undefined).toBe(code)
  expect(await ended).toBe(1)
})

test('works in a home whose path is too long for a socket', async () => {
  const { client, paths, start } = await setup(
    join('a'.repeat(100), '名前 with space', 'b'.repeat(90))
  )
  const { ready } = start()
  expect(await ready).toMatchObject({ ready: true, socket: paths.socket })
  expect(Buffer.byteLength(paths.socket)).toBeLessThanOrEqual(100)
  expect(await client.status()).toMatchObject({ v: 1 })
})

test('says that the home is no folder', async () => {
  const { folder, start } = await setup()
  await writeFile(join(folder, 'home'), '')
  expect(await start().ready).toMatchObject({
    error: { code: 'HOME_UNUSABLE', details: { reason: 'it is not a folder' } }
  })
})

const isRoot = process.getuid?.() === 0
const NOBODY = 65_534

test.skipIf(!isRoot)('says that the home may not be written', async () => {
  const { folder, start } = await setup()
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'home'), { mode: 0o755 })
  await mkdir(join(folder, 'run'))
  await chown(join(folder, 'run'), NOBODY, NOBODY)
  const { ready } = start({ options: { uid: NOBODY, gid: NOBODY } })
  expect(await ready).toMatchObject({
    error: { code: 'HOME_UNUSABLE', details: { reason: 'permission denied (EACCES)' } }
  })
})

test('lives on when nobody reads what it says any more', async () => {
  const { client, start } = await setup()
  const { child, ready } = start({ argv: ['--log-level', 'debug'] })
  child.stdout?.destroy()
  child.stderr?.destroy()
  expect(await ready).toMatchObject({ ready: true })
  await client.stop()
  await once(child, 'exit')
  expect(child.exitCode).toBe(0)
})

test('follows its log while it runs', async () => {
  const { client, start } = await setup()
  await start().ready
  const messages: string[] = []
  for await (const { message } of client.logs({ follow: true })) {
    messages.push(message)
    if (message === 'ready') break
  }
  expect(messages).toEqual(['starting', 'ready'])
})
