/** A node as `lumos up` makes it, with libp2p, journal and shared memory, after 5,000 tasks of its agent `chat`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { benchNode, finish } from './nodes.ts'
import { TASKS, THREADS } from './task.ts'

const CALLS = 5000
const IN_FLIGHT = 16

const [url = ''] = process.argv.slice(2)
const home = await mkdtemp(join(tmpdir(), 'lumos-bench-'))
const node = await benchNode(home, url)
const times: number[] = []
let next = 0

async function work(until: number): Promise<void> {
  for (let at = next++; at < until; at = next++) {
    const start = performance.now()
    await finish(node.run('agent', TASKS.plain, { contextId: `thread-${at % THREADS}` }))
    times.push(performance.now() - start)
  }
}

async function many(until: number): Promise<void> {
  await Promise.all(Array.from({ length: IN_FLIGHT }, () => work(until)))
  next = until
}

await many(CALLS / 5)
globalThis.gc?.()
const heapBeforeMb = process.memoryUsage().heapUsed / 1e6
times.length = 0
const start = performance.now()
const cpu = process.cpuUsage()
await many(CALLS)
const wallMs = performance.now() - start
const { user, system } = process.cpuUsage(cpu)
const rssMb = process.memoryUsage().rss / 1e6
globalThis.gc?.()
times.sort((a, b) => a - b)
const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? 0
process.stdout.write(
  `${JSON.stringify({
    cpuMs: (user + system) / 1000 / times.length,
    perSecond: (times.length / wallMs) * 1000,
    wallMs,
    p50: at(0.5),
    p95: at(0.95),
    stallMs: 0,
    rssMb,
    heapMb: process.memoryUsage().heapUsed / 1e6,
    heapBeforeMb
  })}\n`
)
await node.stop()
await rm(home, { recursive: true, force: true })
