/**
 * One case of `bench/agents.ts` in a process of its own: prints a line of JSON.
 *
 *     node bench/agents/case.ts CASE BASE_URL CALLS IN_FLIGHT
 */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Call, Task } from './task.ts'
import { KINDS } from './task.ts'

/** A name that the compiler does not follow: the package is in the bench's own folder only. */
const MASTRA: string = './mastra-agent.mjs'

/** Loaded only where it is measured: what one system weighs is not another's. */
const MEASURED: Readonly<Record<string, (url: string, task: Task) => Promise<Call>>> = {
  bare: async (url, task) => (await import('./bare-loop.ts')).bareCall(url, task),
  lumos: async (url, task) => (await import('./lumos-agent.ts')).lumosCall(url, task),
  tools: async () => (await import('./lumos-agent.ts')).toolCall(),
  mastra: async (url, task) => (await import(MASTRA)).mastraCall(url, task)
}

function taskOf(kind: string): Task {
  const found = KINDS.find((each) => each === kind)
  if (found === undefined) throw new TypeError(`there is no task ${kind}`)
  return found
}

async function many(call: Call, count: number, inFlight: number): Promise<number[]> {
  const times: number[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      const start = performance.now()
      await call(at)
      times.push(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, work))
  return times.toSorted((a, b) => a - b)
}

const [system = '', kind = '', url = '', calls = '0', inFlight = '1'] = process.argv.slice(2)
const make = MEASURED[system]
if (make === undefined) throw new TypeError(`there is no case ${system}`)
const task = taskOf(kind)
const call = await make(url, task)
// Compiled, connected, and of its usual size.
if (task !== 'sessions') await many(call, Math.ceil(Number(calls) / 5), Number(inFlight))
globalThis.gc?.()
const heapBefore = process.memoryUsage().heapUsed
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()
const cpu = process.cpuUsage()
const start = performance.now()
const times = await many(call, Number(calls), Number(inFlight))
const wallMs = performance.now() - start
const { user, system: kernel } = process.cpuUsage(cpu)
delay.disable()
const rssMb = process.memoryUsage().rss / 1e6
globalThis.gc?.()
const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? 0
process.stdout.write(
  `${JSON.stringify({
    cpuMs: (user + kernel) / 1000 / times.length,
    perSecond: (times.length / wallMs) * 1000,
    wallMs,
    p50: at(0.5),
    p95: at(0.95),
    stallMs: delay.max / 1e6,
    rssMb,
    heapMb: process.memoryUsage().heapUsed / 1e6,
    heapBeforeMb: heapBefore / 1e6
  })}\n`
)
process.exit(0)
