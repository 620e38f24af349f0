/** The socket file of the control API: never open to others, never taken from a live owner. */
import { mkdtemp, chmod, lstat, rename, rm, unlink } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { LumosError } from '../../core/errors.ts'

export interface BoundSocket {
  /** Removes the socket file, unless somebody else has put another in its place. */
  release(): Promise<void>
}

/**
 * Makes `server` listen at `path`, readable and writable by this OS user alone. The socket is bound
 * in a private folder beside `path` and moved there with its mode set: there is no moment at which
 * others could connect, and none at which `path` is missing. (umask would do the first, but it
 * belongs to the whole process, and worker threads may not set it.)
 *
 * @throws LISTEN_FAILED when somebody answers there, or the path cannot be used
 */
export async function listenPrivately(server: Server, path: string): Promise<BoundSocket> {
  await refuseOwned(path)
  try {
    const folder = await mkdtemp(join(dirname(path), '.s-'))
    try {
      const bound = join(folder, basename(path).slice(0, 1))
      await listen(server, bound)
      await chmod(bound, 0o600)
      await rename(bound, path)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    const { ino, dev } = await lstat(path)
    return {
      async release() {
        const now = await lstat(path).catch(() => undefined)
        if (now?.ino === ino && now.dev === dev) await unlink(path).catch(() => undefined)
      }
    }
  } catch (cause) {
    server.close()
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new LumosError('LISTEN_FAILED', { cause, details: { address: path, reason } })
  }
}

/** What a dead process left may be replaced; a living one's socket, or any other file, may not. */
async function refuseOwned(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined)
  if (stats === undefined) return
  const refuse = (reason: string): LumosError =>
    new LumosError('LISTEN_FAILED', { details: { address: path, reason } })
  if (!stats.isSocket()) throw refuse('there is another kind of file')
  if (await answers(path)) throw refuse('another process answers there')
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    // A full backlog (EAGAIN) means a busy owner; only a refusal proves that there is none.
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT')
    )
  })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
