/**
 * What `lumos top` costs its machine, at one look a second, beside a node with 500 peers and 5,000 tasks.
 *
 * Run: `node bench/top.ts [pane]`. The node is a control socket of this process, whose figures change each time.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { TaskList } from '../client/api.ts'
import { systemClock } from '../core/clock.ts'
import { silentLogger } from '../core/logger.ts'
import { createControlServer } from '../gateway/control/control-server.ts'
import { fakeOperations } from '../test/support/control-operations.ts'
import { makePeer, makeStatus, makeTask, makeVitals } from '../test/support/top-states.ts'

const PEERS = 500
const TASKS = 5000
const SECONDS = 20
/** Until the compiler is done with what runs each second. */
const WARM_UP_MS = 5000
/** Of the kernel's clock that counts CPU time. */
const TICKS_PER_SECOND = 100

const peers = Array.from({ length: PEERS }, (_, index) => makePeer(index))
const tasks = Array.from({ length: TASKS }, (_, index) => makeTask(index))
const vitals = makeVitals(PEERS)
const asked = new Map<string, number>()

function count<T>(name: string, answer: T): T {
  asked.set(name, (asked.get(name) ?? 0) + 1)
  return answer
}

function page({ limit, cursor = '0' }: { limit: number; cursor?: string }): TaskList {
  const from = Number(cursor)
  const next = from + limit < TASKS ? String(from + limit) : ''
  return { v: 1, tasks: tasks.slice(from, from + limit), next }
}

let seq = 60
function nextVitals(withPeers = true) {
  seq += 1
  const now = { ...vitals.now, seq, cpu: (seq % 10) / 10, bytesIn: (seq * 7919) % 60_000 }
  // As at a node at work: other figures each time.
  const measured = vitals.peers.map((peer, index) => ({
    ...peer,
    donePerMinute: (index * seq) % 97
  }))
  return { ...vitals, now, history: [now], peers: withPeers ? measured : [] }
}

const home = await mkdtemp(join(tmpdir(), 'lumos-top-'))
const server = createControlServer(
  {
    operations: fakeOperations({
      status: async () => count('status', makeStatus(PEERS)),
      peers: async () => count('peers', { v: 1, peers }),
      tasks: async (query) => count('tasks', page(query)),
      vitals: async ({ peers: withPeers }) => count('vitals', nextVitals(withPeers))
    }),
    logger: silentLogger,
    clock: systemClock
  },
  { socketPath: join(home, 'lumos.sock') }
)
await server.start()

/** Seconds of CPU of a process so far. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

function rssOf(pid: number): number {
  const [, kib = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) / 1000
}

/** `lumos top` in a terminal of its own (util-linux's script), and the process of it. */
async function start(size: string): Promise<{ terminal: ChildProcess; pid: number }> {
  const bin = join(import.meta.dirname, '../bin/lumos.cjs')
  const [columns, rows] = size.split('x')
  const line = `stty cols ${columns} rows ${rows}; exec ${process.execPath} ${bin} top`
  const terminal = spawn('script', ['-qefc', line, '/dev/null'], {
    env: { ...process.env, LUMOS_HOME: home, TERM: 'xterm-256color' },
    stdio: ['pipe', 'pipe', 'ignore']
  })
  terminal.stdout?.on('data', (chunk: Buffer) => {
    written += chunk.length
  })
  await delay(WARM_UP_MS)
  const children = readFileSync(`/proc/${terminal.pid}/task/${terminal.pid}/children`, 'utf8')
  return { terminal, pid: Number(children.trim().split(' ')[0]) }
}

let written = 0

async function measure(name: string, size: string, keys: string): Promise<void> {
  const { terminal, pid } = await start(size)
  terminal.stdin?.write(keys)
  await delay(1500)
  asked.clear()
  written = 0
  const before = cpuOf(pid)
  const began = performance.now()
  await delay(SECONDS * 1000)
  const seconds = (performance.now() - began) / 1000
  const share = ((cpuOf(pid) - before) / seconds) * 100
  const calls = [...asked].map(([what, times]) => `${what} ${times}`).join(', ')
  const row = [
    name,
    size,
    `${share.toFixed(1)} %`,
    `${rssOf(pid).toFixed(0)} MB`,
    `${Math.round(written / seconds)} B/s`,
    calls
  ]
  console.log(`| ${row.join(' | ')} |`)
  const gone = once(terminal, 'exit')
  terminal.stdin?.write('\u0003')
  await gone
}

console.log(`${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`)
console.log('| pane | terminal | CPU of one core | RSS | to the terminal | asked in 20 s |')
console.log('|---|---|---|---|---|---|')
const only = process.argv[2]
for (const [name, size, keys] of [
  ['peers', '80x24', ''],
  ['peers', '200x60', ''],
  ['tasks, the newest', '120x40', 't'],
  ['tasks, all 5,000, sorted', '120x40', 'to'],
  ['gossip', '80x24', 'g']
] as const) {
  if (only === undefined || name.startsWith(only)) await measure(name, size, keys)
}
await server.stop()
await rm(home, { recursive: true, force: true })
