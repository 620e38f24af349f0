/** What nodes cost each other: a fresh peer, live updates, a swarm of them, and healing after a partition. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { layBreakableLink } from '../../test/support/breakable-link.ts'
import { seededRandom } from '../../test/support/random.ts'
import { nowMs } from './clock.ts'
import type { OrbitOperations } from './orbitdb-operations.ts'
import type { Lumos } from './stage.ts'
import * as stage from './stage.ts'

const { folder, isEqual, median, ms, quantile, row, startLumos, startPair, swarmKey } = stage

export const SEED = 1
const IN_FLIGHT = 64
const FRESH_RECORDS = 10_000
const FRESH_ROUNDS = 3
const HEAL_RECORDS = 100_000
const HEAL_ROUNDS = 5
const HEAL_DIFFERING = 10
const SWARM_PROCESSES = 4
const NODES_EACH = 5
const UPDATES = 300
const WARM_UP = 50

interface Cost {
  readonly ms: number
  readonly cpuMs: number
}

async function freshLumos(): Promise<Cost> {
  const { near, far, address } = await startPair()
  await near.ask('put', { name: 'near', prefix: 'key/', count: FRESH_RECORDS, inFlight: IN_FLIGHT })
  const before = await far.ask('cpu', {})
  const begin = nowMs()
  await far.ask('connect', { name: 'far', address })
  await isEqual(far, 'far', FRESH_RECORDS)
  await far.ask('sync', { name: 'far' })
  const cost = { ms: nowMs() - begin, cpuMs: (await far.ask('cpu', {})) - before }
  await stage.clear()
  return cost
}

async function freshOrbit(): Promise<{ readonly put: Cost; readonly fetched: Cost }> {
  const near = stage.start<OrbitOperations>('orbitdb-peer.mjs')
  const far = stage.start<OrbitOperations>('orbitdb-peer.mjs')
  const { address: from } = await near.ask('start', { folder, name: 'orbit-near' })
  await far.ask('start', { folder, name: 'orbit-far' })
  const address = await near.ask('create', {})
  const put = await near.ask('put', { count: FRESH_RECORDS })
  const fetched = await far.ask('fetch', { address, from, count: FRESH_RECORDS })
  await stage.clear()
  return { put, fetched }
}

/** Lumos before and after its rival, so that what else the machine does hits both. */
export async function measureFresh(): Promise<void> {
  const ours: Cost[] = []
  for (let round = 0; round < FRESH_ROUNDS; round += 1) ours.push(await freshLumos())
  const { put, fetched } = await freshOrbit()
  for (let round = 0; round < FRESH_ROUNDS; round += 1) ours.push(await freshLumos())
  const mine = median(ours.map((cost) => cost.ms))
  const cpu = median(ours.map((cost) => cost.cpuMs))
  const all = ours.map((cost) => ms(cost.ms)).join(', ')
  const what = `${FRESH_RECORDS} records of 200 B to a fresh peer`
  row(`${what}: Lumos`, `${ms(mine)} (${all}); CPU there ${ms(cpu)}`, '')
  row(
    `${what}: OrbitDB`,
    `${ms(fetched.ms)}; CPU there ${ms(fetched.cpuMs)}; put ${ms(put.ms)}`,
    ''
  )
  row(what, `1/${(fetched.ms / mine).toFixed(0)} of OrbitDB’s time`, '≤ 1/30')
}

interface Pace {
  readonly count: number
  /** Between two of them, on average. */
  readonly pauseMs: number
}

interface Place {
  readonly lumos: Lumos
  readonly name: string
}

/** Puts one after the other at random places; by key, when each began. */
async function tell(places: readonly Place[], prefix: string, { count, pauseMs }: Pace) {
  const random = seededRandom(SEED)
  const began = new Map<string, number>()
  for (let index = 0; index < count; index += 1) {
    const place = places[Math.floor(random.next() * places.length)]
    await delay(2 * pauseMs * random.next())
    const key = prefix + String(index)
    began.set(key, nowMs())
    await place?.lumos.ask('putOne', { name: place.name, key })
  }
  return began
}

/** From each put until the last of `places` had heard of it. */
async function delaysAt(places: readonly Place[], began: ReadonlyMap<string, number>) {
  const heard = await Promise.all(places.map(({ lumos, name }) => lumos.ask('heard', { name })))
  return Array.from(began, ([key, at]) =>
    Math.max(...heard.map((keys) => (keys.get(key) ?? Infinity) - at))
  )
}

async function updates(tellers: readonly Place[], hearers: readonly Place[], pauseMs: number) {
  await Promise.all(hearers.map(({ lumos, name }) => lumos.ask('watch', { name })))
  await tell(tellers, 'live/warm/', { count: WARM_UP, pauseMs })
  const began = await tell(tellers, 'live/', { count: UPDATES, pauseMs })
  await delay(5000)
  const delays = await delaysAt(hearers, began)
  const [p50, p95, most] = [0.5, 0.95, 1 - 1e-9].map((share) => ms(quantile(delays, share)))
  return `one every ${pauseMs} ms: p50 ${p50}, p95 ${p95}, most ${most}`
}

export async function measureLive(): Promise<void> {
  const { near, far, address } = await startPair()
  await far.ask('connect', { name: 'far', address })
  await isEqual(far, 'far', 0)
  await delay(3000)
  const figures = await updates([{ lumos: near, name: 'near' }], [{ lumos: far, name: 'far' }], 20)
  row(`live update between two nodes, ${UPDATES}`, figures, 'p95 < 50 ms')
  await stage.clear()
}

/** Whoever writes hears of it too: all have it when the last of them has. */
export async function measureSwarm(): Promise<void> {
  const places: Place[] = []
  for (let each = 0; each < SWARM_PROCESSES; each += 1) {
    const lumos = startLumos()
    for (let index = 0; index < NODES_EACH; index += 1) {
      const name = `swarm-${each}-${index}`
      await lumos.ask('start', { folder, swarmKey, name, looks: true })
      places.push({ lumos, name })
    }
  }
  for (const { lumos, name } of places) await isEqual(lumos, name, 0)
  await delay(5000)
  const figures = await updates(places, places, 100)
  row(`update of one of ${places.length} nodes at all, ${UPDATES}`, figures, 'p95 < 250 ms')
  await stage.clear()
}

export async function measureHeal(): Promise<void> {
  const path = join(folder, 'near.sock')
  const link = await layBreakableLink(path)
  const { near, far } = await startPair({ listen: `/unix/${encodeURIComponent(path)}` })
  const places = [
    { lumos: near, name: 'near' },
    { lumos: far, name: 'far' }
  ]
  await near.ask('put', { name: 'near', prefix: 'key/', count: HEAL_RECORDS, inFlight: IN_FLIGHT })
  const begin = nowMs()
  await far.ask('connect', { name: 'far', address: link.address })
  await isEqual(far, 'far', HEAL_RECORDS)
  const cold = nowMs() - begin
  for (const { lumos, name } of places) await lumos.ask('watch', { name })
  const times: number[] = []
  const bytes: number[] = []
  for (let round = 0; round < HEAL_ROUNDS; round += 1) {
    link.refuses = true
    link.cut()
    await stage.until(async () => (await near.ask('peers', { name: 'near' })) === 0)
    const keys: string[] = []
    for (let index = 0; index < HEAL_DIFFERING; index += 1) {
      const { lumos, name } = places[index % 2] ?? { lumos: near, name: 'near' }
      const key = `live/heal/${round}/${index}`
      keys.push(key)
      await lumos.ask('putOne', { name, key })
    }
    link.refuses = false
    const [from, carried] = [nowMs(), link.carried]
    await far.ask('connect', { name: 'far', address: link.address })
    await stage.until(async () => {
      const heard = await Promise.all(places.map(({ lumos, name }) => lumos.ask('heard', { name })))
      return heard.every((known) => keys.every((key) => known.has(key)))
    })
    times.push(nowMs() - from)
    await delay(500)
    bytes.push((link.carried - carried) / 1000)
    await isEqual(far, 'far', HEAL_RECORDS + HEAL_DIFFERING)
  }
  row(`${HEAL_RECORDS} records to a fresh peer`, ms(cold), '')
  row(
    `heal of ${HEAL_DIFFERING} differing among ${HEAL_RECORDS}, ${HEAL_ROUNDS} times`,
    `${ms(median(times))} (most ${ms(Math.max(...times))}), ${median(bytes).toFixed(1)} kB (most ${Math.max(...bytes).toFixed(1)})`,
    '≤ 1 s, ≤ 50 kB'
  )
  await link.close()
  await stage.clear()
}
