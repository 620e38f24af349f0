/** Where a node keeps its things: one folder with LUMOS_HOME, else the XDG directories. */
import { createHash } from 'node:crypto'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export type Environment = Readonly<Record<string, string | undefined>>

export interface NodePaths {
  readonly profile: string
  /** config.yaml */
  readonly config: string
  /** Key, database, remembered peers. */
  readonly data: string
  /** Holds the two files below. */
  readonly state: string
  /** What the daemon logs, one JSON object a line. */
  readonly log: string
  /** Who runs and how the last run ended (`RunFile` in client/api.ts). */
  readonly run: string
  /** Control API socket. */
  readonly socket: string
  /** Shared by all nodes of one OS user on this host: how they find each other. */
  readonly runtime: string
}

/** Linux refuses longer socket paths than 107 bytes (sun_path); 100 leaves room for macOS' 103. */
const MAX_SOCKET_PATH = 100

export function resolvePaths(
  env: Environment,
  profile = env['LUMOS_PROFILE'] ?? 'default'
): NodePaths {
  const runtime = runtimeDirectory(env)
  const home = env['LUMOS_HOME']
  if (home !== undefined && home !== '') return inOneFolder(resolve(home), profile, runtime)
  const xdg = (name: string, fallback: string): string =>
    join(env[name] || join(env['HOME'] ?? homedir(), fallback), 'lumos', profile)
  return {
    profile,
    config: xdg('XDG_CONFIG_HOME', '.config'),
    data: xdg('XDG_DATA_HOME', '.local/share'),
    ...stateFiles(xdg('XDG_STATE_HOME', '.local/state')),
    socket: shortSocket(join(runtime, `${profile}.sock`), runtime),
    runtime
  }
}

/** Where Node keeps what it compiled, as bin/lumos.cjs has it, which runs before this file can be read. */
export function compileCacheDirectory(env: Environment): string {
  const caches = env['XDG_CACHE_HOME'] || join(env['HOME'] ?? homedir(), '.cache')
  return env['NODE_COMPILE_CACHE'] || join(caches, 'lumos', 'compile')
}

function inOneFolder(home: string, profile: string, runtime: string): NodePaths {
  const root = profile === 'default' ? home : join(home, 'profiles', profile)
  return {
    profile,
    config: root,
    data: join(root, 'data'),
    ...stateFiles(join(root, 'state')),
    socket: shortSocket(join(root, 'lumos.sock'), runtime),
    runtime
  }
}

function stateFiles(state: string): Pick<NodePaths, 'state' | 'log' | 'run'> {
  return { state, log: join(state, 'lumos.log'), run: join(state, 'run.json') }
}

function runtimeDirectory(env: Environment): string {
  if (env['LUMOS_RUNTIME_DIR']) return resolve(env['LUMOS_RUNTIME_DIR'])
  if (env['XDG_RUNTIME_DIR']) return join(env['XDG_RUNTIME_DIR'], 'lumos')
  return join(tmpdir(), `lumos-${process.getuid?.() ?? 'user'}`)
}

function shortSocket(path: string, runtime: string): string {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return path
  const digest = createHash('sha256').update(path).digest('hex').slice(0, 16)
  return join(runtime, `${digest}.sock`)
}
