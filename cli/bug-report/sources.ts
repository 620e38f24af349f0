/** What goes into a bug report: of a node that runs from itself, of one that is down from what it left. */
import { execFile } from 'node:child_process'
import { open } from 'node:fs/promises'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { promisify } from 'node:util'
import type { LogLine } from '../../client/api.ts'
import type { CallOptions, Client } from '../../client/calls.ts'
import { toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Cli } from '../cli.ts'
import { readLogLines } from '../log-file.ts'
import { offlineChecks } from '../offline-checks.ts'
import { readRunFile } from '../run-file.ts'
import { packageVersion } from '../commands/version.ts'
import { withoutContent } from './redaction.ts'

export interface Source {
  readonly file: string
  readonly about: string
  /** One document, or lines for a file that ends in `.ndjson`. Failures are written in its place. */
  readonly read: () => Promise<unknown>
}

/** One part that hangs must not keep the others. */
const PART_TIMEOUT_MS = 10_000
const LOG_BYTES = 1024 * 1024
const AUDIT_LINES = 500
const TASKS = 200

export function sourcesOf(cli: Cli, isUp: boolean): Source[] {
  const client = cli.client()
  const options = { timeoutMs: PART_TIMEOUT_MS, signal: cli.signal }
  return [
    { file: 'versions.json', about: 'Lumos, Node, the machine', read: () => versions(cli) },
    { file: 'limits.json', about: 'what bounds a node', read: async () => LIMITS },
    { file: 'last-run.json', about: 'how the last run ended', read: () => lastRun(cli) },
    {
      file: 'config.json',
      about: 'settings and where they come from',
      read: () => config(cli, isUp)
    },
    { file: 'log.ndjson', about: 'the end of the log', read: () => logEnd(cli) },
    ...(isUp ? ofRunning(client, options) : ofStopped(cli))
  ]
}

function ofStopped(cli: Cli): Source[] {
  return [{ file: 'doctor.json', about: 'what is wrong', read: () => offlineChecks(cli.paths()) }]
}

function ofRunning(client: Client, options: CallOptions): Source[] {
  return [
    { file: 'status.json', about: 'how the node is', read: () => client.status(options) },
    {
      file: 'doctor.json',
      about: 'what is wrong',
      read: async () => (await client.doctor(options)).checks
    },
    {
      file: 'vitals.json',
      about: 'figures of the last minutes',
      read: () => client.vitals({}, options)
    },
    { file: 'peers.json', about: 'peers and their addresses', read: () => client.peers(options) },
    { file: 'agents.json', about: 'agents by name', read: () => agents(client, options) },
    {
      file: 'tasks.json',
      about: 'tasks without what they are about',
      read: () => tasks(client, options)
    },
    {
      file: 'memory.json',
      about: 'spaces without what is in them',
      read: () => client.memory.status(options)
    },
    {
      file: 'log-levels.json',
      about: 'what is logged',
      read: () => client.logLevels.show(options)
    },
    {
      file: 'audit.ndjson',
      about: 'who did what, without names',
      read: () => audit(client, options)
    }
  ]
}

async function versions(cli: Cli): Promise<unknown> {
  return {
    lumos: await packageVersion(cli.host),
    runtime: process.versions,
    machine: {
      platform: platform(),
      release: release(),
      arch: arch(),
      cores: cpus().length,
      memoryBytes: totalmem()
    }
  }
}

async function lastRun(cli: Cli): Promise<unknown> {
  return (await readRunFile(cli.paths().run)) ?? { known: false }
}

/** `key` would be taken for a key that opens something. */
async function config(cli: Cli, isUp: boolean): Promise<unknown> {
  const { values } = isUp
    ? await cli.client().config({ signal: cli.signal })
    : await configOfFile(cli)
  return Object.fromEntries(values.map(({ key, value, origin }) => [key, { is: value, origin }]))
}

/** Of a node that is down only its own program knows the configuration, which no command may load. */
async function configOfFile(cli: Cli): Promise<Awaited<ReturnType<Client['config']>>> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cli.host.bin, 'config', 'get', '--origin', '--json'],
    { env: cli.env(), timeout: PART_TIMEOUT_MS, signal: cli.signal }
  )
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by this very program
  return JSON.parse(stdout) as Awaited<ReturnType<Client['config']>>
}

/** From the file: it goes further back than what the node has in memory, and is there without it. */
async function logEnd(cli: Cli): Promise<LogLine[]> {
  const text = await endOf(cli.paths().log, LOG_BYTES)
  return readLogLines(text, {}).map((line) => withoutContent(line))
}

async function endOf(path: string, most: number): Promise<string> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const start = Math.max(0, size - most)
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(Math.min(size, most)),
      position: start
    })
    const text = buffer.toString('utf8', 0, bytesRead)
    // The first line of a part is a part of a line.
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1)
  } finally {
    await file.close()
  }
}

async function agents(client: Client, options: CallOptions): Promise<unknown> {
  const list = await client.agents(options)
  return list.agents.map(({ id, version, node, local, skills }) => {
    return { id, version, node, local, skills: skills.map((skill) => skill.id) }
  })
}

/** Neither what was asked nor what came of it; of errors the code, since the rest may quote. */
async function tasks(client: Client, options: CallOptions): Promise<unknown> {
  const list = await client.tasks({ limit: TASKS }, options)
  return list.tasks.map((task) => {
    const { id, parent, state, agent, outgoing, caller, worker, createdAt, updatedAt, tookMs } =
      task
    const known = {
      id,
      parent,
      state,
      agent,
      outgoing,
      caller,
      worker,
      createdAt,
      updatedAt,
      tookMs
    }
    return { ...known, error: task.error?.code }
  })
}

/** Programs are called what their owner called them: here they are counted. */
async function audit(client: Client, options: CallOptions): Promise<unknown[]> {
  const callers = new Map<string, string>()
  const lines: unknown[] = []
  for await (const line of client.audit.lines({ limit: AUDIT_LINES }, options)) {
    const { number, at, who, did, grant, allowed, reason, times, lost } = line
    const isNode = who === 'local' || /^(12D3Koo|Qm|16Uiu2)/.test(who)
    if (!isNode && !callers.has(who)) callers.set(who, `program ${callers.size + 1}`)
    const shown = isNode ? who : callers.get(who)
    lines.push({ number, at, who: shown, did, grant, allowed, reason, times, lost })
  }
  return lines
}

/** What a part says, or why it says nothing. */
export async function readSource({ read }: Source): Promise<unknown> {
  try {
    return await read()
  } catch (error) {
    const { code, message } = toLumosError(error)
    return { missing: true, code, message }
  }
}
