/** Tells whether a process of this machine still runs. */
import { readFileSync } from 'node:fs'

/**
 * False for a zombie, too: it has ended and only waits for a parent that may be slow to notice, as
 * the first process of a container often is.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  return !isZombie(pid)
}

/** proc(5): the state follows the command's name, which ends with the last bracket. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.charAt(stat.lastIndexOf(')') + 2) === 'Z'
  } catch {
    // No such file system (macOS), or the process went this moment.
    return false
  }
}
