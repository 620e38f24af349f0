/**
 * A2A between two processes: a Lumos session (encrypted, private swarm) against the official SDK over loopback HTTP.
 *
 * Run: `npm ci --prefix bench && node bench/a2a.ts`. Both sides do the same work: SendMessage with 256
 * bytes answered by a completed task with one artifact, and a stream of 100 pieces of 32 bytes.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createLumosCaller } from './a2a/lumos-client.ts'

interface Caller {
  send(text: string): Promise<unknown>
  stream(text: string): AsyncIterable<unknown>
}

const CALLS = { 1: 1000, 16: 5000, 128: 20_000 } as const
const STREAMS = 100
/** Both sides run as compiled code then, not as interpreted. */
const WARM_UP = 15_000
const TEXT = 'x'.repeat(256)
const children: ChildProcess[] = []

/** Starts a server and resolves with the first line it prints. */
async function startServer(script: string, args: readonly string[] = []): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'a2a', script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  children.push(child)
  for await (const line of createInterface({ input: child.stdout })) return line
  throw new Error(`${script} ended`)
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN
}

interface Figures {
  readonly perSecond: number
  readonly p50: number
  readonly p95: number
}

async function calls(caller: Caller, inFlight: number, count: number): Promise<Figures> {
  const times: number[] = []
  let left = count
  const begin = performance.now()
  async function worker(): Promise<void> {
    while (left > 0) {
      left -= 1
      const start = performance.now()
      await caller.send(TEXT)
      times.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const perSecond = (count / (performance.now() - begin)) * 1000
  times.sort((a, b) => a - b)
  return { perSecond, p50: at(times, 0.5), p95: at(times, 0.95) }
}

function median(values: readonly number[]): number {
  return at(
    values.toSorted((a, b) => a - b),
    0.5
  )
}

async function streams(caller: Caller): Promise<{ first: number; total: number }> {
  const [firsts, totals]: [number[], number[]] = [[], []]
  for (let index = 0; index < STREAMS; index += 1) {
    const start = performance.now()
    let first: number | undefined
    for await (const _ of caller.stream('chunks 100')) first ??= performance.now() - start
    firsts.push(first ?? 0)
    totals.push(performance.now() - start)
  }
  return { first: median(firsts), total: median(totals) }
}

const folder = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
const swarmKey = randomBytes(32).toString('hex')
try {
  const sdkUrl = await startServer('sdk-server.mjs')
  const address = await startServer('lumos-server.ts', [join(folder, 'server'), swarmKey])
  const light = await startServer('lumos-server.ts', [join(folder, 'light'), swarmKey, 'memory'])
  // A path in a variable: the SDK is installed for the benches only.
  const sdkClient = './a2a/sdk-client.mjs'
  const { createSdkCaller } = await import(sdkClient)
  const sdk: Caller = await createSdkCaller(sdkUrl)
  const lumos = await createLumosCaller(join(folder, 'client'), swarmKey, address)
  const memory = await createLumosCaller(join(folder, 'memory'), swarmKey, light)
  for (const caller of [sdk, memory, lumos]) await calls(caller, 64, WARM_UP)
  const whole: Caller = { ...lumos, send: (text) => lumos.delegate(text) }
  await calls(whole, 64, WARM_UP)

  console.log('| in flight | system | tasks/s | p50 ms | p95 ms | Lumos is |')
  console.log('|---|---|---|---|---|---|')
  for (const [key, count] of Object.entries(CALLS)) {
    const theirs = await calls(sdk, Number(key), count)
    const ours = await calls(memory, Number(key), count)
    const kept = await calls(lumos, Number(key), count)
    const both = await calls(whole, Number(key), count)
    for (const [name, { perSecond, p50, p95 }] of [
      ['Lumos session, tasks in memory', ours],
      ['Lumos session, journalled by the worker', kept],
      ['Lumos delegation, journalled at both ends', both],
      ['SDK over HTTP, in memory', theirs]
    ] as const) {
      const note = `${(perSecond / theirs.perSecond).toFixed(1)} ×`
      console.log(
        `| ${key} | ${name} | ${perSecond.toFixed(0)} | ${p50.toFixed(2)} | ${p95.toFixed(2)} | ${note} |`
      )
    }
  }
  const theirs = await streams(sdk)
  const ours = await streams(lumos)
  console.log('\n| 100 pieces | first event ms | total ms |\n|---|---|---|')
  console.log(`| Lumos session | ${ours.first.toFixed(2)} | ${ours.total.toFixed(2)} |`)
  console.log(`| SDK SSE | ${theirs.first.toFixed(2)} | ${theirs.total.toFixed(2)} |`)
  console.log(
    `| ratio | ${(ours.first / theirs.first).toFixed(2)} | ${(ours.total / theirs.total).toFixed(2)} |`
  )
  await Promise.all([lumos.stop(), memory.stop()])
} finally {
  for (const child of children) child.kill()
  rmSync(folder, { recursive: true, force: true })
}
