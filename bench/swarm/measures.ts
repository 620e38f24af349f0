/** What several phases measure alike: lookups, delegations, who is found by whom, what memory holds. */
import { setTimeout as delay } from 'node:timers/promises'
import { nowMs } from '../memory/clock.ts'
import { measuredText, round, spreadOf, successOf } from './figures.ts'
import type { Spread } from './figures.ts'
import type { Held } from './host.ts'
import type { Tries } from './host-work.ts'
import { indexesOf, seedOf, targetPeers } from './stage.ts'
import type { Stage } from './stage.ts'

/** Longer than any promise: what is late is told as late. */
export const PATIENCE_MS = 60_000
const EQUAL_LOOK_MS = 250

export interface Measured extends Spread {
  /** Share, 0 to 1. */
  readonly success: number
  /** The first few. */
  readonly failures: readonly string[]
}

export function measuredOf(tries: readonly Tries[]): Measured {
  return {
    ...spreadOf(tries.flatMap(({ times }) => times)),
    success: successOf(tries),
    failures: tries.flatMap(({ failures }) => failures).slice(0, 5)
  }
}

export interface MeasureInit {
  /** In all. */
  readonly count: number
  readonly hosts?: readonly number[]
}

function batchOf({ fleet, random }: Stage, { count, hosts = fleet.hosts }: MeasureInit) {
  const asking = hosts.filter((host) => fleet.of(host).some(({ since }) => since !== undefined))
  const targets = indexesOf(fleet.running().filter(({ host }) => hosts.includes(host)))
  const each = Math.max(1, Math.round(count / asking.length))
  const batch = (inFlight: number) => () => ({
    count: each,
    inFlight,
    targets,
    seed: seedOf(random)
  })
  return { asking, batch }
}

export async function lookUps(stage: Stage, init: MeasureInit): Promise<Measured> {
  const { asking, batch } = batchOf(stage, init)
  const one = batch(1)
  return measuredOf(await Promise.all(asking.map((host) => stage.fleet.ask(host, 'lookUp', one()))))
}

/** A crowd announces over some time; nobody is found by the DHT before. */
export async function untilAnnounced({ fleet }: Stage): Promise<void> {
  await fleet.each('whenAnnounced', { timeoutMs: 4 * PATIENCE_MS })
}

/** One after the other in each process: a hundred at once would measure the queue. */
export async function dhtLookUps(stage: Stage, init: MeasureInit): Promise<Measured> {
  const { asking, batch } = batchOf(stage, init)
  const peers = new Map(stage.fleet.running().map(({ index, peer }) => [index, peer]))
  const one = batch(1)
  const tries: Tries[] = []
  for (const host of asking)
    tries.push(await stage.fleet.ask(host, 'lookUpByDht', { ...one(), peers }))
  return measuredOf(tries)
}

/** Two in flight in all, so that it is the way of a task that is timed and not the queue before two cores. */
export async function delegations(stage: Stage, init: MeasureInit): Promise<Measured> {
  const { asking, batch } = batchOf(stage, init)
  const one = batch(1)
  const left = [...asking]
  const tries: Tries[] = []
  async function next(): Promise<void> {
    for (let host = left.pop(); host !== undefined; host = left.pop()) {
      tries.push(await stage.fleet.ask(host, 'delegate', one()))
    }
  }
  await Promise.all([next(), next()])
  return measuredOf(tries)
}

export interface Reached {
  /** Milliseconds since `since` until the last; NaN when some never were. */
  readonly lastMs: number
  readonly p50Ms: number
  readonly missing: number
}

function reachedOf(held: readonly Held[], since: number): Reached {
  const missing = held.reduce((sum, each) => sum + each.missing, 0)
  const { p50, most } = spreadOf(held.flatMap(({ at }) => at.map((time) => time - since)))
  return { lastMs: missing === 0 ? most : NaN, p50Ms: p50, missing }
}

/** For people, with how many were waited for in vain. */
export function reachedText({ lastMs, missing }: Reached): string {
  const without = missing > 0 ? ` (${missing} without)` : ''
  return `${measuredText(lastMs, 'ms')}${without}`
}

/** Until each node that runs has its session peers. */
export async function untilMeshed({ fleet }: Stage, since: number): Promise<Reached> {
  const target = targetPeers(fleet.running().length)
  return reachedOf(await fleet.each('whenMeshed', { target, timeoutMs: PATIENCE_MS }), since)
}

/** Until each node finds the skill of each, itself included. */
export async function untilFound(
  { fleet }: Stage,
  since: number,
  hosts?: readonly number[]
): Promise<Reached> {
  const among = fleet.running().filter(({ host }) => hosts?.includes(host) ?? true)
  const init = { owners: indexesOf(among), timeoutMs: PATIENCE_MS }
  return reachedOf(await fleet.each('whenFound', init, hosts), since)
}

/** Until nobody who runs has any of the peers in its directory. */
export async function untilGone(
  { fleet }: Stage,
  { peers, since }: { readonly peers: readonly string[]; readonly since: number },
  hosts?: readonly number[]
): Promise<Reached> {
  return reachedOf(await fleet.each('whenGone', { peers, timeoutMs: PATIENCE_MS }, hosts), since)
}

export interface Equal {
  /** Milliseconds; NaN when they never were. */
  readonly ms: number
  readonly keys: number
}

/** Until all who run hold the same, and at least so many keys. */
export async function untilEqual({ fleet }: Stage, atLeast: number, since: number): Promise<Equal> {
  const until = nowMs() + 2 * PATIENCE_MS
  for (;;) {
    const contents = (await fleet.each('contents', {})).flat()
    const keys = Math.min(...contents.map((each) => each.keys))
    const roots = new Set(contents.map(({ root }) => root)).size
    if (roots === 1 && keys >= atLeast) return { ms: round(nowMs() - since), keys }
    if (nowMs() >= until) return { ms: NaN, keys }
    await delay(EQUAL_LOOK_MS)
  }
}
