/**
 * What a person waits for, and what an idle node costs: start to READY, `lumos status`, the demo, memory and CPU at rest.
 *
 * Run: `node bench/startup.ts [idle seconds, default 60]`. Baseline in the same run: an empty Node process.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const IDLE_S = Number(process.argv[2] ?? 60)
const LUMOS = join(import.meta.dirname, '../bin/lumos.cjs')
const ROUNDS = 7

const home = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
const env = { ...process.env, LUMOS_HOME: home, LUMOS_RUNTIME_DIR: join(home, 'run') }
const UP = ['up', '--json', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-same-host']

function lumos(...args: string[]): string {
  return execFileSync(process.execPath, [LUMOS, ...args], { env, encoding: 'utf8', stdio: 'pipe' })
}

/** Wall times in ms of `rounds` runs, sorted. */
function timed(rounds: number, action: () => void): number[] {
  return Array.from({ length: rounds }, () => {
    const start = performance.now()
    action()
    return performance.now() - start
  }).toSorted((a, b) => a - b)
}

function median(sorted: readonly number[]): string {
  return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(0)
}

function row(what: string, sorted: readonly number[]): void {
  console.log(`| ${what} | ${median(sorted)} ms | ${(sorted[0] ?? 0).toFixed(0)} ms |`)
}

/** User and system time of a process so far, in ms (fields 14 and 15 of /proc/PID/stat, 100 Hz). */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function rssMb(pid: number): string {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
  return ((pages * 4096) / 1e6).toFixed(0)
}

try {
  console.log('| what | median | best |\n|---|---|---|')
  row(
    'baseline: `node -e 0`',
    timed(ROUNDS, () => execFileSync(process.execPath, ['-e', '0']))
  )
  row(
    '`lumos version`',
    timed(ROUNDS, () => lumos('version'))
  )
  const starts = timed(ROUNDS, () => {
    lumos(...UP)
    lumos('down')
  })
  row('`lumos up` and `lumos down`', starts)
  row(
    '`lumos up` to READY',
    Array.from({ length: ROUNDS }, () => {
      const [time = 0] = timed(1, () => lumos(...UP))
      lumos('down')
      return time
    }).toSorted((a, b) => a - b)
  )
  row(
    '`lumos demo`, end to end',
    timed(3, () => lumos('demo'))
  )
  const { pid }: { pid: number } = JSON.parse(lumos(...UP))
  row(
    '`lumos status`',
    timed(ROUNDS, () => lumos('status'))
  )
  const before = cpuMs(pid)
  await delay(IDLE_S * 1000)
  const busy = ((cpuMs(pid) - before) / (IDLE_S * 1000)) * 100
  console.log(`\nidle for ${IDLE_S} s: RSS ${rssMb(pid)} MB, CPU ${busy.toFixed(2)} %`)
  lumos('down')
} finally {
  rmSync(home, { recursive: true, force: true })
}
