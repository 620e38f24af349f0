/** The program of the node: `daemon`, `config`, `keys` and `swarm`, which the command line hands on. */
import { parseArgs } from 'node:util'
import { askSecret } from '../core/ask-secret.ts'
import { systemClock } from '../core/clock.ts'
import { LumosError, toLumosError } from '../core/errors.ts'
import { resolvePaths, type Environment, type NodePaths } from '../core/paths.ts'
import { systemRandom } from '../core/random.ts'
import { Secret } from '../core/secret.ts'
import { runConfigCommand } from './config/config-command.ts'
import { parseDaemonFlags, PASSPHRASE_FLAG } from './config/flags.ts'
import { loadConfig } from './config/load.ts'
import { runDaemon, type CreateNode } from './daemon/daemon.ts'
import { createProcessHost, type DaemonHost } from './daemon/host.ts'
import { createReadyReport } from './daemon/ready-report.ts'
import { runSwarmCommand } from './swarm-command.ts'
import { packageVersion } from './version.ts'

/** Profiles become names of folders and sockets. */
const PROFILE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/

/**
 * `argv`: the words after `lumos`. Resolves with the exit code of a run that has ended in order.
 *
 * @throws LumosError, for the caller to show and to exit with its code
 */
export async function main(
  argv: readonly string[],
  createNode: CreateNode = createRealNode
): Promise<number> {
  const { words, env, json } = takeGlobalFlags(argv, process.env)
  const host = { ...createProcessHost(), env }
  const [command = '', ...rest] = words
  if (command === 'daemon') return daemon(rest, { host, json, createNode })
  if (command === 'config') return config(rest, { host, json })
  if (command === 'keys') return keys(rest, { host, json })
  if (command === 'swarm') return swarm(rest, { host, json })
  throw usage(`the node's program knows daemon, config, keys and swarm, not "${command}"`)
}

interface Setting {
  readonly host: DaemonHost
  readonly json: boolean
}

async function daemon(
  argv: readonly string[],
  { host, json, createNode }: Setting & { readonly createNode: CreateNode }
): Promise<number> {
  const { env } = host
  const paths = resolvePaths(env)
  const report = createReadyReport(host, {
    json,
    fd: readyFdIn(argv),
    quiet: host.writesTo('stdout', paths.log)
  })
  try {
    checkProfile(paths)
    const workingDirectory = process.cwd()
    const flags = parseDaemonFlags(argv, workingDirectory)
    const loaded = await loadConfig({ env, paths, flags, workingDirectory })
    const parts = { clock: systemClock, random: systemRandom, host, createNode }
    const passphrase = argv.includes(`--${PASSPHRASE_FLAG}`)
      ? new Secret(await readAll(process.stdin))
      : undefined
    const version = packageVersion()
    return await runDaemon(parts, { paths, loaded, report, version, passphrase })
  } catch (error) {
    const failure = toLumosError(error)
    report.failed(failure)
    throw failure
  }
}

async function config(argv: readonly string[], { host, json }: Setting): Promise<number> {
  const { env } = host
  const paths = resolvePaths(env)
  checkProfile(paths)
  const result = await runConfigCommand(argv, { env, paths, workingDirectory: process.cwd() })
  host.stdout.write(json ? `${JSON.stringify(result.document)}\n` : result.text)
  return 0
}

async function swarm(argv: readonly string[], { host, json }: Setting): Promise<number> {
  const { env } = host
  const paths = resolvePaths(env)
  checkProfile(paths)
  const { config: loaded } = await loadConfig({ env, paths, workingDirectory: process.cwd() })
  const parts = { clock: systemClock, random: systemRandom }
  const result = await runSwarmCommand(parts, argv, {
    paths,
    current: loaded.swarm.name,
    key: loaded.key
  })
  host.stdout.write(json ? `${JSON.stringify(result.document)}\n` : result.text)
  return 0
}

async function keys(argv: readonly string[], { host, json }: Setting): Promise<number> {
  const { env } = host
  const paths = resolvePaths(env)
  checkProfile(paths)
  const loaded = await loadConfig({ env, paths, workingDirectory: process.cwd() })
  const { runKeysCommand } = await import('./keys/keys-command.ts')
  const result = await runKeysCommand(argv, {
    clock: systemClock,
    random: systemRandom,
    paths,
    passphraseFile: loaded.config.key.passphraseFile,
    swarm: loaded.config.swarm.name,
    ask: (question) => askSecret({ input: process.stdin, output: process.stderr }, question)
  })
  host.stdout.write(json ? `${JSON.stringify(result.document)}\n` : result.text)
  return 0
}

/** libp2p takes a second to load: a profile that is locked need not wait for it. */
const createRealNode: CreateNode = async (parts, init) => {
  const { createDaemonNode } = await import('./daemon/daemon-node.ts')
  return createDaemonNode(parts, init)
}

/** `-P`, `--home` and `--json` may stand anywhere; the rest is for the command. */
function takeGlobalFlags(
  argv: readonly string[],
  env: Environment
): { readonly words: readonly string[]; readonly env: Environment; readonly json: boolean } {
  const { tokens } = parseArgs({
    args: [...argv],
    options: {
      profile: { type: 'string', short: 'P' },
      home: { type: 'string' },
      json: { type: 'boolean' }
    },
    strict: false,
    tokens: true
  })
  const words = [...argv]
  const given: Record<string, string> = {}
  let json = false
  // Backwards, so that the places of the tokens before stay right.
  for (const token of tokens.toReversed()) {
    if (token.kind !== 'option') continue
    const { name, index, value, inlineValue } = token
    if (name !== 'profile' && name !== 'home' && name !== 'json') continue
    if (name !== 'json' && value === undefined) throw usage(`--${name} needs a value`)
    words.splice(index, value === undefined || inlineValue ? 1 : 2)
    if (name === 'json') json = true
    else given[`LUMOS_${name.toUpperCase()}`] ??= value ?? ''
  }
  return { words, env: { ...env, ...given }, json }
}

function checkProfile({ profile }: NodePaths): void {
  if (!PROFILE.test(profile)) throw usage(`"${profile}" cannot be the name of a profile`)
}

/** Found even among flags that are wrong: whoever waits there shall learn of that. */
function readyFdIn(argv: readonly string[]): number | undefined {
  const fd = Number(argv[argv.indexOf('--ready-fd') + 1])
  return argv.includes('--ready-fd') && Number.isSafeInteger(fd) && fd > 2 ? fd : undefined
}

/** What the command line hands over; nobody else can read it there, as arguments and variables could be. */
async function readAll(input: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(input)).toString()
}

function usage(reason: string): LumosError {
  return new LumosError('USAGE', { details: { reason } })
}
