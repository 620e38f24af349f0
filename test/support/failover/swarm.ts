/** Eight nodes, each a process: two that ask, six that work, and what can be done to those. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '../../../client/client.ts'
import type { Client } from '../../../client/calls.ts'
import { resolvePaths } from '../../../core/paths.ts'
import { firstLine, kill } from '../child-process.ts'
import { laySlowLink } from '../slow-link.ts'
import type { SlowLink } from '../slow-link.ts'

export interface FailoverSwarm {
  readonly callers: readonly Client[]
  /** Names of the nodes that work. */
  readonly workers: readonly string[]
  /** File with a line for each time that a task left its trace. */
  readonly effects: string
  /** SIGKILL. */
  kill(worker: string): Promise<void>
  /** After `kill`; resolves when it is ready. */
  start(worker: string): Promise<void>
  signal(worker: string, signal: 'SIGSTOP' | 'SIGCONT'): void
  /** Milliseconds that everything takes to it, and from it. */
  delay(worker: string, ms: number): void
  stop(): Promise<void>
}

const CALLERS = ['asker-1', 'asker-2']
const WORKERS = ['ash', 'beech', 'cedar', 'elm', 'fir', 'hazel']
const ROOT = join(import.meta.dirname, '../../..')
/** Nobody is there: askers are behind a router that lets nobody in, so that all ways lead through the links. */
const NOWHERE = '/ip4/127.0.0.1/tcp/9'
const MEET_MS = 60_000
const POLL_MS = 100

/** `folder` is to be empty, and its path short: sockets are in it. */
export async function startFailoverSwarm(folder: string): Promise<FailoverSwarm> {
  const runtime = join(folder, 'run')
  const effects = join(folder, 'effects')
  const links = new Map<string, SlowLink>()
  const processes = new Map<string, ChildProcess>()
  await writeFile(effects, '')

  function spawnNode(name: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = startProcess(words, { HOME: folder, ...env })
    processes.set(name, child)
    return firstLine(child)
  }

  async function start(name: string): Promise<void> {
    const home = join(folder, name)
    const socket = join(folder, `${name}.sock`)
    const link = links.get(name) ?? (await laySlowLink(socket))
    links.set(name, link)
    await mkdir(home, { recursive: true })
    const script = join(import.meta.dirname, 'worker.ts')
    await spawnNode(name, [script, home, runtime, effects, name, socket, link.address])
  }

  async function startCaller(name: string): Promise<Client> {
    const env = {
      LUMOS_HOME: join(folder, name),
      LUMOS_RUNTIME_DIR: runtime,
      LUMOS_NAME: name,
      LUMOS_ANNOUNCE: NOWHERE
    }
    const flags = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--json']
    await spawnNode(name, [join(ROOT, 'bin/lumos.cjs'), 'daemon', ...flags], env)
    return createClient({ socket: resolvePaths({ HOME: folder, ...env }).socket })
  }

  async function stop(): Promise<void> {
    for (const child of processes.values()) await kill(child)
    for (const link of links.values()) await link.close()
  }

  try {
    // The first one makes the key of the swarm.
    const first = await startCaller(CALLERS[0] ?? '')
    const rest = await Promise.all(CALLERS.slice(1).map(startCaller))
    await Promise.all(WORKERS.map(start))
    const callers = [first, ...rest]
    await Promise.all(callers.map((client) => meet(client)))
    return {
      callers,
      workers: WORKERS,
      effects,
      kill: (name) => kill(processes.get(name)),
      start,
      signal: (name, signal) => void processes.get(name)?.kill(signal),
      delay(name, ms) {
        const link = links.get(name)
        if (link !== undefined) link.delayMs = ms
      },
      stop
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function startProcess(words: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, words, {
    env: { PATH: process.env['PATH'], OLLAMA_HOST: '127.0.0.1:9', ...env },
    stdio: ['ignore', 'pipe', 'ignore']
  })
}

/** Until it has a session with every worker. */
async function meet(client: Client): Promise<void> {
  const end = performance.now() + MEET_MS
  while ((await connected(client)) < WORKERS.length) {
    if (performance.now() > end) throw new Error('the nodes did not meet')
    await delay(POLL_MS)
  }
}

async function connected(client: Client): Promise<number> {
  try {
    const { candidates } = await client.explainRoute({ target: 'once' })
    return candidates.filter((one) => one.connected).length
  } catch {
    // Nobody is known yet.
    return 0
  }
}
