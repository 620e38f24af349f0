/** Daemons as people run them, each in a namespace of a wide network, with an agent of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from '../../client/calls.ts'
import { createClient } from '../../client/client.ts'
import { systemClock } from '../../core/clock.ts'
import { resolvePaths } from '../../core/paths.ts'
import { firstLine, kill } from './child-process.ts'
import type { WideHost } from './wide-network.ts'

export interface WideNodeInit {
  readonly name: string
  readonly host: WideHost
  /** Empty, and the node's own. */
  readonly folder: string
  readonly bootstrap?: readonly string[]
  /** Further variables, of docs/configuration.md. */
  readonly env?: Readonly<Record<string, string>>
}

export interface WideNode {
  readonly name: string
  readonly host: WideHost
  /** A Unix socket, which no namespace of networks hides. */
  readonly client: Client
  readonly peer: string
  /** Where others reach it, unless it is hidden. */
  readonly address: string
  /** SIGKILL. */
  kill(): Promise<void>
  /** As a person stops it. */
  stop(): Promise<void>
}

const ROOT = join(import.meta.dirname, '../..')
const PORT = 5866
/** A stop ends within 5 s, whatever hangs. */
const STOP_MS = 6000

/** Resolves when its agent can be asked. */
export async function startWideNode(init: WideNodeInit): Promise<WideNode> {
  const { name, host, folder, bootstrap = [] } = init
  await mkdir(folder, { recursive: true })
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    LUMOS_HOME: folder,
    LUMOS_RUNTIME_DIR: join(folder, 'run'),
    LUMOS_SWARM_KEY: '0123456789abcdef'.repeat(4),
    LUMOS_NAME: name,
    LUMOS_LISTEN: `/ip4/0.0.0.0/tcp/${PORT}`,
    LUMOS_BOOTSTRAP: bootstrap.join(','),
    LUMOS_DISCOVERY_SAME_HOST: 'false',
    LUMOS_DISCOVERY_MDNS: 'false',
    ...init.env
  }
  const words = [join(ROOT, 'bin/lumos.cjs'), 'daemon', '--json']
  const child = spawn('ip', ['netns', 'exec', host.namespace, process.execPath, ...words], {
    env,
    stdio: ['ignore', 'pipe', openSync(join(folder, 'stderr'), 'a')]
  })
  try {
    await firstLine(child)
    const client = createClient({ socket: resolvePaths(env).socket })
    const { peerId } = await client.id()
    const path = join(import.meta.dirname, 'wide-talker.ts')
    await client.hosts.add({ path, env: { WIDE_NAME: name }, once: true })
    return {
      name,
      host,
      client,
      peer: peerId,
      address: `/ip4/${host.address}/tcp/${PORT}/p2p/${peerId}`,
      kill: () => kill(child),
      stop: () => stop(child)
    }
  } catch (error) {
    await kill(child)
    throw error
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const late = systemClock.after(STOP_MS, () => child.kill('SIGKILL'))
  await gone
  late()
}
