/**
 * What a directory of 10,000 agents costs a node: memory beside the same process without it, searches of every
 * kind, and taking a card in.
 *
 *     node bench/directory.ts [cards, default 10000] [peers, default 2500] [--json]
 *
 * Cards are distinct and really signed (bench/directory/cards.ts). One process verifies them all and forgets
 * them; the other keeps them in a directory: the difference is what the directory takes. Some 30 s; it fails
 * when a goal is missed.
 */
import { fork } from 'node:child_process'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { madeUpCards } from './directory/cards.ts'
import type { Kept, QueryCost } from './directory/keep.ts'

/** Of the directory alone, and of the 95th percentile of each search, in CPU time: other work on the machine counts less. */
const GOAL_MB = 50
const GOAL_MS = 5

/** Compares vectors, a thousand million numbers a second, once a model has answered: not what the goal is about. */
const BY_MEANING = 'by meaning, vectors at hand'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } }
})
const [cards = 10_000, peers = Math.min(2500, cards)] = positionals.map(Number)

function keep(file: string, mode: 'directory' | 'nothing'): Promise<Kept> {
  const script = join(import.meta.dirname, 'directory/keep.ts')
  const child = fork(script, [file, mode], { execArgv: ['--expose-gc'] })
  return new Promise((resolve, reject) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own child says it
    child.once('message', (kept) => resolve(kept as Kept))
    child.once('error', reject)
    child.once('exit', (code) => code !== 0 && reject(new Error(`${mode} ended with ${code}`)))
  })
}

function mb(bytes: number): number {
  return Math.round(bytes / 1e5) / 10
}

function row(query: QueryCost): string {
  const { what, found, p50, p95, p99, cpuP95 } = query
  const times = [p50, p95, p99, cpuP95].map((ms) => ms.toFixed(2))
  return `| ${what} | ${found} | ${times.join(' | ')} |`
}

const folder = mkdtempSync(join(tmpdir(), 'lumos-bench-'))
try {
  const file = join(folder, 'cards.jsonl')
  const out = createWriteStream(file)
  let bytes = 0
  for await (const { peer, card } of madeUpCards({ peers, cards, seed: 1 })) {
    bytes += Buffer.byteLength(card)
    out.write(`${peer} ${card}\n`)
  }
  out.end()
  await finished(out)
  const without = await keep(file, 'nothing')
  const kept = await keep(file, 'directory')
  const memory = {
    heapMb: mb(kept.heap - without.heap),
    externalMb: mb(kept.external - without.external),
    rssMb: mb(kept.rss - without.rss)
  }
  const figures = {
    cards,
    peers,
    held: kept.held,
    cardBytes: Math.round(bytes / cards),
    load: loadavg()[0],
    ...memory,
    bytesPerCard: Math.round((kept.heap - without.heap + kept.external - without.external) / cards),
    verifyCpuMs: without.cpuMsPerCard,
    addCpuMs: Math.max(0, kept.cpuMsPerCard - without.cpuMsPerCard),
    renewCpuMs: kept.renewCpuMs,
    queries: kept.queries
  }
  if (!values.json) {
    console.log(
      `${cards} cards of ${peers} peers, ${figures.cardBytes} bytes each on the wire; load ${figures.load?.toFixed(1)}`
    )
    console.log(`\n| directory of ${kept.held} cards | beside a process without it |\n|---|---|`)
    console.log(`| heap after collection | ${memory.heapMb} MB |`)
    console.log(`| outside of the heap | ${memory.externalMb} MB |`)
    console.log(`| resident | ${memory.rssMb} MB |`)
    console.log(`| a card, heap and outside | ${figures.bytesPerCard} bytes |`)
    console.log(`| parsing and verifying a card | ${figures.verifyCpuMs.toFixed(2)} ms of CPU |`)
    console.log(`| taking it in | ${figures.addCpuMs.toFixed(2)} ms of CPU |`)
    console.log(`| another in its place | ${figures.renewCpuMs.toFixed(2)} ms of CPU |`)
    console.log(
      '\n| search | found | p50 ms | p95 ms | p99 ms | CPU p95 ms |\n|---|---|---|---|---|---|'
    )
    for (const query of kept.queries) console.log(row(query))
  }
  const used = memory.heapMb + memory.externalMb
  const broken = [
    ...(used > GOAL_MB ? [`${used.toFixed(1)} MB where ${GOAL_MB} are the goal`] : []),
    ...kept.queries.flatMap(({ what, cpuP95 }) =>
      what !== BY_MEANING && cpuP95 > GOAL_MS
        ? [`${what}: p95 ${cpuP95.toFixed(1)} ms where ${GOAL_MS} are the goal`]
        : []
    )
  ]
  if (values.json) console.log(JSON.stringify({ ...figures, broken }))
  for (const promise of broken) console.error(`broken: ${promise}`)
  process.exitCode = broken.length > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
