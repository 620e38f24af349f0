/**
 * What metrics cost: one scrape of a busy node that has as many series as it may, and the counting that is
 * done all the time, against the CPU time of the tasks that are counted.
 *
 * Run: `node bench/metrics.ts [scrapes, default 200] [tasks, default 3000]`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { createOperations } from '../node/operations.ts'
import type { Assembly } from '../node/assembly.ts'
import { createMeters } from '../node/metrics/meters.ts'
import type { Meters } from '../node/metrics/meters.ts'
import { LIMITS } from '../core/limits.ts'
import { systemClock } from '../core/clock.ts'
import { createNodeGateway } from '../node/gateway.ts'
import { NO_LOG } from '../node/logging/no-log.ts'
import { runTask } from '../node/operations/tasks.ts'
import { testAgent } from '../test/support/a2a-nodes.ts'
import { startSecludedNode } from '../test/support/secluded-node.ts'

const [scrapes = 200, tasks = 3000] = process.argv.slice(2).map(Number)
const IN_FLIGHT = 16
/** Repeated so often, to be seen beside the resolution of the clock. */
const COUNTED = 200_000

const out = (line: string): void => void process.stdout.write(`${line}\n`)
const folder = mkdtempSync(join(tmpdir(), 'lumos-metrics-'))
const echo = testAgent('bench-echo', async function* ({ text }) {
  yield text
})

function start(name: string): Promise<Assembly> {
  const listen = ['/ip4/127.0.0.1/tcp/0']
  return startSecludedNode({ home: join(folder, name), listen, agents: name === 'b' ? [echo] : [] })
}

/** As many series as there may be: skills, agents and codes that nobody has heard of. */
function fill({ tasks: meter, routes, sessions, http }: Meters): void {
  for (let at = 0; at < 3 * LIMITS.metricSeries.value; at += 1) {
    const end = { agentId: `agent-${at}`, skill: `skill-${at}`, peer: undefined, tookMs: at }
    meter.onAsked({ ...end, state: 'TASK_STATE_COMPLETED', error: undefined })
    meter.onWorked({ ...end, state: 'TASK_STATE_FAILED', error: undefined })
    sessions.served('bench.method', `CODE_${at}`, at)
    http.refused(`CODE_${at}`)
    routes.calls.sent({ peer: `peer-${at}`, agentId: 'bench-echo' })
  }
}

/** What is counted of one task that goes from one node to another, at both of them. */
function countTask({ tasks: meter, routes, sessions }: Meters): void {
  const worker = { peer: 'p', agentId: 'bench-echo' }
  const end = { agentId: 'bench-echo', skill: undefined, peer: 'p', tookMs: 5 }
  const placement = {
    worker: { id: 'p', name: 'p' },
    agentId: 'bench-echo',
    path: 'direct'
  } as const
  routes.onDispatch({
    type: 'routed',
    placement: { ...placement, idempotent: false },
    candidates: 1,
    lookupMs: 1
  })
  routes.calls.sent(worker)
  routes.calls.begun(worker)
  routes.calls.ended(worker, { outcome: 'success', begun: true, tookMs: 5 })
  meter.onAsked({ ...end, state: 'TASK_STATE_COMPLETED', error: undefined })
  meter.onWorked({ ...end, state: 'TASK_STATE_COMPLETED', error: undefined })
  sessions.made('a2a.SendStreamingMessage', 'ok', 5)
  sessions.served('a2a.SendStreamingMessage', 'ok', 5)
  // A request, three events and credit, at both ends.
  for (let frame = 0; frame < 6; frame += 1) {
    sessions.sent(300)
    sessions.received(300)
  }
}

function cpuMicroseconds(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return user + system
}

async function runTasks(caller: Assembly): Promise<number> {
  let left = tasks
  const began = process.cpuUsage()
  const { signal } = new AbortController()
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (left-- > 0) {
        const request = { target: '@bench-echo', text: 'x'.repeat(256) }
        for await (const _ of runTask(caller, request, { signal }));
      }
    })
  )
  return cpuMicroseconds(began) / tasks
}

const [caller, worker] = await Promise.all([start('a'), start('b')])
try {
  const [address = ''] = worker.wire.network.addresses()
  await caller.wire.network.libp2p.dial(multiaddr(address))
  await caller.wire.sessions.connect(worker.wire.identity.peer)
  while (caller.capabilities.directory.peers().flatMap(({ cards }) => cards).length === 0) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  await runTasks(caller)
  const task = await runTasks(caller)

  const meters = createMeters({ clock: systemClock })
  for (let at = 0; at < COUNTED; at += 1) countTask(meters)
  const began = process.cpuUsage()
  for (let at = 0; at < COUNTED; at += 1) countTask(meters)
  const counting = cpuMicroseconds(began) / COUNTED

  fill(caller.wire.meters)
  const gateway = createNodeGateway(caller, { enabled: false })
  const { control } = createOperations(caller, {
    socket: '',
    values: [],
    ...NO_LOG,
    gateway,
    requestStop: () => undefined
  })
  const first = performance.now()
  let text = await control.metrics()
  const firstMs = performance.now() - first
  const times: number[] = []
  const spent = process.cpuUsage()
  for (let at = 0; at < scrapes; at += 1) {
    const from = performance.now()
    text = await control.metrics()
    times.push(performance.now() - from)
  }
  const scrapeMs = cpuMicroseconds(spent) / scrapes / 1000
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number): string => (sorted[Math.floor(part * sorted.length)] ?? NaN).toFixed(1)
  const lines = text.split('\n').filter((line) => !line.startsWith('#')).length
  out(`load ${loadavg()[0]?.toFixed(1)}`)
  out(
    `scrape of ${lines} lines, ${(text.length / 1024).toFixed(0)} KiB: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, CPU ${scrapeMs.toFixed(1)} ms each, the first ${firstMs.toFixed(0)} ms`
  )
  out(
    `a task, CPU of both ends: ${task.toFixed(0)} µs, of these counting: ${counting.toFixed(2)} µs (${((100 * counting) / task).toFixed(2)} %)`
  )
} finally {
  await Promise.all([caller.stop(), worker.stop()])
  rmSync(folder, { recursive: true, force: true })
}
