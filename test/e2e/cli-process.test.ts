/** The `lumos` process: what it loads, how it ends on signals and closed pipes, and on an old Node. */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { createControlServer } from '../../gateway/control/control-server.ts'
import type { ControlOperations } from '../../gateway/control/operations.ts'
import { fakeOperations, lines, RUN_EVENTS } from '../support/control-operations.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

const ROOT = join(import.meta.dirname, '../..')
const BIN = join(ROOT, 'bin/lumos.cjs')

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

interface StartInit {
  readonly node?: string
  readonly bin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly nodeArgs?: readonly string[]
}

async function setup(operations: Partial<ControlOperations> = {}) {
  const home = await temporaryDirectory()
  const server = createControlServer(
    { operations: fakeOperations(operations), logger: silentLogger, clock: systemClock },
    { socketPath: join(home, 'lumos.sock') }
  )
  await server.start()
  onTestFinished(() => server.stop())
  const env = { PATH: process.env['PATH'], HOME: home, LUMOS_HOME: home }

  function start(argv: readonly string[], init: StartInit = {}) {
    const { node = process.execPath, bin = BIN, nodeArgs = [] } = init
    const child = spawn(node, [...nodeArgs, bin, ...argv], {
      env: { ...env, ...init.env },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    return { child, ended: endOf(child) }
  }

  return {
    home,
    env,
    start,
    run: (argv: readonly string[], init?: StartInit) => start(argv, init).ended
  }
}

async function endOf(child: ChildProcess): Promise<Ended> {
  const code = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)])
  return { code: await code, out, err }
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = ''
  for await (const chunk of stream ?? []) text += String(chunk)
  return text
}

/** Prints, at the end, every file that was loaded. */
const TRACE = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  import { writeFileSync } from 'node:fs'
  const loaded = []
  registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context) } })
  process.on('exit', () => writeFileSync(process.env.TRACE_FILE, loaded.join('\\n')))
`)}`

test.for([
  ['status', 'status.ts', ['status']],
  ['run', 'run.ts', ['run', 'echo', 'hi', '--json']],
  ['peers', 'peers.ts', ['peers']]
] as const)('%s loads its own file and neither libp2p nor zod', async ([, file, argv]) => {
  // Nobody is there who could answer a question.
  const story = RUN_EVENTS.filter(({ type }) => type !== 'input-required')
  const { home, run } = await setup({ run: () => lines(story) })
  const trace = join(home, 'trace')
  const env = { TRACE_FILE: trace, NODE_DISABLE_COMPILE_CACHE: '1' }
  expect(await run(argv, { nodeArgs: ['--import', TRACE], env })).toMatchObject({ code: 0 })
  const loaded = (await readFile(trace, 'utf8')).split('\n')
  const packages = loaded.flatMap(
    (url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []
  )
  // Demands are checked before they are sent, those on versions as npm reads them.
  expect(Array.from(new Set(packages)).toSorted()).toEqual(
    file === 'run.ts' ? ['commander', 'semver', 'uuid'] : ['commander']
  )
  const commands = loaded.flatMap((url) => /cli\/commands\/(.*)$/.exec(url)?.[1] ?? [])
  expect(commands).toEqual([file])
  const ours = loaded.filter((url) => url.includes(ROOT) && !url.includes('node_modules'))
  const folders = ours.map((url) => url.split(`${ROOT}/`)[1]?.split('/')[0])
  expect(new Set(folders)).toEqual(new Set(['bin', 'cli', 'client', 'core']))
})

test('the file itself can be run, as the README tells people to', () => {
  const out = execFileSync(BIN, ['version'], { encoding: 'utf8', stdio: 'pipe' })
  expect(out).toMatch(/^lumos \d/)
})

test('a reader that has seen enough ends the command quietly', async () => {
  const { env } = await setup({
    async *logs() {
      for (let line = 0; ; line += 1) {
        const time = '2026-01-02T03:04:05.678Z'
        yield { time, level: 'info', component: 'node', message: `line ${line}`, fields: {} }
        if (line % 50 === 0) await new Promise(setImmediate)
      }
    }
  })
  const script = `set -o pipefail; "$0" "$1" logs -f | head -n 2; echo "code \${PIPESTATUS[0]}"`
  const piped = spawn('bash', ['-c', script, process.execPath, BIN], {
    env,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  expect(await endOf(piped)).toEqual({
    code: 0,
    out: expect.stringMatching(/line 0\n.*line 1\ncode 0\n$/),
    err: ''
  })
})

test('a reader that has seen enough ends a log that says no more', async () => {
  const { env } = await setup({
    async *logs(_, signal) {
      const time = '2026-01-02T03:04:05.678Z'
      yield { time, level: 'info', component: 'node', message: 'the last', fields: {} }
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }
  })
  const script = '"$0" "$1" logs -f | head -n 1; echo "code ${PIPESTATUS[0]}"'
  const piped = spawn('bash', ['-c', script, process.execPath, BIN], {
    env,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  expect(await endOf(piped)).toEqual({
    code: 0,
    out: expect.stringMatching(/the last\ncode 0\n$/),
    err: ''
  })
})

/** A task that runs until it is cancelled, or for ever. */
function endless(init: { readonly cancellable: boolean }) {
  const begun = Promise.withResolvers<void>()
  const cancelled = Promise.withResolvers<string>()
  const [first] = RUN_EVENTS
  const operations: Partial<ControlOperations> = {
    async *run(_, signal) {
      if (first !== undefined) yield first
      begun.resolve()
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
      const id = await Promise.race([init.cancellable ? cancelled.promise : aborted, aborted])
      const worker = { id: 'p', name: 'bob' }
      const task = { id: String(id), state: 'TASK_STATE_CANCELED' as const, artifacts: [] }
      yield { v: 1, seq: 1, type: 'result', task, worker, tookMs: 1, firstEventMs: 1 }
    },
    async cancelTask(id, signal) {
      cancelled.resolve(id)
      if (!init.cancellable)
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      const { task } = await fakeOperations().task('t1')
      return { v: 1, task }
    }
  }
  return { begun: begun.promise, cancelled: cancelled.promise, operations }
}

test('Ctrl-C cancels the task that runs, waits for its end, and exits with 130', async () => {
  const { begun, cancelled, operations } = endless({ cancellable: true })
  const { start } = await setup(operations)
  const { child, ended } = start(['run', 'echo', 'hi', '--json'])
  await begun
  child.kill('SIGINT')
  const { code, out } = await ended
  expect(code).toBe(130)
  const events = out
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  expect(events.at(-1)).toMatchObject({ type: 'result', task: { id: await cancelled } })
})

test('a second Ctrl-C leaves at once, and one that arrived twice does not', async () => {
  const { begun, cancelled, operations } = endless({ cancellable: false })
  const { start } = await setup(operations)
  const { child, ended } = start(['run', 'echo', 'hi'])
  await begun
  child.kill('SIGINT')
  child.kill('SIGINT')
  await cancelled
  expect(child.exitCode).toBeNull()
  // Of the process's own clock: only presses that lie apart count as two.
  await systemClock.sleep(350)
  child.kill('SIGINT')
  expect(await ended).toMatchObject({ code: 130, err: expect.stringMatching(/cancelling/) })
})

test.for([
  ['SIGINT', 130],
  ['SIGTERM', 143]
] as const)('%s during a stream exits with %d, without a word', async ([signal, expected]) => {
  const begun = Promise.withResolvers<void>()
  const { start } = await setup({
    // oxlint-disable-next-line require-yield -- a quiet node
    async *logs(_, aborted) {
      begun.resolve()
      await new Promise((resolve) => aborted.addEventListener('abort', resolve))
    }
  })
  const { child, ended } = start(['logs', '-f'])
  await begun.promise
  child.kill(signal)
  expect(await ended).toEqual({ code: expected, out: '', err: '' })
})

const OLD_NODE = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
  if (!existsSync(path)) return false
  const { stdout } = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' })
  return Number.parseInt(stdout, 10) < 24
})

test.skipIf(OLD_NODE === undefined)(
  'an old Node hands over to the one of the checkout',
  async () => {
    const { run } = await setup()
    const init = { node: OLD_NODE ?? '' }
    const { code, out, err } = await run(['version', '--json'], init)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ node: expect.stringMatching(/^24\./) })
    expect(err).toBe('')
    expect(await run(['pers', '-q'], init)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^error: unknown command/)
    })
  }
)

/** Runs `lumos` as a person does, with stdout and stderr on one terminal. */
async function runInTerminal(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const line = [OLD_NODE, BIN, ...argv].join(' ')
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  return (await endOf(child)).out
}

test.skipIf(OLD_NODE === undefined)(
  'an old Node says so to people who start or examine a node, and to nobody else',
  async () => {
    const { env, run } = await setup()
    const notice = /^lumos needs Node 24 or newer \(this is v[\d.]+\), and goes on with .*\r\n/
    expect(await runInTerminal(['--timeout', '9s', 'doctor'], env)).toMatch(notice)
    expect(await runInTerminal(['doctor', '-q'], env)).not.toMatch(notice)
    expect(await runInTerminal(['--profile', 'up', 'version'], env)).not.toMatch(notice)
    expect((await run(['doctor'], { node: OLD_NODE ?? '' })).err).not.toMatch(/Node 24/)
  }
)

test.skipIf(OLD_NODE === undefined)('signals pass through an old Node', async () => {
  const { begun, cancelled, operations } = endless({ cancellable: true })
  const { start } = await setup(operations)
  const { child, ended } = start(['run', 'echo', 'hi', '-q'], { node: OLD_NODE ?? '' })
  await begun
  child.kill('SIGINT')
  await cancelled
  expect(await ended).toMatchObject({ code: 130 })
})

/** The package as npm installs it: without the Node of the checkout. */
async function installed(folder: string): Promise<string> {
  const root = join(folder, 'package')
  await mkdir(root)
  await cp(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true })
  await cp(join(ROOT, 'package.json'), join(root, 'package.json'))
  for (const name of ['cli', 'core', 'client']) {
    // oxlint-disable-next-line no-await-in-loop -- three links
    await symlink(join(ROOT, name), join(root, name))
  }
  return join(root, 'bin/lumos.cjs')
}

test.skipIf(OLD_NODE === undefined)('an old Node without another says what to do', async () => {
  const { home, run } = await setup()
  const init = { node: OLD_NODE ?? '', bin: await installed(home), env: { LUMOS_NO_DOWNLOAD: '1' } }
  const { code, out, err } = await run(['status', '--json'], init)
  expect({ code, failure: JSON.parse(out) as unknown }).toMatchObject({
    code: 1,
    failure: { ok: false, error: { code: 'NODE_TOO_OLD', details: { found: expect.any(String) } } }
  })
  expect(err).toMatch(/^lumos needs Node 24 or newer \(this is v[\d.]+\)\ninstall it from .*\n$/)
})

test.skipIf(OLD_NODE === undefined)('a Node fetched before is used again', async () => {
  const { home, run } = await setup()
  const platform = `node-${process.platform}-${process.arch}`
  const cached = join(home, '.cache/lumos/node-24.21.0/node_modules', platform, 'bin/node')
  await mkdir(dirname(cached), { recursive: true })
  await symlink(process.execPath, cached)
  const { code, out } = await run(['version', '-q'], {
    node: OLD_NODE ?? '',
    bin: await installed(home)
  })
  expect(code).toBe(0)
  expect(out).toContain(`node ${process.versions.node}`)
})
