/** What the kernel says of a process: its memory by what it is for, its CPU time, how often it was woken. */
import { readFileSync } from 'node:fs'

export interface Mappings {
  readonly rss: number
  readonly pss: number
  /** Program text and tables of Node and of libraries, which all processes that run them share. */
  readonly file: number
  /** What glibc's main heap takes, in use or free. */
  readonly heap: number
  /** All else that is the process's own: V8's heap, glibc's other heaps, stacks. */
  readonly anonymous: number
}

/** In bytes. */
export function mappingsOf(pid: number): Mappings {
  const sum = { rss: 0, pss: 0, file: 0, heap: 0, anonymous: 0 }
  let inHeap = false
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    if (/^[\da-f]+-[\da-f]+ /.test(line)) inHeap = line.endsWith('[heap]')
    const [, name, text] = /^(Rss|Pss|Anonymous): +(\d+) kB$/.exec(line) ?? []
    const bytes = Number(text) * 1024
    if (name === 'Rss') {
      sum.rss += bytes
      sum.file += bytes
    } else if (name === 'Pss') sum.pss += bytes
    else if (name === 'Anonymous') {
      sum.file -= bytes
      sum[inHeap ? 'heap' : 'anonymous'] += bytes
    }
  }
  return sum
}

export interface Work {
  /** User and system time, in ms (fields 14 and 15 of /proc/PID/stat, 100 Hz). */
  readonly cpuMs: number
  /** How often its main thread went to sleep by itself, and so was woken. */
  readonly wakes: number
}

export function workOf(pid: number): Work {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * 10,
    wakes: Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1])
  }
}
