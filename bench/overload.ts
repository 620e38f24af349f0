/**
 * What a worker does with ten times what it can: how soon it refuses, what it completes, and when.
 *
 * Run: `node bench/overload.ts [seconds, default 10]`. Two processes; a worker with four places whose tasks take 100 ms, so 40 a second,
 * is asked 400 times a second, each with a deadline of one second.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { toLumosError } from '../core/errors.ts'
import { createLumosCaller } from './a2a/lumos-client.ts'

const [seconds = 10] = process.argv.slice(2).map(Number)
const PLACES = 4
const WORK_MS = 100
const CAPACITY = (PLACES * 1000) / WORK_MS
const RATE = 10 * CAPACITY
const DEADLINE_MS = 1000

async function firstLine(input: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input })) return line
  throw new Error('the worker ended')
}

function row(name: string, times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number): string =>
    (sorted[Math.floor(sorted.length * part)] ?? Number.NaN).toFixed(1)
  return `| ${name} | ${times.length} | ${at(0.5)} | ${at(0.95)} | ${at(0.99)} |`
}

const folder = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
const swarmKey = randomBytes(32).toString('hex')
const script = join(import.meta.dirname, 'a2a/lumos-server.ts')
const args = [script, join(folder, 'worker'), swarmKey, 'disk', String(PLACES)]
const worker = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
try {
  const caller = await createLumosCaller(
    join(folder, 'caller'),
    swarmKey,
    await firstLine(worker.stdout)
  )
  for (let warm = 0; warm < 100; warm += 1) await caller.send('warm')
  const ends = new Map<string, number[]>()
  const ask = async (): Promise<void> => {
    const began = performance.now()
    const word = await caller.send(`wait ${WORK_MS}`, { deadlineMs: DEADLINE_MS }).then(
      () => 'completed',
      (error: unknown) => toLumosError(error).code
    )
    ends.set(word, [...(ends.get(word) ?? []), performance.now() - began])
  }
  const began = performance.now()
  const asked: Promise<void>[] = []
  while (performance.now() - began < seconds * 1000) {
    const due = ((performance.now() - began) / 1000) * RATE
    while (asked.length < due) asked.push(ask())
    await pause(1)
  }
  await Promise.all(asked)
  const took = (performance.now() - began) / 1000
  const done = ends.get('completed')?.length ?? 0
  const load = loadavg()[0]?.toFixed(1)
  console.log(`${asked.length} asked in ${seconds} s, load ${load}`)
  console.log(`goodput: ${((100 * done) / (CAPACITY * took)).toFixed(0)} % of ${CAPACITY}/s\n`)
  console.log('| came back as | count | p50 ms | p95 ms | p99 ms |')
  console.log('|---|---|---|---|---|')
  for (const [word, times] of ends) console.log(row(word, times))
  await caller.stop()
} finally {
  worker.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
}
