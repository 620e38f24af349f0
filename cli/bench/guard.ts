/** Sees to it that temporary nodes do not outlive whoever started them, not even when that is killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Cli } from '../cli.ts'

export interface FolderGuard {
  /** Call when the nodes are gone and their folder is removed. */
  release(): Promise<void>
}

/** The hidden command of the process that watches. */
const GUARD_COMMAND = '__guard'

/** Another process, which hears by the end of a pipe that this one is gone. */
export function guardFolder({ host }: Cli, folder: string): FolderGuard {
  const child = spawn(process.execPath, [host.bin, GUARD_COMMAND, folder], {
    // Ctrl-C is for this process; the guard has to live on for a moment.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore']
  })
  const exited = once(child, 'exit').catch(() => undefined)
  // One that cannot run guards nothing; the nodes are still ended in order.
  child.stdin.on('error', () => undefined)
  return {
    async release() {
      child.stdin.end()
      await exited
    }
  }
}
