/** What `lumos doctor` can find out without a daemon: runtime, folders, database, disk, port. */
import { constants } from 'node:fs'
import { access, readdir, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join, sep } from 'node:path'
import type { Check, CheckState } from '../client/doctor-api.ts'
import type { NodePaths } from '../core/paths.ts'
import { bytes } from './format.ts'

/** A database, logs and blobs of a small node; below the second the database cannot even compact. */
const LITTLE_DISK = 1e9
const NO_DISK = 1e8
/** Where a node listens when nothing else is configured (docs/configuration.md). */
const DEFAULT_PORT = 5866

export async function offlineChecks(paths: NodePaths): Promise<Check[]> {
  const folders = outermost([paths.config, paths.data, paths.state, paths.runtime])
  return [
    nodeCheck(),
    ...(await Promise.all(folders.map(folderCheck))),
    ...(await databaseChecks(paths.data)),
    await diskCheck(paths.data),
    await portCheck()
  ]
}

/** With LUMOS_HOME all lie in one folder, and one answer will do. */
function outermost(folders: readonly string[]): string[] {
  return folders.filter((folder, index) =>
    folders.every((other, at) => at === index || !folder.startsWith(join(other, sep)))
  )
}

function nodeCheck(): Check {
  const { node } = process.versions
  const fits = Number.parseInt(node, 10) >= 24
  return {
    area: 'Runtime',
    name: 'node',
    state: fits ? 'ok' : 'critical',
    text: `Node ${node}`,
    ...(!fits && { hint: 'install Node 24 or newer' })
  }
}

async function folderCheck(folder: string): Promise<Check> {
  const check = (state: CheckState, text: string, hint?: string): Check => ({
    area: 'Folders',
    name: folder,
    state,
    text: `${folder}: ${text}`,
    ...(hint !== undefined && { hint })
  })
  try {
    const { mode, uid } = await stat(folder)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    if (uid !== process.getuid?.()) {
      return check('warning', 'belongs to another user', `sudo chown -R $(id -u) ${folder}`)
    }
    if ((mode & 0o077) === 0) return check('ok', 'private and writable')
    const open = check('warning', 'other users may look into it', `chmod 700 ${folder}`)
    return { ...open, code: 'folder-open', fix: `private:${folder}` }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      return check('critical', `cannot be used (${codeOf(error)})`, 'check its owner and rights')
    }
  }
  const parent = await nearestFolder(folder)
  try {
    await access(parent, constants.W_OK | constants.X_OK)
    return check('ok', 'will be made when needed')
  } catch {
    return check(
      'critical',
      `cannot be made: ${parent} is not writable`,
      'choose another: LUMOS_HOME'
    )
  }
}

async function nearestFolder(path: string): Promise<string> {
  const parent = dirname(path)
  if (parent === path) return path
  return stat(parent).then(
    () => parent,
    () => nearestFolder(parent)
  )
}

/** As far as files tell: only the node opens its database. */
async function databaseChecks(folder: string): Promise<Check[]> {
  const names = await readdir(folder).catch((): string[] => [])
  if (!names.includes('database')) return []
  const check = { area: 'Database', name: 'files' }
  if (names.includes('database.damage.json')) {
    const text = 'reading has found damage; the next start repairs it'
    return [{ ...check, state: 'warning', text, hint: 'lumos up' }]
  }
  const path = join(folder, 'database')
  const files = await readdir(path).catch((): string[] => [])
  const sizes = files.map((name) =>
    stat(join(path, name)).then(
      ({ size }) => size,
      () => 0
    )
  )
  const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  return [{ ...check, state: 'ok', text: `${path}: ${bytes(total)}` }]
}

async function diskCheck(folder: string): Promise<Check> {
  const { bavail, bsize } = await statfs(await nearestFolder(folder))
  const free = bavail * bsize
  const state = free < NO_DISK ? 'critical' : free < LITTLE_DISK ? 'warning' : 'ok'
  return {
    area: 'Disk',
    name: 'free',
    state,
    text: `${bytes(free)} free`,
    ...(state === 'critical' && { code: 'disk-full' }),
    ...(state === 'warning' && { code: 'disk-low' }),
    ...(state !== 'ok' && { hint: `du -xh ${folder} | sort -h | tail   shows what takes the room` })
  }
}

function portCheck(): Promise<Check> {
  const check = { area: 'Network', name: 'port' }
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', (error) => {
      const text = `TCP port ${DEFAULT_PORT} is taken (${codeOf(error)}): a node takes another one`
      resolve({ ...check, state: 'ok', text })
    })
    server.listen(DEFAULT_PORT, '0.0.0.0', () => {
      server.close(() =>
        resolve({ ...check, state: 'ok', text: `TCP port ${DEFAULT_PORT} is free` })
      )
    })
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
