/** Tells whether a process still runs, and whether it is the one that was meant: pids are used again. */
import { readFile } from 'node:fs/promises'
import { isRunning } from '../../core/process.ts'

export interface ProcessTable {
  isRunning(pid: number): boolean
  /** A text that differs between two processes with one pid; `undefined` where the system tells none. */
  startOf(pid: number): Promise<string | undefined>
}

/** proc(5): the 22nd field of `stat`, in clock ticks since boot; counted after the command's name. */
const START_FIELD = 19

export const systemProcesses: ProcessTable = {
  isRunning,
  async startOf(pid) {
    try {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
      // The name may hold blanks and brackets; the last bracket ends it.
      const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD]
      return start === undefined ? undefined : `${boot}:${start}`
    } catch {
      return undefined
    }
  }
}
