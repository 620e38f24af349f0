/**
 * What a piece of text costs in a stream of 100 and of 4,000: the log has to grow at constant cost.
 *
 * Run: `node bench/chunks.ts`. Pieces of 32 bytes between two processes, journalled by the worker, and as
 * a delegation journalled at both ends; rounds interleaved, medians.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createLumosCaller } from './a2a/lumos-client.ts'

const COUNTS = [100, 1000, 4000] as const
const ROUNDS = 15

async function firstLine(input: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input })) return line
  throw new Error('the server ended')
}

const folder = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
const swarmKey = randomBytes(32).toString('hex')
const script = join(import.meta.dirname, 'a2a/lumos-server.ts')
const server = spawn(process.execPath, [script, join(folder, 'server'), swarmKey], {
  stdio: ['ignore', 'pipe', 'inherit']
})
try {
  const address = await firstLine(server.stdout)
  const lumos = await createLumosCaller(join(folder, 'client'), swarmKey, address)
  const ways = {
    'session, journalled by the worker': async (text: string) => {
      for await (const _ of lumos.stream(text)) continue
    },
    'delegation, journalled at both ends': (text: string) => lumos.delegate(text)
  }
  const micros = new Map<string, number[]>()
  for (let round = -5; round < ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(ways)) {
      for (const count of COUNTS) {
        const start = performance.now()
        await run(`chunks ${count}`)
        const each = ((performance.now() - start) / count) * 1000
        // The first rounds run as interpreted code.
        const key = `${name}/${count}`
        if (round >= 0) micros.set(key, [...(micros.get(key) ?? []), each])
      }
    }
  }
  console.log(`| µs a piece | ${COUNTS.join(' | ')} | 4,000 against 100 |`)
  console.log(`|---|${'---|'.repeat(COUNTS.length)}---|`)
  for (const name of Object.keys(ways)) {
    const medians = COUNTS.map((count) => {
      const sorted = (micros.get(`${name}/${count}`) ?? []).toSorted((a, b) => a - b)
      return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
    })
    const ratio = (medians.at(-1) ?? Number.NaN) / (medians[0] ?? Number.NaN)
    const cells = medians.map((value) => value.toFixed(1)).join(' | ')
    console.log(`| ${name} | ${cells} | ${ratio.toFixed(2)} |`)
  }
  await lumos.stop()
} finally {
  server.kill('SIGINT')
  rmSync(folder, { recursive: true, force: true })
}
