/** A simulated swarm at rest: what it costs, and what it does for those who use it. */
import { pick } from '../../../bench/swarm/stage.ts'
import { round, spreadOf } from '../../../bench/swarm/figures.ts'
import { promiseSteady } from '../../../bench/swarm/steady-promises.ts'
import { LIMITS } from '../../../core/limits.ts'
import {
  delegations,
  hasAgents,
  lookUps,
  PATIENCE_MS,
  untilAnnounced,
  untilEqual
} from './measures.ts'
import { GossipMesh } from './gossip-mesh.ts'
import { MEMORY_TOPIC } from './memory.ts'
import { skillOf } from './node.ts'
import type { SimulationStage } from './stage.ts'

/** Until what a start leaves behind is done. */
const SETTLE_MS = 15_000
const GOSSIP_ROUNDS = 10
const GOSSIP_PAUSE_MS = 200
/** By then what was lost has come by IHAVE and IWANT. */
const GOSSIP_OVER_MS = 5000
const NEWCOMER_LOOKUPS = 20
/** A ping and its answer, each 40 bytes of frames besides TCP, IP, Noise and yamux. */
const HEARTBEAT_BYTES = 2 * (40 + 70)

export async function steadyPhase(stage: SimulationStage): Promise<void> {
  const { world, book, say } = stage
  await world.time.advance(SETTLE_MS)
  const idle = await idleCost(stage)
  say(`idle node: ${idle.bytesInPerS} B/s and ${idle.messagesInPerS} messages/s in`)
  const lookups = await lookUps(stage, { count: 2 * world.nodes.length })
  // Each waits its turn; until then the DHT cannot help a newcomer.
  await untilAnnounced(stage)
  const newcomer = await newcomerLookUps(stage)
  const tasks = await delegations(stage, { count: 500 })
  const gossip = await gossiped(stage)
  const memory = await converged(stage)
  say(`gossip p99 ${gossip.p99} ms, memory equal after ${memory.ms} ms`)
  const figures = { lookups, newcomer, delegations: tasks, gossip, memory }
  book.note('steady', { idle, ...figures })
  promiseSteady(book, figures, PATIENCE_MS)
}

/** Of one node, in the middle; its heartbeats are counted, not simulated. */
async function idleCost({ world, durations }: SimulationStage) {
  const total = () => {
    const sum = { messagesIn: 0, bytesIn: 0, bytesOut: 0 }
    for (const { traffic } of world.hosts) {
      sum.messagesIn += traffic.messagesIn
      sum.bytesIn += traffic.bytesIn
      sum.bytesOut += traffic.bytesOut
    }
    return sum
  }
  const before = total()
  await world.time.advance(durations.restMs)
  const after = total()
  const sessions = world.nodes.map((node) => node.sessions.all().length)
  const mean = sessions.reduce((sum, count) => sum + count, 0) / sessions.length
  const beats = (mean * HEARTBEAT_BYTES * 1000) / LIMITS.heartbeatInterval.value
  const grown = (what: keyof typeof before, more = 0): number =>
    round((after[what] - before[what]) / world.nodes.length / (durations.restMs / 1000) + more)
  return {
    messagesInPerS: grown('messagesIn'),
    bytesInPerS: grown('bytesIn', beats),
    bytesOutPerS: grown('bytesOut', beats),
    sessions: round(mean),
    mostSessions: Math.max(...sessions)
  }
}

/** By a node that has just got its first peer, all at once. */
async function newcomerLookUps(stage: SimulationStage) {
  const { world } = stage
  const able = world.nodes.filter(hasAgents)
  const owners = Array.from({ length: NEWCOMER_LOOKUPS }, () => pick(world.random, able).host)
  const host = await world.add()
  const { sessions, finder } = await world.start(host)
  await world.time.until(() => sessions.all().length > 0, { limitMs: PATIENCE_MS, stepMs: 5 })
  const since = world.time.monotonic()
  const times: number[] = []
  const look = async (owner: typeof host): Promise<void> => {
    const { providers } = await finder.find(skillOf(owner), { exact: true })
    if (providers.some(({ peer }) => peer === owner.peer))
      times.push(world.time.monotonic() - since)
  }
  await world.run(Promise.all(owners.map(look)))
  await world.run(world.stop(host))
  return { ...spreadOf(times), success: times.length / owners.length }
}

/** Records put one after the other by random nodes, up to their arrival at all others. */
async function gossiped({ world }: SimulationStage) {
  const messages = new Set<object>()
  const delays: number[] = []
  world.gossip.onDelivery = ({ topic, delayMs, message }) => {
    if (topic !== MEMORY_TOPIC) return
    messages.add(message)
    delays.push(delayMs)
  }
  for (let count = 0; count < GOSSIP_ROUNDS; count += 1) {
    await pick(world.random, world.nodes).memory.put(`live/${count}`)
    await world.time.advance(GOSSIP_PAUSE_MS)
  }
  await world.time.advance(GOSSIP_OVER_MS)
  world.gossip.onDelivery = undefined
  const hosts = world.nodes.map((node) => node.host)
  const reached = [...messages].map((message) => GossipMesh.seenBy(message, hosts) / hosts.length)
  const coverage = reached.length < GOSSIP_ROUNDS ? 0 : Math.min(...reached)
  return { ...spreadOf(delays), coverage }
}

/** Some write at once. */
async function converged(stage: SimulationStage) {
  const { world } = stage
  const writers = Array.from({ length: GOSSIP_ROUNDS }, () => pick(world.random, world.nodes))
  for (const [at, { memory }] of writers.entries()) await memory.put(`at-once/${at}`)
  return { records: writers.length, ms: (await untilEqual(stage)).lastMs }
}
