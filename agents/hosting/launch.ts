/** How the process of a hosted project is started: Node with our half of the protocol, or the program itself. */
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../../core/paths.ts'
import { findEntry } from './entry.ts'
import type { Launch } from './host-process.ts'
import type { HostOrder } from './hosts.ts'

const MIB = 1024 * 1024

/** What a process needs to find programs, files and words; nothing that tells secrets. */
const BARE: readonly string[] = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']

export interface LaunchInit {
  /** The node's own. */
  readonly env: Environment
  /** Of the control API, so that hosted agents can use the swarm; empty where there is none. */
  readonly socket: string
}

/** @throws HOST_INVALID */
export function launchOf(
  order: Pick<HostOrder, 'path' | 'env' | 'memoryBytes'>,
  init: LaunchInit
): Launch {
  const entry = findEntry(order.path)
  const env = { ...bareOf(init), ...order.env }
  const { cwd } = entry
  if (entry.kind === 'program') {
    return { command: entry.file, args: [], cwd, env, channel: 'stdio' }
  }
  const args = [
    // The rest is for what is not heap: buffers, code, stacks.
    `--max-old-space-size=${Math.floor((order.memoryBytes * 0.75) / MIB)}`,
    // People's TypeScript has enums, too.
    '--experimental-transform-types',
    '--disable-warning=ExperimentalWarning',
    scriptPath(),
    JSON.stringify(entry.modules)
  ]
  return { command: process.execPath, args, cwd, env, channel: 'fd3' }
}

function bareOf({ env, socket }: LaunchInit): Record<string, string> {
  const bare: Record<string, string> = socket === '' ? {} : { LUMOS_SOCKET: socket }
  for (const name of BARE) {
    const value = env[name]
    if (value !== undefined) bare[name] = value
  }
  return bare
}

/** The script beside this file: `.ts` in the sources, `.js` once compiled. */
function scriptPath(): string {
  const name = `./project/main${extname(import.meta.url)}`
  return fileURLToPath(new URL(name, import.meta.url))
}
