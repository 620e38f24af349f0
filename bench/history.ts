/**
 * What many ended tasks cost a node: its start, a page of `lumos tasks ls`, its memory.
 *
 * Run: `node bench/history.ts [tasks, default 100000]`. One node asks itself for so many tasks, so that
 * both journals hold them; baseline in the same run is a node without any.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '../client/client.ts'
import { systemClock } from '../core/clock.ts'
import { silentLogger } from '../core/logger.ts'
import { resolvePaths } from '../core/paths.ts'
import { systemRandom } from '../core/random.ts'
import { assemble } from '../node/assembly.ts'
import { nodeConfigSchema } from '../node/config/schema.ts'

const TASKS = Number(process.argv[2] ?? 100_000)
const IN_FLIGHT = 128
const ROUNDS = 7
const PAGE = 50
const LUMOS = join(import.meta.dirname, '../bin/lumos.cjs')

function rssMb(pid: number | 'self'): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
  return Math.round((pages * 4096) / 1e6)
}

function median(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[Math.floor(sorted.length / 2)] ?? Number.NaN).toFixed(1)
}

async function fill(home: string): Promise<void> {
  const config = nodeConfigSchema.parse({
    listen: [],
    discovery: { mdns: false, sameHost: false },
    agents: { enabled: ['echo'] }
  })
  const node = await assemble(
    { clock: systemClock, random: systemRandom, logger: silentLogger },
    { config, paths: resolvePaths({ LUMOS_HOME: home }), version: '0' }
  )
  await node.start()
  const start = performance.now()
  let left = TASKS
  let ended = 0
  async function ask(): Promise<void> {
    while (left > 0) {
      left -= 1
      const parts = [{ text: 'x'.repeat(256) }]
      const message = { messageId: crypto.randomUUID(), role: 'ROLE_USER' as const, parts }
      const { id } = await node.work.delegations.delegate({ target: '@echo', message })
      for await (const event of node.work.delegations.watch(id)) {
        if (event.type === 'result' && event.error !== undefined)
          throw new Error(event.error.message)
      }
      ended += 1
      if (ended % (TASKS / 5) === 0) console.log(`${ended} tasks: RSS ${rssMb('self')} MB`)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, ask))
  const seconds = (performance.now() - start) / 1000
  console.log(`${(TASKS / seconds).toFixed(0)} tasks/s, journalled at both ends by one process\n`)
  await node.stop()
}

async function measure(home: string, name: string): Promise<void> {
  const env = { ...process.env, LUMOS_HOME: home, LUMOS_RUNTIME_DIR: join(home, 'run') }
  const lumos = (...args: string[]): string =>
    execFileSync(process.execPath, [LUMOS, ...args], { env, encoding: 'utf8', stdio: 'pipe' })
  const up = ['up', '--json', '--listen', '/ip4/127.0.0.1/tcp/0', '--no-mdns', '--no-same-host']
  const starts: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now()
    lumos(...up)
    starts.push(performance.now() - start)
    lumos('down')
  }
  const { pid, socket }: { pid: number; socket: string } = JSON.parse(lumos(...up))
  const client = createClient({ socket })
  const pages: number[] = []
  let cursor = ''
  for (let page = 0; page < 40; page += 1) {
    const start = performance.now()
    const list = await client.tasks({ limit: PAGE, ...(cursor && { cursor }) })
    pages.push(performance.now() - start)
    cursor = list.next
  }
  const worst = Math.max(...pages).toFixed(1)
  console.log(
    `| ${name} | ${median(starts)} ms | ${median(pages)} ms (worst ${worst}) | ${rssMb(pid)} MB |`
  )
  lumos('down')
}

const folder = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
try {
  const homes = { empty: join(folder, 'empty'), full: join(folder, 'full') }
  for (const home of Object.values(homes)) mkdirSync(home)
  await fill(homes.full)
  console.log(
    `| | \`lumos up\` to READY | a page of ${PAGE} tasks | RSS after |\n|---|---|---|---|`
  )
  await measure(homes.empty, 'no tasks')
  await measure(homes.full, `${TASKS} ended tasks at each end`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
