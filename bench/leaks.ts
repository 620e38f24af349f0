/**
 * Whether a node keeps something of each piece of work: two daemons do thousands of them as fast as they can, and after each
 * round it is measured what the heap of both holds when it was collected in full.
 *
 *     node bench/leaks.ts [rounds, default 9] [pieces of work a round, default 2000]
 *
 * An hour of moderate work (bench/soak.ts) is too short to fill what is kept by number, such as 8,192 spans, and so cannot
 * tell that from a leak. Ends with 1 when the last two rounds added more than {@link MOST_BYTES} a piece of work, or any failed.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { firstLine, kill } from '../test/support/child-process.ts'
import { seededRandom } from '../test/support/random.ts'
import { DOOR_KINDS } from './soak/door-kinds.ts'
import { MEMORY_KINDS } from './soak/memory-kinds.ts'
import { SoakNode } from './soak/node.ts'
import { TASK_KINDS } from './soak/task-kinds.ts'
import { pick, type Doing, type Kinds } from './soak/world.ts'

const ALL: Kinds = { ...TASK_KINDS, ...MEMORY_KINDS, ...DOOR_KINDS }
/** Those that are quick: in turn, so that each round is the same. */
const KINDS = ['quick', 'streamed', 'put', 'got', 'found', 'completion', 'a2aSend', 'deleted']
const IN_FLIGHT = 6
const CENSUS_MS = 2000
/** Two censuses come meanwhile, of a node at rest. */
const REST_MS = 3 * CENSUS_MS
/** Of both nodes together: what is promised is 1 MB in ten minutes, and a busy soak gives a node two pieces a second. */
const MOST_BYTES = 1600

const [rounds = 9, pieces = 2000] = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(tmpdir(), 'lumos-leaks-'))
const random = seededRandom(1)
const server = join(import.meta.dirname, '../test/support/model-server.ts')
const model = spawn(process.execPath, [server], { stdio: ['ignore', 'pipe', 'inherit'] })
const nodes: SoakNode[] = []
let failed = 0

const bootstrap = (): readonly string[] => nodes[0]?.addresses ?? []

async function startNodes(): Promise<void> {
  const swarmKey = Buffer.from(random.bytes(32)).toString('hex')
  const modelUrl = await firstLine(model)
  const times = { retention: '1m', sampleMs: CENSUS_MS / 2, censusMs: CENSUS_MS }
  for (const name of ['n0', 'n1']) {
    const one = new SoakNode({ folder, name, swarmKey, bootstrap, modelUrl, ...times })
    nodes.push(one)
    await one.start()
  }
  for (const { client } of nodes) {
    while ((await client.find('echo')).providers.length < nodes.length) await delay(100)
  }
}

const node = (): SoakNode => pick(random, nodes)

async function work(count: number): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (let at = next++; at < count; at = next++) {
        const doing: Doing = { node, random, signal: AbortSignal.timeout(30_000) }
        await ALL[KINDS[at % KINDS.length] ?? '']?.run(doing).catch(fail)
      }
    })
  )
}

function fail(error: unknown): void {
  failed += 1
  console.error(String(error))
}

/** Bytes after the collections of a rest. */
function heapOf({ probeFile }: SoakNode): number {
  const lines = readFileSync(probeFile, 'utf8').trim().split('\n')
  const heaps = lines.flatMap((line) => {
    const { census }: { census?: { heapBytes: number } } = JSON.parse(line)
    return census === undefined ? [] : [census.heapBytes]
  })
  return Math.min(...heaps.slice(-2))
}

try {
  await startNodes()
  console.log(`Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}\n`)
  console.log('| pieces of work | heap of both, MB | bytes more a piece |\n|---|---|---|')
  const heaps: number[] = []
  for (let round = 1; round <= rounds; round += 1) {
    await work(pieces)
    await delay(REST_MS)
    const each = nodes.map(heapOf)
    const total = each.reduce((sum, bytes) => sum + bytes, 0)
    const more = heaps.length === 0 ? '' : ((total - (heaps.at(-1) ?? 0)) / pieces).toFixed(0)
    heaps.push(total)
    const shown = each.map((bytes) => (bytes / 1e6).toFixed(2)).join(', ')
    console.log(`| ${round * pieces} | ${shown} | ${more} |`)
  }
  const kept = ((heaps.at(-1) ?? 0) - (heaps.at(-3) ?? 0)) / (2 * pieces)
  console.log(`\n${kept.toFixed(0)} bytes a piece of work in the last two rounds, ${failed} failed`)
  process.exitCode = kept > MOST_BYTES || failed > 0 ? 1 : 0
} finally {
  await Promise.all(nodes.map((one) => one.stop('SIGTERM')))
  await kill(model)
  rmSync(folder, { recursive: true, force: true })
}
