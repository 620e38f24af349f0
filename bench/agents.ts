/**
 * What an LLM agent of Lumos costs beside the model: against a bare loop on the openai package over the
 * same transport, and against `agent.generate` of @mastra/core; one zero-delay model server for all.
 *
 *     npm ci --prefix bench && node bench/agents.ts
 *
 * Each case is a process of its own, the systems take turns, and each case's best round counts: what
 * else the machine does hits all alike. Thread reads and appends alone: bench/memory-threads.ts.
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { THRIFTY_GLIBC } from '../cli/thrifty-glibc.ts'
import type { Task } from './agents/task.ts'

const ROUNDS = 3
const CALLS: Readonly<Record<string, number>> = { bare: 2000, lumos: 2000, mastra: 500 }
const IN_FLIGHT = 16
const SESSIONS = 1000

interface Measured {
  readonly cpuMs: number
  readonly perSecond: number
  readonly wallMs: number
  readonly p50: number
  readonly p95: number
  readonly stallMs: number
  readonly rssMb: number
  readonly heapMb: number
  readonly heapBeforeMb: number
  readonly rssBeforeMb?: number
  readonly rssRestMb?: number
}

const here = (...path: string[]): string => join(import.meta.dirname, ...path)
const run = promisify(execFile)

async function startServer(): Promise<{ url: string; stop: () => void }> {
  const server = spawn(process.execPath, [here('../test/support/model-server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  for await (const url of createInterface({ input: server.stdout })) {
    return { url, stop: () => server.kill() }
  }
  throw new Error('the model server did not start')
}

/** As the daemon sets them for itself. */
const DAEMON_FLAGS = ['--expose-gc', '--no-parallel-scavenge']
const DAEMON_ENV = {
  ...process.env,
  ...THRIFTY_GLIBC
}

async function child(script: string, ...args: string[]): Promise<Measured> {
  const command = [...DAEMON_FLAGS, here('agents', script), ...args]
  const { stdout } = await run(process.execPath, command, { env: DAEMON_ENV })
  const measured: Measured = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  return measured
}

function best(rounds: readonly Measured[]): Measured {
  const [first, ...rest] = rounds
  if (first === undefined) throw new Error('there was no round')
  return rest.reduce((one, other) => (other.cpuMs < one.cpuMs ? other : one), first)
}

function figures(value: number, digits = 2): string {
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits
  })
}

async function compare(url: string): Promise<void> {
  const systems = [
    'bare',
    'lumos',
    ...(existsSync(here('node_modules/@mastra/core')) ? ['mastra'] : [])
  ]
  console.log(
    '| task | system | CPU ms a call | calls/s per core | p50 ms | p95 ms | RSS MB | heap MB before, after | to bare |'
  )
  console.log('|---|---|---|---|---|---|---|---|---|')
  for (const task of ['plain', 'tool', 'thread'] as const) {
    const rounds = new Map<string, Measured[]>(systems.map((system) => [system, []]))
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [system, measured] of rounds) {
        // @mastra/core alone has no memory that outlives a process.
        if (system === 'mastra' && task === 'thread') continue
        measured.push(await measure(system, task, { url }))
      }
    }
    const floor = best(rounds.get('bare') ?? []).cpuMs
    for (const [system, measured] of rounds) {
      if (measured.length === 0) continue
      const { cpuMs, p50, p95, rssMb, heapBeforeMb, heapMb } = best(measured)
      const cells = [figures(cpuMs), figures(1000 / cpuMs, 0), figures(p50, 1), figures(p95, 1)]
      const heap = `${figures(heapBeforeMb, 1)}, ${figures(heapMb, 1)}`
      console.log(
        `| ${task} | ${system} | ${cells.join(' | ')} | ${figures(rssMb, 0)} | ${heap} | ${figures(cpuMs / floor)} × |`
      )
    }
  }
}

function measure(
  system: string,
  task: Task,
  { url, calls = CALLS[system] ?? 0 }: { readonly url: string; readonly calls?: number }
): Promise<Measured> {
  return child('case.ts', system, task, url, String(calls), String(IN_FLIGHT))
}

async function tokens(url: string): Promise<void> {
  console.log(
    '\n| system | 200 tokens: µs a token | 2,000 tokens: µs a token | ratio |\n|---|---|---|---|'
  )
  for (const system of ['bare', 'lumos']) {
    const short: Measured[] = []
    const long: Measured[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      short.push(await measure(system, 'short', { url, calls: 500 }))
      long.push(await measure(system, 'long', { url, calls: 50 }))
    }
    const [few, many] = [(best(short).cpuMs / 200) * 1000, (best(long).cpuMs / 2000) * 1000]
    console.log(`| ${system} | ${figures(few, 1)} | ${figures(many, 1)} | ${figures(many / few)} |`)
  }
}

async function sessions(url: string): Promise<void> {
  console.log(
    `\n| ${SESSIONS} sessions, model of 1 s | wall s | longest stall ms | RSS MB |\n|---|---|---|---|`
  )
  for (const system of ['bare', 'lumos']) {
    const count = String(SESSIONS)
    const { wallMs, stallMs, rssMb } = await child('case.ts', system, 'sessions', url, count, count)
    console.log(
      `| ${system} | ${figures(wallMs / 1000)} | ${figures(stallMs, 0)} | ${figures(rssMb, 0)} |`
    )
  }
}

async function wholeNode(url: string): Promise<void> {
  const { perSecond, p95, ...node } = await child('whole-node.ts', url)
  console.log('\n| `lumos up`, 5,000 chats | chats/s | p95 ms | RSS MB before, after, at rest |')
  console.log('|---|---|---|---|')
  const rss = [node.rssBeforeMb, node.rssMb, node.rssRestMb].map((mb) => figures(mb ?? 0, 0))
  console.log(
    `| journalled, with threads | ${figures(perSecond, 0)} | ${figures(p95, 1)} | ${rss.join(', ')} |`
  )
}

/** A model without delay keeps both cores busy; one that thinks for a moment shows what the way takes. */
const PAUSES_MS = ['', '100']

async function firstChunk(url: string): Promise<void> {
  console.log('\n| first chunk, 16 in flight | model | p50 ms | p95 ms | CPU ms a call |')
  console.log('|---|---|---|---|---|')
  for (const pause of PAUSES_MS) {
    for (const how of ['direct', 'peer']) {
      const { p50, p95, cpuMs } = await child('first-chunk.ts', how, url, pause)
      const cells = [figures(p50, 1), figures(p95, 1), figures(cpuMs)]
      console.log(`| ${how} | ${pause || 'no'} ms | ${cells.join(' | ')} |`)
    }
  }
}

const server = await startServer()
try {
  const load = loadavg().map((each) => each.toFixed(1))
  console.log(
    `${cpus().length} cores of ${cpus()[0]?.model}, Node ${process.version}, load ${load.join(' ')}\n`
  )
  await compare(server.url)
  const tools = await measure('tools', 'plain', { url: server.url, calls: 20_000 })
  console.log(
    `\n${figures(tools.perSecond, 0)} local tool calls/s, ${figures(tools.cpuMs * 1000, 0)} µs of CPU each`
  )
  await tokens(server.url)
  await sessions(server.url)
  await wholeNode(server.url)
  await firstChunk(server.url)
} finally {
  server.stop()
}
