/** Looks at the node's database for `lumos doctor`: whether it takes writes, what became of it, what repairs left. */
import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Check } from '../../client/doctor-api.ts'
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import type { LumosError } from '../../core/errors.ts'
import type { NodeDatabase } from '../database.ts'
import { checked } from './doctor/examination.ts'

/** An fsync of an idle disk takes milliseconds; a disk that takes this long has stopped. */
const WRITE_DEADLINE_MS = 3000
/** Not there: a deletion goes to the disk as any write does, and leaves nothing behind. */
const NO_KEY = 'doctor'

interface DatabaseCheckComponents {
  readonly clock: Clock
  readonly database: NodeDatabase
}

export async function databaseChecks(components: DatabaseCheckComponents): Promise<Check[]> {
  const { path, findings } = components.database
  if (path === undefined) {
    return [check('place', 'ok', 'tasks are kept in memory and end with the node (tasks.keep)')]
  }
  return [
    await writeCheck(components, path),
    ...findings.map((text) =>
      check(
        'start',
        'warning',
        `at the last start: ${text}`,
        'lumos logs --component storage',
        'database-repaired'
      )
    ),
    ...(await copyChecks(path))
  ]
}

type Finding = readonly [state: Check['state'], text: string, hint?: string, code?: string]

function check(name: string, ...[state, text, hint, code]: Finding): Check {
  return checked('Database', name, { state, text, hint, code })
}

/** As the doctor calls what is the matter. */
const CAUSES: Readonly<Record<string, string>> = {
  STORE_FULL: 'disk-full',
  STORE_CORRUPT: 'database-damaged'
}

async function writeCheck(
  { clock, database }: DatabaseCheckComponents,
  path: string
): Promise<Check> {
  const before = clock.monotonic()
  const error = await write({ clock, database })
  if (error === 'late') {
    const text = `a write takes longer than ${WRITE_DEADLINE_MS / 1000} s`
    return check('writable', 'critical', text, 'dmesg   tells what the disk does', 'disk-slow')
  }
  if (error !== undefined) {
    const { state } = database
    const since =
      state?.name === 'read-only' ? `, read-only since ${new Date(state.since).toISOString()}` : ''
    const cause = CAUSES[error.code] ?? 'database'
    return check('writable', 'critical', `${error.message}${since}`, error.hint, cause)
  }
  const took = (clock.monotonic() - before).toFixed(0)
  const size = megabytes(await sizeOf(path))
  return check('writable', 'ok', `${path}: ${size}, a write takes ${took} ms`)
}

async function write({
  clock,
  database
}: DatabaseCheckComponents): Promise<LumosError | 'late' | undefined> {
  const done = new AbortController()
  const late = clock
    .sleep(WRITE_DEADLINE_MS, done.signal)
    .then((passed): 'late' | undefined => (passed ? 'late' : undefined))
  try {
    const written = database.store.commit([{ type: 'del', key: NO_KEY }], { sync: true })
    return await Promise.race([written.then(() => undefined), late])
  } catch (error) {
    return toLumosError(error)
  } finally {
    done.abort()
  }
}

/** What repairs keep, so that nothing is lost twice; nobody else removes it. */
async function copyChecks(path: string): Promise<Check[]> {
  const folder = dirname(path)
  const names = (await readdir(folder)).filter((name) => name.includes('.damaged-')).toSorted()
  return Promise.all(
    names.map(async (name) => {
      const copy = join(folder, name)
      const text = `a copy from before a repair takes ${megabytes(await sizeOf(copy))}: ${copy}`
      return check(name, 'warning', text, `rm -r ${copy}   when nothing is missed`, 'database-copy')
    })
  )
}

/** Bytes of a file, or of all files in a folder; what goes meanwhile does not count. */
async function sizeOf(path: string): Promise<number> {
  const names = await readdir(path, { recursive: true }).catch(() => [''])
  const sizes = names.map((name) =>
    stat(join(path, name)).then(
      (stats) => (stats.isFile() ? stats.size : 0),
      () => 0
    )
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
