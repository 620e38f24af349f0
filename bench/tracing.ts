/**
 * What spans cost: the same delegations between two nodes that trace and two that do not, with no collector.
 *
 * Run: `node bench/tracing.ts [rounds of each kind, default 40] [tasks of a round, default 300]`. The kinds take
 * turns in one process, 16 tasks at a time; caller and worker are both in its CPU time, which other work on the
 * machine does not change much.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNode, defineAgent } from '../index.ts'
import type { LumosNode } from '../index.ts'

const [rounds = 40, tasks = 300] = process.argv.slice(2).map(Number)
const IN_FLIGHT = 16
/** Of each kind: compiled code, and a ring that is full, from then on. */
const WARM_UP_ROUNDS = 10

const echo = defineAgent({
  id: 'echo-here',
  description: 'says what it is told',
  skills: [{ id: 'echo-here', name: 'Echo', description: 'echoes', tags: ['bench'] }],
  idempotent: true,
  async *run({ text }) {
    yield text
  }
})

const folder = mkdtempSync(join(tmpdir(), 'lumos-tracing-'))

interface Pair {
  readonly caller: LumosNode
  readonly worker: LumosNode
}

async function startPair(enabled: boolean): Promise<Pair> {
  const swarmKey = randomBytes(32).toString('hex')
  const start = async (name: string, bootstrap: readonly string[]): Promise<LumosNode> => {
    const node = await createNode({
      home: join(folder, `${name}-${enabled}`),
      name,
      swarmKey,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrap: [...bootstrap],
      discovery: { mdns: false, sameHost: false },
      tracing: { enabled },
      agents: name === 'worker' ? [echo] : [],
      builtin: { enabled: [] }
    })
    await node.start()
    return node
  }
  const worker = await start('worker', [])
  const caller = await start('caller', worker.addresses())
  while ((await caller.find('echo-here')).providers.length === 0) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { caller, worker }
}

interface Round {
  readonly cpuMicroseconds: number
  readonly perSecond: number
}

async function run({ caller }: Pair): Promise<Round> {
  let left = tasks
  const began = performance.now()
  const cpu = process.cpuUsage()
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (left-- > 0) for await (const _ of caller.run('@echo-here', 'x'.repeat(256)));
    })
  )
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - began) / 1000
  return { cpuMicroseconds: (user + system) / tasks, perSecond: tasks / seconds }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

const out = (line: string): void => void process.stdout.write(`${line}\n`)

const pairs = { off: await startPair(false), on: await startPair(true) }
const kinds = ['off', 'on'] as const
try {
  const figures: Record<(typeof kinds)[number], Round[]> = { off: [], on: [] }
  for (let round = 0; round < WARM_UP_ROUNDS + rounds; round += 1) {
    // Who goes first takes turns, too.
    for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
      const figure = await run(pairs[kind])
      if (round >= WARM_UP_ROUNDS) figures[kind].push(figure)
    }
  }
  out('| tracing | CPU of a task, both nodes | tasks/s |')
  out('|---|---|---|')
  for (const kind of kinds) {
    const cpu = median(figures[kind].map(({ cpuMicroseconds }) => cpuMicroseconds))
    const rate = median(figures[kind].map(({ perSecond }) => perSecond))
    out(`| ${kind} | ${cpu.toFixed(0)} µs | ${rate.toFixed(0)} |`)
  }
  const ratios = figures.on.map(
    ({ cpuMicroseconds }, at) => cpuMicroseconds / (figures.off[at]?.cpuMicroseconds ?? NaN)
  )
  const more = (median(ratios) - 1) * 100
  out(
    `| more, median of ${rounds} pairs | ${more.toFixed(1)} % (goal 5) | load ${loadavg()[0]?.toFixed(1)} |`
  )
} finally {
  for (const { caller, worker } of Object.values(pairs)) {
    await caller.stop()
    await worker.stop()
  }
  rmSync(folder, { recursive: true })
}
