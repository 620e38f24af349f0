/**
 * What choosing a worker adds to a task between two nodes of one machine: the same task to a peer that is named, and to whoever can do it.
 *
 * Run: `node bench/routing-overhead.ts [tasks of each kind, default 2000]`. Both kinds take turns in one run, one task at a time.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, defineAgent } from '../index.ts'
import type { LumosNode } from '../index.ts'

const [count = 2000] = process.argv.slice(2).map(Number)
/** Compiled code from then on. */
const WARM_UP = 500

const echo = defineAgent({
  id: 'echo-here',
  description: 'says what it is told',
  skills: [{ id: 'echo-here', name: 'Echo', description: 'echoes', tags: ['bench'] }],
  idempotent: true,
  async *run({ text }) {
    yield text
  }
})

const folder = mkdtempSync(join(tmpdir(), 'lumos-route-'))
const swarmKey = randomBytes(32).toString('hex')

async function start(name: string, bootstrap: readonly string[]): Promise<LumosNode> {
  const node = await createNode({
    home: join(folder, name),
    name,
    swarmKey,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [...bootstrap],
    discovery: { mdns: false, sameHost: false },
    agents: name === 'worker' ? [echo] : [],
    builtin: { enabled: [] }
  })
  await node.start()
  return node
}

/** Milliseconds to the result. */
async function time(caller: LumosNode, to: string | undefined): Promise<number> {
  const began = performance.now()
  for await (const _ of caller.run('@echo-here', 'x', to === undefined ? {} : { to }));
  return performance.now() - began
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(part * values.length)] ?? NaN
}

const out = (line: string): void => void process.stdout.write(`${line}\n`)

const worker = await start('worker', [])
const caller = await start('caller', worker.addresses())
try {
  while ((await caller.find('echo-here')).providers.length === 0) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  const times = { named: [] as number[], routed: [] as number[] }
  for (let task = 0; task < WARM_UP + count; task += 1) {
    // Who goes first takes turns, too.
    const kinds = task % 2 === 0 ? (['named', 'routed'] as const) : (['routed', 'named'] as const)
    for (const kind of kinds) {
      const took = await time(caller, kind === 'named' ? worker.peerId : undefined)
      if (task >= WARM_UP) times[kind].push(took)
    }
  }
  out('| a task to | p50 ms | p95 ms |')
  out('|---|---|---|')
  for (const kind of ['named', 'routed'] as const) {
    const figures = [0.5, 0.95].map((part) => quantile(times[kind], part).toFixed(3))
    out(`| ${[kind, ...figures].join(' | ')} |`)
  }
  const more = quantile(times.routed, 0.5) - quantile(times.named, 0.5)
  out(`| more, p50 | ${more.toFixed(3)} | (goal 0.1) |`)
} finally {
  await caller.stop()
  await worker.stop()
  rmSync(folder, { recursive: true, force: true })
}
