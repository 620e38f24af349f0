/** run.json: who runs, and how the last run ended; read by the commands when nobody answers. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { RunFile } from '../../client/api.ts'
import type { Clock } from '../../core/clock.ts'
import type { WireError } from '../../core/errors.ts'

export interface RunRecordInit extends Pick<RunFile, 'pid' | 'socket' | 'version'> {
  readonly path: string
}

export interface RunRecord {
  /** The run before, as it was left. */
  readonly previous: RunFile | undefined
  /** Writes down how this run ends; only the first call counts. Never throws. */
  ended(code: number, error?: WireError): void
}

/**
 * Writes down that this process runs. Everything is synchronous, for the last line is written when
 * the process is about to end, perhaps by a defect. Without fsync: after a loss of power nobody
 * runs, whatever the file says.
 */
export function beginRun(
  { clock }: { readonly clock: Clock },
  { path, ...init }: RunRecordInit
): RunRecord {
  const previous = readRunFile(path)
  const now = (): string => new Date(clock.now()).toISOString()
  const run: RunFile = { ...init, startedAt: now() }
  let over = false
  write(path, run)
  return {
    previous,
    ended(code, error) {
      if (over) return
      over = true
      try {
        write(path, { ...run, exit: { at: now(), code, ...(error && { error }) } })
      } catch {
        // The disk may be why the process ends; the log has the same story.
      }
    }
  }
}

/** `undefined` when there is none, or none that can be read. */
export function readRunFile(path: string): RunFile | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isRunFile(value) ? value : undefined
  } catch {
    return undefined
  }
}

function write(path: string, run: RunFile): void {
  const temporary = `${path}.tmp`
  writeFileSync(temporary, `${JSON.stringify(run, undefined, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, path)
}

function isRunFile(value: unknown): value is RunFile {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'startedAt' in value &&
    typeof value.startedAt === 'string'
  )
}
