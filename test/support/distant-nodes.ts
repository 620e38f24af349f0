/** A caller and a worker, each a process in a network namespace of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from '../../client/client.ts'
import type { Client } from '../../client/calls.ts'
import { resolvePaths } from '../../core/paths.ts'
import { firstLine, kill } from './child-process.ts'
import type { Cable } from './network-namespaces.ts'

export interface DistantNodes {
  /** Of the caller: a Unix socket, which no namespace of networks hides. */
  readonly client: Client
  stop(): Promise<void>
}

const ROOT = join(import.meta.dirname, '../..')

/** The caller is what `lumos up` starts, the worker that of talking-worker.ts. `folder` is to be empty. */
export async function startDistantNodes(
  folder: string,
  { ends: [near, far] }: Cable
): Promise<DistantNodes> {
  const children: ChildProcess[] = []
  const home = async (name: string): Promise<NodeJS.ProcessEnv> => {
    const path = join(folder, name)
    await mkdir(path)
    return {
      PATH: process.env['PATH'],
      HOME: path,
      LUMOS_HOME: path,
      LUMOS_RUNTIME_DIR: join(path, 'run'),
      LUMOS_SWARM_KEY: '0123456789abcdef'.repeat(4)
    }
  }
  function start(namespace: string, words: readonly string[], env: NodeJS.ProcessEnv) {
    const inside = ['netns', 'exec', namespace, process.execPath, ...words]
    const child = spawn('ip', inside, { env, stdio: ['ignore', 'pipe', 'ignore'] })
    children.push(child)
    return firstLine(child)
  }
  async function stop(): Promise<void> {
    for (const child of children) await kill(child)
  }
  try {
    const worker = join(import.meta.dirname, 'talking-worker.ts')
    const addresses: string[] = JSON.parse(await start(far, [worker], await home('worker')))
    const address = addresses.find((one) => one.startsWith('/ip4/10.')) ?? ''
    const env = await home('caller')
    const flags = ['--listen', '/ip4/0.0.0.0/tcp/0', '--bootstrap', address, '--no-mdns']
    await start(near, [join(ROOT, 'bin/lumos.cjs'), 'daemon', ...flags, '--json'], env)
    return { client: createClient({ socket: resolvePaths(env).socket }), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
