/** The course of a soak: nodes up, work and churn beside each other, all of it measured, everything away again. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../core/random.ts'
import { firstLine, kill } from '../../test/support/child-process.ts'
import { churn } from './churn.ts'
import { startLoad } from './load.ts'
import { SoakNode } from './node.ts'
import { reportOf, type SoakReport } from './report.ts'
import { takeSamples, type Sample } from './samples.ts'

export interface SoakInit {
  readonly folder: string
  readonly samplesFile: string
  readonly nodes: number
  readonly minutes: number
  /** 1: about half of a core for ten nodes. */
  readonly intensity: number
  readonly retention: string
  readonly random: Random
  readonly log: (line: string) => void
  readonly signal: AbortSignal
}

const SAMPLE_MS = 10_000
/** Censuses of an hour; of a short run there are as many as make a slope. */
const CENSUSES = 20
const LEAST_CENSUS_MS = 20_000
const MEET_MS = 180_000
const ROOT = join(import.meta.dirname, '../..')

export async function soak(init: SoakInit): Promise<SoakReport & { samples: readonly Sample[] }> {
  const model = spawn(process.execPath, [join(ROOT, 'test/support/model-server.ts')], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let nodes: readonly SoakNode[] = []
  try {
    nodes = nodesOf(init, await firstLine(model))
    await startAll(init, nodes)
    return await watch(init, nodes)
  } finally {
    await Promise.all(nodes.map((node) => node.stop('SIGTERM')))
    await kill(model)
  }
}

function nodesOf({ folder, nodes: count, minutes, retention, random }: SoakInit, url: string) {
  const swarmKey = Buffer.from(random.bytes(32)).toString('hex')
  const censusMs = Math.max(LEAST_CENSUS_MS, (minutes * 60_000) / CENSUSES)
  const bootstrap = (): readonly string[] => nodes.slice(0, 3).flatMap((node) => node.addresses)
  const nodes: SoakNode[] = Array.from({ length: count }, (_, index) => {
    const name = `n${index}`
    const times = { retention, sampleMs: SAMPLE_MS, censusMs }
    return new SoakNode({ folder, name, swarmKey, bootstrap, modelUrl: url, ...times })
  })
  return nodes
}

/** At least four live throughout, so that what they show means something. */
function survivorsOf(nodes: readonly SoakNode[]): readonly SoakNode[] {
  return nodes.slice(0, Math.max(4, Math.ceil(nodes.length * 0.4)))
}

async function startAll({ log }: SoakInit, nodes: readonly SoakNode[]): Promise<void> {
  const [first, ...rest] = nodes
  await first?.start()
  // What it compiled is in the cache of all when it has ended.
  await first?.stop('SIGTERM')
  await first?.start()
  await Promise.all(rest.map((node) => node.start()))
  // The first and second live throughout, the last comes and goes.
  const hosts = [nodes[0], nodes[1], nodes.at(-1)]
  const path = join(import.meta.dirname, 'agents.ts')
  for (const host of hosts) await host?.client.hosts.add({ path, name: 'soak' })
  const end = performance.now() + MEET_MS
  for (const node of nodes) {
    while ((await knownTo(node)) < nodes.length) {
      if (performance.now() > end) throw new Error(`${node.name} does not know all others`)
      await delay(100)
    }
  }
  log(`${nodes.length} nodes are up and know each other`)
}

/** How many nodes it knows to have the agent that all have. */
async function knownTo({ client }: SoakNode): Promise<number> {
  const found = client.find('echo', { signal: AbortSignal.timeout(5000) })
  return found.then(
    ({ providers }) => providers.length,
    () => 0
  )
}

async function watch(
  { samplesFile, minutes, intensity, retention, random, log, signal }: SoakInit,
  nodes: readonly SoakNode[]
): Promise<SoakReport & { samples: readonly Sample[] }> {
  const survivors = survivorsOf(nodes)
  const others = nodes.slice(survivors.length)
  const over = AbortSignal.any([signal, AbortSignal.timeout(minutes * 60_000)])
  const load = startLoad({ nodes, random }, intensity)
  const progress = tellProgress(nodes, log, over)
  const taking = takeSamples(nodes, { file: samplesFile, everyMs: SAMPLE_MS, signal: over })
  const churned = await churn(others, random, over)
  const samples = await taking
  await progress
  const report = reportOf({
    minutes,
    retention,
    survivors: names(survivors),
    others: names(others),
    samples,
    load: await load.stop(),
    churn: churned,
    exits: nodes.flatMap(({ unasked }) => unasked)
  })
  return { ...report, samples }
}

function names(nodes: readonly SoakNode[]): readonly string[] {
  return nodes.map(({ name }) => name)
}

async function tellProgress(
  nodes: readonly SoakNode[],
  log: (line: string) => void,
  signal: AbortSignal
): Promise<void> {
  for (let minute = 1; ; minute += 1) {
    await delay(60_000, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    log(`minute ${minute}: ${nodes.filter(({ isUp }) => isUp).length} nodes are up`)
  }
}
