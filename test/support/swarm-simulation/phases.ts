/** The phases of `npm run swarm`, in simulated time: the same maltreatment, the same figures, the same promises. */
import { pick, shuffled } from '../../../bench/swarm/stage.ts'
import { spreadOf } from '../../../bench/swarm/figures.ts'
import {
  delegations,
  lookUps,
  PATIENCE_MS,
  untilEqual,
  untilFound,
  untilGone,
  untilMeshed
} from './measures.ts'
import type { Host } from './network.ts'
import { startLimitMs } from './stage.ts'
import type { SimulationStage } from './stage.ts'

const CLEAN_STOPS = 3
const CLEAN_MS = 5000
const KILLED = 0.2
const KILLED_MS = 20_000
const BOOTSTRAP_AWAY_MS = 10_000

/** All nodes start at once, in random order, and know one of them. */
export async function startPhase(stage: SimulationStage): Promise<void> {
  const { world, book, say } = stage
  await world.start(world.bootstrap)
  const others = world.hosts.filter((host) => host !== world.bootstrap)
  for (const host of shuffled(world.random, others)) await world.start(host)
  const meshed = await untilMeshed(stage)
  const found = later(await untilFound(stage), meshed)
  const sessions = world.nodes.map((node) => node.sessions.all().length)
  say(`peers after ${meshed.lastMs} ms, all find all after ${found.lastMs} ms`)
  const lookups = await lookUps(stage, { count: 2 * world.nodes.length })
  const limit = startLimitMs(stage)
  book.note('start', { meshed, found, lookups, mostSessions: Math.max(...sessions) })
  book.atMost('start: every node has its peers', meshed.lastMs, [limit, 'ms'])
  book.atMost('start: every skill found by every node', found.lastMs, [limit, 'ms'])
  book.whole('start: lookups that succeed', lookups.success)
}

/** The node that all others met at is killed, and comes back. */
export async function bootstrapPhase(stage: SimulationStage): Promise<void> {
  const { world, book, say } = stage
  world.kill(world.bootstrap)
  const meshed = await untilMeshed(stage)
  const gone = later(await untilGone(stage, [world.bootstrap]), meshed)
  await world.time.advance(BOOTSTRAP_AWAY_MS)
  const lookups = await lookUps(stage, { count: world.nodes.length })
  await world.start(world.bootstrap)
  const found = await untilFound(stage)
  const limit = startLimitMs(stage)
  say(`bootstrap forgotten after ${gone.lastMs} ms, found again after ${found.lastMs} ms`)
  book.note('bootstrap', { meshed, goneMs: gone.lastMs, lookups, found })
  book.whole('bootstrap killed: lookups that succeed', lookups.success)
  book.atMost('bootstrap back: every skill found by every node', found.lastMs, [limit, 'ms'])
}

/** Nodes go, with a word and without one, and come back. */
export async function killPhase(stage: SimulationStage): Promise<void> {
  await cleanStops(stage)
  await killMany(stage)
}

async function cleanStops(stage: SimulationStage): Promise<void> {
  const { world, book, say } = stage
  const times: number[] = []
  for (const host of victims(stage, CLEAN_STOPS)) {
    const stopping = world.stop(host)
    times.push((await untilGone(stage, [host])).lastMs)
    await world.run(stopping)
    await world.start(host)
    await untilFound(stage)
  }
  const gone = spreadOf(times)
  say(`who stops is forgotten after ${gone.most} ms at most`)
  book.note('stop', { gone })
  book.atMost('clean stop: forgotten by all', Math.max(...times), [CLEAN_MS, 'ms'])
}

async function killMany(stage: SimulationStage): Promise<void> {
  const { world, book, say } = stage
  const killed = victims(stage, Math.round(KILLED * world.nodes.length))
  for (const host of killed) world.kill(host)
  const meshed = await untilMeshed(stage)
  const gone = later(await untilGone(stage, killed), meshed)
  say(`${killed.length} killed: forgotten after ${gone.lastMs} ms, mended after ${meshed.lastMs}`)
  const lookups = await lookUps(stage, { count: 2 * world.nodes.length })
  const tasks = await delegations(stage, { count: 200 })
  for (const host of killed) await world.start(host)
  const found = await untilFound(stage)
  const figures = { killed: killed.length, gone, meshed, lookups, delegations: tasks, found }
  book.note('kill', figures)
  book.atMost('20 % killed: forgotten by all', gone.lastMs, [KILLED_MS, 'ms'])
  book.atMost('20 % killed: every node has its peers again', meshed.lastMs, [
    startLimitMs(stage),
    'ms'
  ])
  book.whole('20 % killed: lookups that succeed', lookups.success)
  book.whole('20 % killed: delegations that succeed', tasks.success)
}

/** Two halves cannot reach each other for a while, and are one swarm again afterwards. */
export async function partitionPhase(stage: SimulationStage): Promise<void> {
  const { world, book, say, durations } = stage
  const since = world.time.monotonic()
  world.cut(half)
  const halves = [0, 1].map((side) => world.nodes.filter(({ host }) => half(host) === side))
  const [one = [], other = []] = halves
  const apart = []
  for (const [own, others] of [
    [one, other],
    [other, one]
  ] as const) {
    const left = Math.max(0, world.time.monotonic() - since)
    const gone = await untilGone(
      stage,
      others.map(({ host }) => host),
      own
    )
    const lookups = await lookUps(stage, { count: own.length, among: own })
    apart.push({ gone: { ...gone, lastMs: gone.lastMs + left }, lookups })
  }
  for (const side of halves) {
    await pick(world.random, side).memory.put(`apart/${side.length}`)
  }
  await world.time.advance(Math.max(0, durations.partitionMs - (world.time.monotonic() - since)))
  world.heal()
  const found = await untilFound(stage)
  const memory = later(await untilEqual(stage), found)
  say(`healed: all find all after ${found.lastMs} ms, memory equal after ${memory.lastMs} ms`)
  const lookups = await lookUps(stage, { count: 2 * world.nodes.length })
  book.note('partition', { apart, found, memory: { ms: memory.lastMs }, lookups })
  for (const side of apart) {
    book.whole('cut: lookups within a half that succeed', side.lookups.success)
    book.atMost('cut: the other half forgotten', side.gone.lastMs, [cutLimitMs(stage), 'ms'])
  }
  book.atMost('healed: every skill found by every node', found.lastMs, [PATIENCE_MS, 'ms'])
  book.atMost('healed: memory is equal everywhere', memory.lastMs, [PATIENCE_MS, 'ms'])
  book.whole('healed: lookups that succeed', lookups.success)
}

function half({ index }: Host): number {
  return index % 2
}

function cutLimitMs({ world }: SimulationStage): number {
  return world.init.conditions.cut === 'silent' ? 2 * KILLED_MS : KILLED_MS
}

/** Not the bootstrap node. */
function victims({ world }: SimulationStage, count: number): readonly Host[] {
  const others = world.nodes.map(({ host }) => host).filter((host) => host !== world.bootstrap)
  return shuffled(world.random, others).slice(0, count)
}

/** Both began at the same moment, and one was looked for after the other. */
function later<T extends { readonly lastMs: number }>(
  second: T,
  first: { readonly lastMs: number }
): T {
  const before = Number.isNaN(first.lastMs) ? PATIENCE_MS : first.lastMs
  return { ...second, lastMs: before + second.lastMs }
}
