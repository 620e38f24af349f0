/** The process and its machine: version, memory, open files, event loop, database and disk. */
import { readFile, statfs } from 'node:fs/promises'
import { getHeapStatistics } from 'node:v8'
import type { Check } from '../../../client/doctor-api.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { LoopMonitor } from '../../metrics/loop-monitor.ts'
import { databaseChecks } from '../database-checks.ts'
import { checked } from './examination.ts'
import type { Examination } from './examination.ts'
import type { DoctorParts } from './parts.ts'

/** Above this, peers feel it. */
const SLOW_LOOP_MS = 200
/** Each connection is a descriptor, and so is each file of the database: twice the sessions at most. */
const FEW_FILES = 1024
/** What is left of the heap below which the collector runs all the time. */
const LITTLE_HEAP = 64 * 1024 * 1024
/** Below this a node cannot keep its state for long. */
const LOW_BYTES = 256 * 1024 * 1024
/** The log, a task and a repair of memory need that much to be written at all. */
const FULL_BYTES = 8 * 1024 * 1024

export function hostLooks(parts: DoctorParts, loop: LoopMonitor): Examination[] {
  const { assembly } = parts
  return [
    { area: 'Daemon', name: 'event loop', look: () => [loopCheck(loop)] },
    { area: 'Daemon', name: 'memory', look: () => [memoryCheck()] },
    { area: 'Daemon', name: 'open files', look: () => files() },
    { area: 'Disk', name: 'free', look: () => disk(assembly.init.paths) },
    {
      area: 'Database',
      name: 'writable',
      look: () => databaseChecks({ ...assembly.components, ...assembly })
    }
  ]
}

function loopCheck(loop: LoopMonitor): Check {
  const delay = loop.delayMs()
  const slow = delay > SLOW_LOOP_MS
  return checked('Daemon', 'event loop', {
    state: slow ? 'warning' : 'ok',
    code: slow ? 'slow-loop' : undefined,
    text: `pid ${process.pid}, event loop p99 delay ${delay.toFixed(0)} ms`,
    hint: 'lumos logs   shows which agent was busy; CPU-heavy ones belong into hosted projects: lumos host'
  })
}

function memoryCheck(): Check {
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics()
  const low = limit - used < LITTLE_HEAP
  const text = `${megabytes(process.memoryUsage.rss())} of memory, heap ${megabytes(used)} of ${megabytes(limit)}`
  return checked('Daemon', 'memory', {
    state: low ? 'critical' : 'ok',
    code: low ? 'memory-full' : undefined,
    text,
    hint: 'NODE_OPTIONS=--max-old-space-size=2048 lumos restart'
  })
}

async function files(): Promise<Check[]> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1]
  if (soft === undefined) return []
  const few = soft !== 'unlimited' && Number(soft) < FEW_FILES
  return [
    checked('Daemon', 'open files', {
      state: few ? 'warning' : 'ok',
      code: few ? 'few-files' : undefined,
      text: `up to ${soft} open files`,
      hint: `ulimit -n 65536; lumos restart   (${LIMITS.connections.value} connections need as many)`
    })
  ]
}

/** The disk of the data and that of the logs, which may be another. */
async function disk({ data, state }: { data: string; state: string }): Promise<Check[]> {
  const [ofData, ofLogs] = await Promise.all([freeOf(data), freeOf(state)])
  const checks = [diskCheck('data', data, ofData)]
  if (ofLogs?.id !== ofData?.id) checks.push(diskCheck('logs', state, ofLogs))
  return checks
}

interface Free {
  readonly bytes: number
  /** Equal for folders of one file system, as far as it can be told. */
  readonly id: string
}

async function freeOf(folder: string): Promise<Free | undefined> {
  try {
    const { bavail, bsize, blocks, files: nodes, type } = await statfs(folder)
    return { bytes: bavail * bsize, id: [type, blocks, bsize, nodes, bavail].join() }
  } catch {
    return undefined
  }
}

function diskCheck(what: string, folder: string, free: Free | undefined): Check {
  if (free === undefined) {
    return checked('Disk', what, { state: 'ok', text: `${what}: ${folder} is not there yet` })
  }
  if (free.bytes < FULL_BYTES) {
    return checked('Disk', what, {
      state: 'critical',
      code: 'disk-full',
      text: `the disk of the ${what} is full: ${megabytes(free.bytes)} left for ${folder}`,
      hint: `du -xh ${folder} | sort -h | tail   shows what takes the room; it goes on by itself when there is some`
    })
  }
  const low = free.bytes < LOW_BYTES
  return checked('Disk', what, {
    state: low ? 'warning' : 'ok',
    code: low ? 'disk-low' : undefined,
    hint: `du -xh ${folder} | sort -h | tail   shows what takes the room`,
    text: `${(free.bytes / 1e9).toFixed(1)} GB free for ${what}`
  })
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}
