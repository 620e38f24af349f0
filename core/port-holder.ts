/** Tells which process listens on a TCP port of this host, so that nobody has to look for it. */
import { readdir, readFile, readlink } from 'node:fs/promises'

export interface PortHolder {
  /** `undefined` where it belongs to another user. */
  readonly pid: number | undefined
  /** Name of its program; empty when it is not known. */
  readonly program: string
}

/** proc(5): LISTEN. */
const LISTEN = '0A'
/** A host with more processes is not searched: the answer is a help, not a need. */
const MOST_PROCESSES = 4096

/** `undefined` when nobody listens there, or this system does not tell. */
export async function portHolder(port: number): Promise<PortHolder | undefined> {
  const inodes = new Set(
    (
      await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => inodesIn(path, port)))
    ).flat()
  )
  if (inodes.size === 0) return undefined
  const pids = (await namesIn('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids.slice(0, MOST_PROCESSES)) {
    // oxlint-disable-next-line no-await-in-loop -- until it is found
    if (!(await holds(pid, inodes))) continue
    // oxlint-disable-next-line no-await-in-loop
    const program = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
    return { pid: Number(pid), program: program.trim() }
  }
  return { pid: undefined, program: '' }
}

async function inodesIn(path: string, port: number): Promise<string[]> {
  const table = await readFile(path, 'utf8').catch(() => '')
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/)
      const isIt = state === LISTEN && local.endsWith(`:${wanted}`)
      return isIt && inode !== undefined ? [inode] : []
    })
}

async function holds(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  const links = await Promise.all(
    (await namesIn(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => ''))
  )
  return links.some((link) => {
    const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1]
    return inode !== undefined && inodes.has(inode)
  })
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}
