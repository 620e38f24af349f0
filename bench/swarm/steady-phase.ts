/** A swarm at rest, and what it does for those who use it: lookups, tasks, gossip, shared memory. */
import { setTimeout as delay } from 'node:timers/promises'
import { nowMs } from '../memory/clock.ts'
import { measuredText, spreadOf } from './figures.ts'
import { idleCost } from './idle.ts'
import {
  delegations,
  dhtLookUps,
  lookUps,
  measuredOf,
  PATIENCE_MS,
  untilAnnounced,
  untilEqual
} from './measures.ts'
import { indexesOf, pick, seedOf } from './stage.ts'
import type { Stage } from './stage.ts'
import { promiseSteady } from './steady-promises.ts'
import { LIVE } from './swarm-node.ts'

const LOOKUPS_PER_NODE = 50
const DHT_LOOKUPS_PER_NODE = 2
const TASKS_PER_NODE = 10
const GOSSIP_ROUNDS = 20
/** It is the way of a message that is timed: of a hundred nodes on two cores each message takes 0.2 s of CPU. */
const GOSSIP_PAUSE_MS = 1000
const RECORDS_PER_NODE = 2
const NEWCOMER_LOOKUPS = 20

export async function steadyPhase(stage: Stage): Promise<void> {
  const { fleet, book, say, durations } = stage
  const nodes = fleet.running().length
  say(`rest for ${durations.settleMs / 1000} s, then ${durations.idleMs / 1000} s of watching it`)
  await delay(durations.settleMs)
  const idle = await idleCost(stage)
  say(`idle node: ${idle.cpuMsPerS} ms of CPU a second, ${idle.bytesInPerS} B/s in`)
  const lookups = await lookUps(stage, { count: LOOKUPS_PER_NODE * nodes })
  await untilAnnounced(stage)
  const byDht = await dhtLookUps(stage, { count: DHT_LOOKUPS_PER_NODE * nodes })
  const newcomer = await newcomerLookUps(stage)
  say(
    `lookups: p95 ${lookups.p95} ms, by the DHT alone ${byDht.p95}, by a newcomer ${newcomer.p95}`
  )
  // The first tasks compile the code.
  await delegations(stage, { count: TASKS_PER_NODE * nodes })
  const tasks = await delegations(stage, { count: TASKS_PER_NODE * nodes })
  const gossip = await gossiped(stage)
  say(`tasks: p95 ${tasks.p95} ms; gossip: p99 ${gossip.p99} ms`)
  const memory = await converged(stage)
  say(`memory is equal everywhere after ${measuredText(memory.ms, 'ms')}`)
  const figures = { lookups, byDht, newcomer, delegations: tasks, gossip, memory }
  book.note('steady', { idle, ...figures })
  promiseSteady(book, figures, PATIENCE_MS)
}

/** By a node that has just got its first peer, all at once. */
async function newcomerLookUps({ fleet, random }: Stage) {
  const targets = indexesOf(fleet.running())
  const host = pick(random, fleet.running()).host
  const newcomer = fleet.add(host)
  await fleet.start([newcomer])
  const by = newcomer.index
  await fleet.ask(host, 'whenMeshed', { target: 1, timeoutMs: PATIENCE_MS, by })
  const work = { count: NEWCOMER_LOOKUPS, inFlight: NEWCOMER_LOOKUPS, targets }
  const tries = await fleet.ask(host, 'lookUp', { ...work, seed: seedOf(random), by })
  await fleet.stop(newcomer)
  fleet.members.pop()
  return measuredOf([tries])
}

/** Records put one after the other by random nodes, up to their arrival at all others. */
async function gossiped({ fleet, random }: Stage) {
  const put = new Map<string, number>()
  for (let round = 0; round < GOSSIP_ROUNDS; round += 1) {
    const { host, index } = pick(random, fleet.running())
    const key = `${LIVE}${round}`
    put.set(key, await fleet.ask(host, 'put', { index, key }))
    await delay(GOSSIP_PAUSE_MS)
  }
  const keys = [...put.keys()]
  const arrivals = await fleet.each('whenArrived', { keys, timeoutMs: PATIENCE_MS })
  const missing = arrivals.reduce((sum, each) => sum + each.missing, 0)
  const times = [...put].flatMap(([key, since]) =>
    arrivals
      .flatMap(({ at }) => at.get(key) ?? [])
      .map((time) => time - since)
      .toSorted((a, b) => a - b)
      // The first is who put it.
      .slice(1)
  )
  return { ...spreadOf(times), coverage: times.length / (times.length + missing) }
}

/** All write at once. */
async function converged(stage: Stage) {
  const { fleet, random } = stage
  const [before] = (await fleet.each('contents', {})).flat()
  const since = nowMs()
  await fleet.each('putMany', { prefix: `${seedOf(random)}/`, count: RECORDS_PER_NODE })
  const records = RECORDS_PER_NODE * fleet.running().length
  return { records, ...(await untilEqual(stage, (before?.keys ?? 0) + records, since)) }
}
