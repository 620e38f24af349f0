/** One process a profile: two would write to one database and speak with one key. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { NodePaths } from '../../core/paths.ts'
import { isRunning } from '../../core/process.ts'
import { readRunFile } from './run-file.ts'

/** Two processes that try at the same moment can refuse each other; waiting lets one through. */
const CONTENTION_MS = 250
/** The owner has the lock a moment before it has written down who it is. */
const OWNER_WAIT_MS = 1000
const OWNER_POLL_MS = 50

/** SQLite's result code for "somebody else holds it". */
const SQLITE_BUSY = 5

export interface ProfileLock {
  release(): void
}

/**
 * Takes the profile for this process. The kernel holds the lock (fcntl, through SQLite, since Node
 * has no call of its own) and frees it however the process ends: there is no stale lock to judge,
 * pids that come again do not matter, nor do containers that share the volume but not their pids.
 *
 * @throws PROFILE_LOCKED that names the owner, HOME_UNUSABLE
 */
export async function lockProfile(
  { clock }: { readonly clock: Clock },
  paths: Pick<NodePaths, 'profile' | 'state' | 'run'>
): Promise<ProfileLock> {
  const path = join(paths.state, 'lock')
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: CONTENTION_MS })
    database.exec('BEGIN EXCLUSIVE')
    return { release: () => database?.close() }
  } catch (cause) {
    database?.close()
    if (isBusy(cause)) throw await lockedBy(clock, paths, cause)
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LumosError('HOME_UNUSABLE', { cause, details: { path, reason } })
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}

async function lockedBy(
  clock: Clock,
  { profile, run }: Pick<NodePaths, 'profile' | 'run'>,
  cause: unknown
): Promise<LumosError> {
  const end = clock.monotonic() + OWNER_WAIT_MS
  for (;;) {
    const owner = readRunFile(run)
    const late = clock.monotonic() >= end
    // Before the owner has written, the file tells of the run before: ended, or killed.
    if (late || (owner !== undefined && owner.exit === undefined && isRunning(owner.pid))) {
      const details = { profile, pid: owner?.pid ?? 'unknown' }
      return new LumosError('PROFILE_LOCKED', { cause, details })
    }
    // oxlint-disable-next-line no-await-in-loop -- waiting for the owner to say who it is
    await clock.sleep(OWNER_POLL_MS)
  }
}
