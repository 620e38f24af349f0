/** Reads what the daemon left in `run.json`, so that "not running" can say since when and why. */
import { readFile } from 'node:fs/promises'
import type { RunFile } from '../client/api.ts'
import { LumosError } from '../core/errors.ts'
import type { Cli } from './cli.ts'
import { age } from './format.ts'

/** Undefined when there is none, or none that can be read: it is a help, not a need. */
export async function readRunFile(path: string): Promise<RunFile | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isRunFile(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRunFile(value: unknown): value is RunFile {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    Number.isSafeInteger(value.pid) &&
    'startedAt' in value &&
    typeof value.startedAt === 'string'
  )
}

/** Tells a `DAEMON_DOWN` how the last run ended. */
export async function withLastExit(error: LumosError, cli: Cli): Promise<LumosError> {
  if (error.code !== 'DAEMON_DOWN') return error
  const file = await readRunFile(cli.paths().run)
  if (file === undefined) return error
  const details = { ...error.details, lastExit: lastExit(file, cli.clock.now()) }
  return new LumosError('DAEMON_DOWN', { cause: error.cause ?? error, details })
}

function lastExit({ exit, startedAt, pid }: RunFile, now: number): string {
  if (exit === undefined) {
    return `unknown: pid ${pid}, started ${ago(startedAt, now)}, was killed or crashed`
  }
  const reason = exit.error === undefined ? `code ${exit.code}` : exit.error.code
  return `${ago(exit.at, now)} (${exit.code === 0 ? 'stopped by request' : reason})`
}

function ago(iso: string, now: number): string {
  const since = age(iso, now)
  return since === 'now' ? 'just now' : `${since} ago`
}
