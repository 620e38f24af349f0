/**
 * A node as people have it (`lumos up`: libp2p, journal, shared memory, the agent `chat`), and what 5,000
 * conversations over its control API leave in its memory.
 *
 *     node bench/agents/whole-node.ts BASE_URL
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient } from '../../client/client.ts'
import { finish } from './nodes.ts'
import { TASKS, THREADS } from './task.ts'

const CALLS = 5000
const IN_FLIGHT = 16
/** The daemon gives memory back when it has been at rest. */
const REST_MS = 30_000
const LUMOS = join(import.meta.dirname, '../../bin/lumos.cjs')

const [url = ''] = process.argv.slice(2)
const home = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
const env = {
  ...process.env,
  LUMOS_HOME: home,
  LUMOS_RUNTIME_DIR: join(home, 'run'),
  OPENAI_BASE_URL: url,
  OPENAI_API_KEY: '',
  OLLAMA_HOST: 'http://127.0.0.1:1'
}

function lumos(...args: string[]): string {
  return execFileSync(process.execPath, [LUMOS, ...args], { env, encoding: 'utf8', stdio: 'pipe' })
}

function rssMb(pid: number): number {
  return (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096) / 1e6
}

try {
  const up = ['up', '--json', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-same-host']
  const { pid, socket }: { pid: number; socket: string } = JSON.parse(lumos(...up))
  const client = createClient({ socket })
  while (!(await client.agents()).agents.some(({ id }) => id === 'chat')) await delay(100)
  const rssBeforeMb = rssMb(pid)
  const times: number[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < CALLS; at = next++) {
      const start = performance.now()
      const contextId = `thread-${at % THREADS}`
      await finish(client.run({ target: 'chat', text: TASKS.plain, contextId }))
      times.push(performance.now() - start)
    }
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  const wallMs = performance.now() - start
  const rss = rssMb(pid)
  await delay(REST_MS)
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? 0
  const perSecond = (CALLS / wallMs) * 1000
  const figures = { perSecond, p50: at(0.5), p95: at(0.95), rssBeforeMb, rssMb: rss }
  process.stdout.write(`${JSON.stringify({ ...figures, rssRestMb: rssMb(pid) })}\n`)
} finally {
  lumos('down')
  rmSync(home, { recursive: true, force: true })
}
