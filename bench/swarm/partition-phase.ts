/**
 * Two halves cannot reach each other for a while, and are one swarm again afterwards.
 *
 * Each process ends its own connections across the cut and is refused new ones (cut.ts): that needs no root and
 * costs nothing while there is no cut. What is cut without a word, as by a cable that is drawn, is tested between
 * network namespaces (bench/wide-area.ts).
 */
import { setTimeout as delay } from 'node:timers/promises'
import { nowMs } from '../memory/clock.ts'
import { measuredText, round } from './figures.ts'
import type { Member } from './fleet.ts'
import {
  delegations,
  lookUps,
  PATIENCE_MS,
  reachedText,
  untilEqual,
  untilFound,
  untilGone
} from './measures.ts'
import { seedOf } from './stage.ts'
import type { Stage } from './stage.ts'

const LOOKUPS_PER_NODE = 10
const TASKS_PER_NODE = 2
/** Of each node while the swarm is cut. */
const RECORDS = 5
/** The longest wait of who dials again is a minute (discovery/peers/backoff.ts). */
const HEALED_MS = PATIENCE_MS

type Halves = readonly [readonly number[], readonly number[]]

export async function partitionPhase(stage: Stage): Promise<void> {
  const { fleet, book, say, durations } = stage
  const hosts = fleet.hosts
  const halves: Halves = [
    hosts.filter((_, at) => at % 2 === 0),
    hosts.filter((_, at) => at % 2 === 1)
  ]
  const [before] = (await fleet.each('contents', {})).flat()
  const prefix = `${seedOf(stage.random)}/`
  const since = nowMs()
  await cut(stage, halves)
  const apart = await Promise.all([
    ownHalf(stage, halves[0], { others: peersOf(stage, halves[1]), since }),
    ownHalf(stage, halves[1], { others: peersOf(stage, halves[0]), since })
  ])
  await fleet.each('putMany', { prefix, count: RECORDS })
  const [first, second] = apart
  say(`cut: half of the others forgotten after ${first.gone.p50Ms} and ${second.gone.p50Ms} ms`)
  await delay(Math.max(0, durations.partitionMs - (nowMs() - since)))
  const healed = nowMs()
  await fleet.each('cut', { ports: [] })
  const keys = (before?.keys ?? 0) + RECORDS * fleet.running().length
  const [found, memory] = await Promise.all([
    untilFound(stage, healed),
    untilEqual(stage, keys, healed)
  ])
  const crossing = await sessionsAcross(stage, halves)
  say(
    `healed: all find all after ${reachedText(found)}, memory equal after ${measuredText(memory.ms, 'ms')}`
  )
  const lookups = await lookUps(stage, { count: LOOKUPS_PER_NODE * fleet.running().length })
  const tasks = await delegations(stage, { count: TASKS_PER_NODE * fleet.running().length })
  book.note('partition', { apart, found, memory, crossing, lookups, delegations: tasks })
  for (const half of apart) {
    book.whole('cut: lookups within a half that succeed', half.lookups.success)
    book.whole('cut: delegations within a half that succeed', half.tasks.success)
    book.atMost('cut: the other half forgotten', half.gone.lastMs, [20_000, 'ms'])
  }
  book.atMost('healed: every skill found by every node', found.lastMs, [HEALED_MS, 'ms'])
  book.atMost('healed: memory is equal everywhere', memory.ms, [HEALED_MS, 'ms'])
  book.whole('healed: lookups that succeed', lookups.success)
  book.whole('healed: delegations that succeed', tasks.success)
}

function membersOf({ fleet }: Stage, hosts: readonly number[]): readonly Member[] {
  return hosts.flatMap((host) => fleet.of(host))
}

function peersOf(stage: Stage, hosts: readonly number[]): readonly string[] {
  return membersOf(stage, hosts).map(({ peer }) => peer)
}

/** Who dials is refused, and both sides do so: no connection remains and none comes. */
async function cut(stage: Stage, [one, other]: Halves): Promise<void> {
  const ports = (hosts: readonly number[]): number[] =>
    membersOf(stage, hosts).map(({ address }) => Number(/\/tcp\/(\d+)/.exec(address)?.[1]))
  await Promise.all([
    stage.fleet.each('cut', { ports: ports(other) }, one),
    stage.fleet.each('cut', { ports: ports(one) }, other)
  ])
}

interface CutOff {
  readonly others: readonly string[]
  readonly since: number
}

/** What a half does by itself. */
async function ownHalf(stage: Stage, hosts: readonly number[], { others, since }: CutOff) {
  const gone = await untilGone(stage, { peers: others, since }, hosts)
  const nodes = membersOf(stage, hosts).length
  const lookups = await lookUps(stage, { count: LOOKUPS_PER_NODE * nodes, hosts })
  const tasks = await delegations(stage, { count: TASKS_PER_NODE * nodes, hosts })
  // Whose sessions were all in its own half nobody doubts: it is known until its statement expires.
  const keptPercent = round((100 * gone.missing) / (nodes * others.length))
  return { gone, keptPercent, lookups, tasks }
}

async function sessionsAcross(stage: Stage, [one, other]: Halves): Promise<number> {
  const peers = peersOf(stage, other)
  const counts = await stage.fleet.each('sessionsWith', { peers }, one)
  return counts.reduce((sum, count) => sum + count, 0)
}
