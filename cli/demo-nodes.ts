/** The temporary nodes of `lumos demo` and `lumos bench`: own processes, own folders, own corner of the host. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogLine, Started } from '../client/api.ts'
import type { Client } from '../client/calls.ts'
import { createClient } from '../client/client.ts'
import { resolvePaths, type Environment } from '../core/paths.ts'
import type { Cli } from './cli.ts'
import { isRunning } from '../core/process.ts'
import { awaitExit, START_TIMEOUT_MS, startDaemon } from './daemon-process.ts'
import { readLogLines } from './log-file.ts'
import { readRunFile } from './run-file.ts'

/** A node that has nothing to finish says good-bye within 5 s; then it is ended the hard way. */
const FAREWELL_MS = 6000
const FAREWELL_POLL_MS = 10
/** Lines of each node's log that are shown with a failure. */
const LAST_WORDS = 5
const LAST_LEVEL = { level: 'warn' } as const
/** Nothing but the other node of the demo shall meet it. */
const ALONE = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns']

export interface DemoNode {
  readonly started: Started
  readonly home: string
  readonly client: Client
  readonly tookMs: number
}

export interface DemoNodes {
  readonly folder: string
  /** Starts a node with a home of this name. */
  start(name: string, flags: readonly string[]): Promise<DemoNode>
  /** What the nodes logged that may tell why something failed; all of it with `--debug`. */
  lastWords(): Promise<readonly { readonly node: string; readonly line: LogLine }[]>
  /** Ends every node and removes every folder; safe to call at any moment, and twice. */
  remove(): Promise<void>
  /** What to write before `lumos` to talk to a node that was kept. */
  prefix(node: DemoNode): string
}

interface Ending {
  readonly started: Started
  /** Its run.json. */
  readonly run: string
}

/** Begins the names of folders that are removed with all that runs in them. */
export const TEMPORARY_PREFIX = 'lumos-temporary-'

/** `purpose` is part of the folder's name, for who finds it. */
export async function createDemoNodes(cli: Cli, purpose = 'demo'): Promise<DemoNodes> {
  const folder = await mkdtemp(join(tmpdir(), `${TEMPORARY_PREFIX}${purpose}-`))
  const runtime = join(folder, 'run')
  const running = new Set<Ending>()
  const logs = new Map<string, string>()
  const starting = new Set<Promise<unknown>>()

  async function start(name: string, flags: readonly string[]): Promise<DemoNode> {
    const begun = cli.clock.monotonic()
    const home = join(folder, name)
    const env = { ...withoutLumos(cli.host.env), LUMOS_HOME: home, LUMOS_RUNTIME_DIR: runtime }
    const paths = resolvePaths(env)
    logs.set(name, paths.log)
    const started = await startDaemon({
      bin: cli.host.bin,
      env,
      paths,
      flags: [...ALONE, ...(cli.flags.debug ? ['--log-level', 'debug'] : []), ...flags],
      timeoutMs: START_TIMEOUT_MS,
      signal: cli.signal
    })
    running.add({ started, run: paths.run })
    const client = createClient({ socket: paths.socket, profile: `${purpose} ${name}` })
    return { started, home, client, tookMs: cli.clock.monotonic() - begun }
  }

  return {
    folder,
    start(name, flags) {
      const node = start(name, flags)
      starting.add(node)
      return node
    },
    async lastWords() {
      const [filter, most] = cli.flags.debug ? [{}, Infinity] : [LAST_LEVEL, LAST_WORDS]
      const found = await Promise.all(
        Array.from(logs, async ([node, path]) => {
          const text = await readFile(path, 'utf8').catch(() => '')
          const lines = readLogLines(text, filter).slice(-most)
          return lines.map((line) => ({ node, line }))
        })
      )
      return found.flat()
    },
    async remove() {
      await Promise.allSettled(starting)
      await Promise.all(Array.from(running, (node) => end(node, cli)))
      running.clear()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
    prefix({ started, home }) {
      // A socket path too long for the system lies in the runtime folder.
      const aside = started.socket.startsWith(home) ? '' : `LUMOS_RUNTIME_DIR=${runtime} `
      return `${aside}LUMOS_HOME=${home}`
    }
  }
}

/** The user's own settings must not leak into the demo, nor the demo's swarm into theirs. */
function withoutLumos(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('LUMOS_')))
}

/** Once a node has written down its end, only Node's compile cache is left to write: seconds, at first. */
async function end({ started: { pid }, run }: Ending, { clock }: Cli): Promise<void> {
  if (!isRunning(pid)) return
  process.kill(pid, 'SIGTERM')
  const deadline = clock.monotonic() + FAREWELL_MS
  while (isRunning(pid)) {
    // oxlint-disable-next-line no-await-in-loop -- polling: nothing tells of the end of a stranger
    const ended = (await readRunFile(run))?.exit !== undefined
    if (ended || clock.monotonic() > deadline) break
    // oxlint-disable-next-line no-await-in-loop -- as above
    await clock.sleep(FAREWELL_POLL_MS)
  }
  if (isRunning(pid)) process.kill(pid, 'SIGKILL')
  await awaitExit(pid, clock)
}
