/**
 * What a call of a model costs by each way the openai package can take to its server.
 *
 * Run: `node bench/model-transport.ts`. A server without delay in one process, the caller in another, fresh for
 * each figure; 20 tokens streamed; rounds interleaved, of each figure the round with the least CPU.
 */
import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { TRANSPORTS } from './models/transports.ts'

interface Figures {
  readonly perSecond: number
  readonly p50: number
  readonly p95: number
  readonly cpuMs: number
  readonly rssMb: number
}

const CALLS = 5000
const ROUNDS = 3
const IN_FLIGHT = [1, 16]

async function firstLine(input: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input })) return line
  throw new Error('the server ended')
}

async function measure(name: string, url: string, more: readonly number[]): Promise<Figures> {
  const script = join(import.meta.dirname, 'models/caller.ts')
  const argv = [script, name, url, ...more.map(String)]
  const { stdout } = await promisify(execFile)(process.execPath, argv)
  const figures: Figures = JSON.parse(stdout)
  return figures
}

const server = spawn(
  process.execPath,
  [join(import.meta.dirname, '../test/support/model-server.ts')],
  { stdio: ['ignore', 'pipe', 'inherit'] }
)
try {
  const url = await firstLine(server.stdout)
  const names = Object.keys(TRANSPORTS)
  console.log(
    '| in flight | openai package over | calls/s | p50 ms | p95 ms | CPU ms a call | RSS MB after 5,000 | CPU against Lumos |'
  )
  console.log('|---|---|---|---|---|---|---|---|')
  for (const inFlight of IN_FLIGHT) {
    const best = new Map<string, Figures>()
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of names) {
        const figures = await measure(name, url, [inFlight, CALLS, 20])
        if (figures.cpuMs < (best.get(name)?.cpuMs ?? Infinity)) best.set(name, figures)
      }
    }
    const ours = best.get(names.at(-1) ?? '')?.cpuMs ?? Number.NaN
    for (const [name, { perSecond, p50, p95, cpuMs, rssMb }] of best) {
      const cells = [p50, p95].map((value) => value.toFixed(2)).join(' | ')
      const speed = Math.round(perSecond).toLocaleString('en')
      console.log(
        `| ${inFlight} | ${name} | ${speed} | ${cells} | ${cpuMs.toFixed(2)} | ${rssMb.toFixed(0)} | ${(cpuMs / ours).toFixed(1)} × |`
      )
    }
  }
  const own = names.at(-1) ?? ''
  for (const tokens of [200, 2000]) {
    const { cpuMs } = await measure(own, url, [1, 300, tokens])
    console.log(
      `a stream of ${tokens} tokens: ${((cpuMs / tokens) * 1000).toFixed(1)} µs of CPU a token`
    )
  }
} finally {
  server.kill()
}
