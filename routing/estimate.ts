/** When a task would be finished at a worker, as far as can be told: the formula of docs/routing.md. */
import type { RouteProvider } from './directory-port.ts'
import type { Facts, WorkerFacts } from './facts.ts'

/** Assumed for a peer without a session: worse than a LAN, better than an ocean. */
const UNKNOWN_RTT_MS = 50
/** What handing over costs even without distance; keeps load meaningful between peers of one host. */
const FIXED_MS = 1
/** Assumed of an agent of which nothing is known: what admission assumes of its own (tasks/worker/admission.ts). */
const UNKNOWN_RUN_MS = 100
/** Assumed of a peer that never said: the default of `agents.concurrency`. */
const UNKNOWN_SLOTS = 4
/** So many runs worse is one that has its first task: it is to be known before it is given a second. */
const TRIAL = 10
/** What was measured of a queue is forgotten so fast: queues come and go. */
const QUEUE_MEMORY_MS = 10_000
/** And of runs and distances: a slow peer gets another chance after some minutes. */
const RUN_MEMORY_MS = 300_000
/** A worker that never succeeds is no more than so many times as expensive. */
const LEAST_SUCCESS = 0.02

export interface Estimate {
  /** There and back. */
  readonly rttMs: number
  /** Waiting for a place at the worker. */
  readonly queueMs: number
  readonly runMs: number
  /** The sum, or what the oldest task under way there has taken already if that is more. */
  readonly finishMs: number
  /** Above 0, at most 1. */
  readonly success: number
  /** Expected milliseconds until somebody has finished it, when failures are repeated. */
  readonly cost: number
  readonly inFlight: number
  /** Tasks of which the run time is known; 0 when it is a guess. */
  readonly measured: number
}

export interface EstimateInit {
  /** Round trip of the session with the peer. */
  readonly rttMs: number | undefined
  /** Monotonic milliseconds. */
  readonly now: number
}

export function estimate(
  facts: Facts,
  provider: RouteProvider,
  { rttMs: session, now }: EstimateInit
): Estimate {
  const own = facts.find(provider)
  const usualMs = facts.runMs(provider.agentId)?.quantile(0.5) ?? UNKNOWN_RUN_MS
  const distanceMs = provider.local ? 0 : (session ?? UNKNOWN_RTT_MS)
  const acceptMs = own?.acceptMs.average ?? 0
  const rttMs = Math.max(distanceMs, faded(acceptMs, { own, now, memoryMs: RUN_MEMORY_MS }))
  const runMs = own === undefined ? usualMs : runOf(own, usualMs, now)
  const queueMs = queueOf(provider, { own, runMs, now })
  const success = own?.success(now) ?? 1
  // What is under way tells of a worker that hangs before its first task has ended.
  const finishMs = Math.max(rttMs + FIXED_MS + queueMs + runMs, own?.oldestMs(now) ?? 0)
  return {
    rttMs,
    queueMs,
    runMs,
    finishMs,
    success,
    cost: finishMs / Math.max(LEAST_SUCCESS, success),
    inFlight: own?.inFlight ?? 0,
    measured: own?.runMs.size ?? 0
  }
}

/** Own measurements, which fade to what is usual. */
function runOf(own: WorkerFacts, usualMs: number, now: number): number {
  const { average, at } = own.runMs
  const weight = Math.exp((at - now) / RUN_MEMORY_MS)
  return average === undefined ? usualMs : usualMs + weight * (average - usualMs)
}

interface QueueInit {
  readonly own: WorkerFacts | undefined
  readonly runMs: number
  readonly now: number
}

/**
 * The longer of what was measured here and what follows from the load: the worker says how many of its
 * places are taken, and this node knows how many tasks it has there itself.
 */
function queueOf(
  { load = 0, slots = UNKNOWN_SLOTS }: RouteProvider,
  { own, runMs, now }: QueueInit
): number {
  const taken = Math.max(load * slots, own?.inFlight ?? 0)
  // Those before it, and those that others send meanwhile: the more likely, the busier it is (the
  // numerator of Sakasegawa's approximation for c servers, Annals Inst. Stat. Math. 29, 1977).
  const before = Math.max(0, taken + 1 - slots)
  const meanwhile = Math.min(1, taken / slots) ** Math.sqrt(2 * (slots + 1))
  const isOnTrial = own !== undefined && own.runMs.size === 0 && own.inFlight > 0
  const expectedMs = runMs * ((before + meanwhile) / slots + (isOnTrial ? TRIAL : 0))
  const { average = 0, at = 0 } = own?.queueMs ?? {}
  const measuredMs = average * Math.exp((at - now) / QUEUE_MEMORY_MS)
  return Math.max(expectedMs, measuredMs)
}

function faded(
  ms: number,
  { own, now, memoryMs }: Pick<QueueInit, 'own' | 'now'> & { readonly memoryMs: number }
): number {
  return own === undefined ? 0 : ms * Math.exp((own.acceptMs.at - now) / memoryMs)
}
