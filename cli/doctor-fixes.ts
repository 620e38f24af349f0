/** What `lumos doctor --fix` mends itself, in the folders of this user; what the node mends it is asked for. */
import { chmod, lstat, readdir, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Check } from '../client/doctor-api.ts'
import type { NodePaths } from '../core/paths.ts'
import { isRunning } from '../core/process.ts'
import { readRunFile } from './run-file.ts'

/** A file that was being written when its process died; one that is being written now is younger. */
const LEFT_BEHIND_MS = 60 * 60_000
/** As storage/atomic-file.ts names what becomes a file when it is whole. */
const TEMPORARY = /\.[\da-f]{8}-[\da-f-]{27}\.tmp$/
/** Files that hold secrets. */
const SECRET = /^(.+\.keys?|secrets\.json|.+\.members\.json|api-tokens\.json|grants\.json)$/

/** What is found here, with the `fix` that mends it. */
export async function fixableChecks(paths: NodePaths, now: number): Promise<Check[]> {
  return [
    ...(await openSecrets(paths.data)),
    ...(await leftovers(paths, now)),
    ...(await staleSocket(paths))
  ]
}

/** Whether this program mends it, and not the node. */
export function isLocalFix(fix: string): boolean {
  return /^(private|leftovers|socket)(:|$)/.test(fix)
}

/** Says what it did. */
export async function applyLocalFix(paths: NodePaths, fix: string, now: number): Promise<string> {
  const [kind = '', ...rest] = fix.split(':')
  const path = rest.join(':')
  if (kind === 'private') {
    const { mode } = await lstat(path)
    // Only takes rights away from others; the user's own stay as they are.
    await chmod(path, mode & 0o700)
    return `${path} is for you alone now`
  }
  if (kind === 'leftovers') {
    const found = await leftBehind(paths, now)
    for (const each of found) await unlink(each)
    return `${found.length} files of writes that were never finished are gone`
  }
  if (kind === 'socket' && (await isStale(paths))) {
    await unlink(paths.socket)
    return `${paths.socket} is gone: nobody listened there`
  }
  return 'nothing was left to do'
}

async function openSecrets(folder: string): Promise<Check[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => SECRET.test(name))
  const found = await Promise.all(
    names.map(async (name): Promise<Check | undefined> => {
      const path = join(folder, name)
      const stats = await lstat(path).catch(() => undefined)
      if (stats?.isFile() !== true || (stats.mode & 0o077) === 0) return undefined
      return {
        area: 'Folders',
        name: path,
        state: 'critical',
        code: 'secret-open',
        text: `${path}: other users may read this secret`,
        hint: `chmod 600 ${path}`,
        fix: `private:${path}`
      }
    })
  )
  return found.filter((check) => check !== undefined)
}

async function leftovers(paths: NodePaths, now: number): Promise<Check[]> {
  const found = await leftBehind(paths, now)
  if (found.length === 0) return []
  const text = `${found.length} files of writes that were never finished are left`
  return [{ area: 'Folders', name: 'leftovers', state: 'ok', text, fix: 'leftovers' }]
}

async function leftBehind({ data, state, config }: NodePaths, now: number): Promise<string[]> {
  const folders = [...new Set([data, state, config])]
  const lists = await Promise.all(
    folders.map(async (folder) => {
      const names = (await readdir(folder).catch(() => [])).filter((name) => TEMPORARY.test(name))
      const paths = names.map((name) => join(folder, name))
      const old = await Promise.all(
        paths.map(async (path) => {
          const stats = await lstat(path).catch(() => undefined)
          return stats?.isFile() === true && now - stats.mtimeMs > LEFT_BEHIND_MS
        })
      )
      return paths.filter((_, index) => old[index])
    })
  )
  return lists.flat()
}

async function staleSocket(paths: NodePaths): Promise<Check[]> {
  if (!(await isStale(paths))) return []
  const text = `${paths.socket}: nobody listens at the control socket, and the node that made it is gone`
  return [{ area: 'Daemon', name: 'socket', state: 'ok', text, fix: 'socket' }]
}

/** Only when the process that is written down is gone and nobody answers: a busy node may be slow. */
async function isStale({ socket, run }: NodePaths): Promise<boolean> {
  const stats = await lstat(socket).catch(() => undefined)
  if (stats?.isSocket() !== true) return false
  const file = await readRunFile(run)
  if (file === undefined || isRunning(file.pid)) return false
  return new Promise((done) => {
    const probe = connect(socket)
    probe.once('connect', () => {
      probe.destroy()
      done(false)
    })
    probe.once('error', (error) => done('code' in error && error.code === 'ECONNREFUSED'))
  })
}
