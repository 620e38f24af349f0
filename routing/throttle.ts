/**
 * Keeps what an overloaded worker would refuse anyway from reaching it: to refuse costs it time as well.
 *
 * Client-side adaptive throttling (Beyer et al., "Site Reliability Engineering", 2016, chapter 21):
 * a task is refused here with the probability (requests - K * accepts) / (requests + 1).
 */
import type { Clock } from '../core/clock.ts'
import { LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Random } from '../core/random.ts'
import { RecentMap } from '../core/recent-map.ts'
import type { WorkerKey } from './facts.ts'
import { pushbackOf } from './pushback.ts'

/** So many are sent for each that is taken: fewer, and a worker that has recovered is found out late (K of the book). */
const SENT_PER_ACCEPTED = 2
/** What is remembered fades by e^(-t / 10 s), as measured queues do; after the two minutes of the book it takes minutes to notice that a worker has recovered. */
const MEMORY_MS = 10_000
/** Whatever was learnt, one task goes through after so long. */
const PROBE_MS = 1000
const RETRY_AFTER_MIN_MS = 50

export interface ThrottleComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly random: Random
}

export interface Throttle {
  /** OVERLOADED with the time the worker asked for last, when a task for it is to be refused here. */
  refusal(worker: WorkerKey): LumosError | undefined
  accepted(worker: WorkerKey): void
  /** It answered with OVERLOADED. */
  refused(worker: WorkerKey, error: LumosError): void
}

/** What came of the tasks for an agent at one peer. Neither counts those that nobody answered. */
interface Answers {
  /** Those refused here count as well: else it would be forgotten how many are wanted. */
  requests: number
  accepts: number
  countedAt: number
  sentAt: number
  retryAfterMs: number
}

export function createThrottle({ clock, random }: ThrottleComponents): Throttle {
  /** The one changed longest ago first. */
  const workers = new RecentMap<string, Answers>(LIMITS.routedWorkers.value)

  function remember(name: string): Answers {
    const now = clock.monotonic()
    const known = workers.get(name) ?? {
      requests: 0,
      accepts: 0,
      countedAt: now,
      sentAt: now,
      retryAfterMs: RETRY_AFTER_MIN_MS
    }
    workers.set(name, known)
    return fade(known, now)
  }

  return {
    refusal(worker) {
      const known = workers.get(nameOf(worker))
      if (known === undefined) return undefined
      const now = clock.monotonic()
      const { requests, accepts, sentAt, retryAfterMs } = fade(known, now)
      const chance = (requests - SENT_PER_ACCEPTED * accepts) / (requests + 1)
      if (now - sentAt >= PROBE_MS || random.next() >= chance) {
        known.sentAt = now
        return undefined
      }
      known.requests += 1
      return new LumosError('OVERLOADED', { details: { retryAfterMs } })
    },
    accepted(worker) {
      const known = remember(nameOf(worker))
      known.requests += 1
      known.accepts += 1
    },
    refused(worker, error) {
      const retryAfterMs = pushbackOf(error)
      const known = remember(nameOf(worker))
      known.requests += 1
      if (retryAfterMs === undefined) return
      known.retryAfterMs = Math.max(RETRY_AFTER_MIN_MS, retryAfterMs)
    }
  }
}

function nameOf({ peer, agentId }: WorkerKey): string {
  return `${peer} ${agentId}`
}

function fade(answers: Answers, now: number): Answers {
  const factor = Math.exp((answers.countedAt - now) / MEMORY_MS)
  answers.requests *= factor
  answers.accepts *= factor
  answers.countedAt = now
  return answers
}
