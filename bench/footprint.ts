/**
 * Where the memory of a daemon is, when it has started, after conversations and at rest, and what it does
 * while nobody asks anything of it.
 *
 *     node bench/footprint.ts [conversations, default 0] [path of bin/lumos.cjs, default: this checkout's]
 *
 * For the npm package: unpack what `npm pack` makes, install its dependencies, and name its bin/lumos.cjs.
 * Flags of `lumos up` come after that; the environment counts too, such as LUMOS_GATEWAY_ENABLED=false.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient, type Client } from '../client/client.ts'
import { finish } from './agents/nodes.ts'
import { TASKS, THREADS } from './agents/task.ts'
import { mappingsOf, workOf } from './footprint/mappings.ts'

const IN_FLIGHT = 16
/** The daemon gives memory back ten seconds after its start, and when it has been at rest for three times as long. */
const REST_MS = 60_000
/** More than one round of everything that a node does by the clock every few seconds. */
const WATCH_MS = 30_000

const [calls = '0', bin, ...flags] = process.argv.slice(2)
const home = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
const heap = join(home, 'heap.json')
const preload = `--require ${fileURLToPath(import.meta.resolve('./footprint/tell-heap.cjs'))}`

async function startModel(): Promise<{ url: string; stop: () => void }> {
  const script = join(import.meta.dirname, '../test/support/model-server.ts')
  const server = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const url of createInterface({ input: server.stdout })) {
    return { url, stop: () => server.kill() }
  }
  throw new Error('the model server did not start')
}

function lumos(url: string, ...args: string[]): string {
  const env = {
    ...process.env,
    NODE_OPTIONS: preload,
    LUMOS_BENCH_HEAP: heap,
    LUMOS_HOME: home,
    LUMOS_RUNTIME_DIR: join(home, 'run'),
    OPENAI_BASE_URL: url,
    OPENAI_API_KEY: '',
    OLLAMA_HOST: 'http://127.0.0.1:1'
  }
  const program = bin ?? join(import.meta.dirname, '../bin/lumos.cjs')
  return execFileSync(process.execPath, [program, ...args], { env, encoding: 'utf8' })
}

async function row(label: string, pid: number): Promise<void> {
  const { rss, pss, file, heap: main, anonymous } = mappingsOf(pid)
  rmSync(heap, { force: true })
  process.kill(pid, 'SIGUSR2')
  while (!existsSync(heap)) await delay(20)
  const v8: NodeJS.MemoryUsage = JSON.parse(readFileSync(heap, 'utf8'))
  const sizes = [rss, pss, file, main, anonymous, v8.heapTotal, v8.heapUsed, v8.external]
  console.log(`| ${label} | ${sizes.map((bytes) => (bytes / 1e6).toFixed(1)).join(' | ')} |`)
}

async function converse(client: Client, count: number): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) {
      const contextId = `thread-${at % THREADS}`
      await finish(client.run({ target: 'chat', text: TASKS.plain, contextId }))
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
}

const model = await startModel()
try {
  const up = ['up', '--json', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-same-host']
  const { pid, socket }: { pid: number; socket: string } = JSON.parse(
    lumos(model.url, ...up, ...flags)
  )
  console.log(`Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}, MB:\n`)
  console.log('| when | RSS | PSS | files | [heap] | other own | V8 heap | in use | external |')
  console.log('|---|---|---|---|---|---|---|---|---|')
  const client = createClient({ socket })
  while (!(await client.agents()).agents.some(({ id }) => id === 'chat')) await delay(100)
  await row('started', pid)
  await delay(REST_MS)
  await row('idle', pid)
  const before = workOf(pid)
  await delay(WATCH_MS)
  const idle = workOf(pid)
  const count = Number(calls)
  if (count > 0) {
    await converse(client, count)
    await row(`after ${count} chats`, pid)
    const cpuMs = (workOf(pid).cpuMs - idle.cpuMs) / count
    await delay(REST_MS)
    await row('at rest', pid)
    console.log(`\n${cpuMs.toFixed(2)} ms of CPU a chat`)
  }
  const seconds = WATCH_MS / 1000
  const busy = ((idle.cpuMs - before.cpuMs) / WATCH_MS) * 100
  const wakes = (idle.wakes - before.wakes) / seconds
  console.log(`\nidle: ${busy.toFixed(2)} % of a core, woken ${wakes.toFixed(0)} times a second`)
} finally {
  lumos(model.url, 'down')
  model.stop()
  rmSync(home, { recursive: true, force: true })
}
