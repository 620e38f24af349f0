/** Keeps two nodes that start at the same moment from choosing the same free port. */
import { readFile, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../core/clock.ts'
import { isRunning } from '../../core/process.ts'
import { isErrno } from '../../storage/atomic-file.ts'
import { ensurePrivateDirectory } from '../../storage/private-directory.ts'

export interface PortClaimsInit {
  /** Of the OS user: all its nodes on this host look here. */
  readonly directory: string
  /** Names the node; its own claims never stand in its way. */
  readonly owner: string
}

export interface PortClaims {
  /** False when another node has just chosen this port. */
  claim(port: number): Promise<boolean>
}

/** From the look whether a port is free until the node listens on it; afterwards the look itself tells. */
const CLAIM_MS = 30_000

export function createPortClaims(clock: Clock, { directory, owner }: PortClaimsInit): PortClaims {
  const content = `${process.pid} ${owner}`

  async function write(path: string): Promise<boolean> {
    try {
      await writeFile(path, content, { flag: 'wx', mode: 0o600 })
      return true
    } catch (error) {
      if (isErrno(error, 'EEXIST')) return false
      throw error
    }
  }

  async function isOthers(path: string): Promise<boolean> {
    try {
      const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
      const alive = isRunning(Number.parseInt(text, 10))
      return text !== content && alive && clock.now() - mtimeMs < CLAIM_MS
    } catch {
      // Taken away this moment.
      return false
    }
  }

  return {
    async claim(port) {
      const path = join(directory, `port-${port}`)
      try {
        await ensurePrivateDirectory(directory)
        if (await write(path)) return true
        if (await isOthers(path)) return false
        await unlink(path)
        return await write(path)
      } catch {
        // Only a convenience: without it, the second node is told that its port is in use.
        return true
      }
    }
  }
}
