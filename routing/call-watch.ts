/** Reads what one task at one worker teaches off the events that pass by. */
import type { StreamResponse, TaskState } from '../core/a2a.ts'
import { TERMINAL_STATES } from '../core/a2a.ts'
import type { Clock } from '../core/clock.ts'
import type { ErrorCode, LumosError } from '../core/errors.ts'
import type { Bans } from './bans.ts'
import type { BreakerCall } from './breaker.ts'
import { NO_CALL_METER } from './call-meter.ts'
import type { CallMeter, CallOutcome } from './call-meter.ts'
import type { Facts, WorkerFacts, WorkerKey } from './facts.ts'
import { pushbackOf } from './pushback.ts'
import { isWorthKeeping } from './race.ts'

/** One task at one worker, as it is seen from here. */
export interface Call {
  heard(update: StreamResponse): void
  failed(error: LumosError): void
  /** Nobody listens any more, whatever came of it; after `heard` and `failed`, too. */
  closed(): void
}

export interface CallWatchComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly facts: Facts
  readonly bans: Bans
  readonly meter?: CallMeter | undefined
}

/** Nobody was there, or said at once that nobody is: asked again soon. */
const REFUSED_BAN_MS = 1000
/** It fell silent: until the heartbeat of its session tells, which takes 15 s, it is not asked again. */
const SILENT_BAN_MS = 16_000

const BANS: Partial<Record<ErrorCode, number>> = {
  PEER_UNREACHABLE: REFUSED_BAN_MS,
  SESSION_CLOSED: REFUSED_BAN_MS,
  SHUTTING_DOWN: REFUSED_BAN_MS,
  STREAM_TRUNCATED: REFUSED_BAN_MS,
  TIMED_OUT: SILENT_BAN_MS,
  STREAM_IDLE: SILENT_BAN_MS,
  WRITE_STALLED: SILENT_BAN_MS
}

/** The request is at fault, or somebody changed their mind: that says nothing of the worker. */
const NOT_ITS_FAULT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TASK_CONFLICT',
  'TASK_GONE',
  'INVALID_REQUEST',
  'ASKED_TOO_DEEP',
  'ASKED_IN_CIRCLE',
  'PAYLOAD_TOO_LARGE',
  'CANCELLED',
  'FORBIDDEN',
  'OVERLOADED'
])

export function watchCall(components: CallWatchComponents, key: WorkerKey): Call {
  return new CallWatch(components, key)
}

class CallWatch implements Call {
  readonly #parts: CallWatchComponents
  readonly #own: WorkerFacts
  readonly #meter: CallMeter
  readonly #sentAt: number
  readonly #breakerCall: BreakerCall
  #acceptedAt: number | undefined
  #begunAt: number | undefined
  #hasEvent = false
  #hasAnswer = false
  #over = false

  constructor(parts: CallWatchComponents, key: WorkerKey) {
    this.#parts = parts
    this.#own = parts.facts.of(key)
    this.#sentAt = parts.clock.monotonic()
    this.#breakerCall = this.#own.breaker.begin(this.#sentAt)
    this.#own.askedAt = this.#sentAt
    this.#own.underWay.set(this, this.#sentAt)
    this.#meter = parts.meter ?? NO_CALL_METER
    this.#meter.sent(this.#own)
  }

  heard(update: StreamResponse): void {
    const { task, statusUpdate, artifactUpdate } = update
    const now = this.#parts.clock.monotonic()
    const isFirst = this.#acceptedAt === undefined
    if (isFirst) this.#accepted(now)
    const status = (task ?? statusUpdate)?.status
    const ends = status !== undefined && TERMINAL_STATES.has(status.state)
    const says = artifactUpdate !== undefined || status?.message !== undefined || ends
    if (status?.state === 'TASK_STATE_WORKING' || artifactUpdate !== undefined) this.#begun(now)
    if (says && !this.#hasEvent) {
      this.#hasEvent = true
      this.#parts.facts.learn(this.#own, 'firstEventMs', now - this.#sentAt)
    }
    if (!this.#hasAnswer && isWorthKeeping(update)) {
      this.#hasAnswer = true
      this.#parts.facts.learn(this.#own, 'answerMs', now - this.#sentAt)
    }
    if (!ends) return
    // Accepted and ended in one word: the way there and back is part of the run that cannot be told.
    if (isFirst) this.#beginsAt(this.#sentAt)
    this.#ended(status.state, now)
  }

  failed(error: LumosError): void {
    const { code } = error
    const retryAfterMs = pushbackOf(error)
    const now = this.#parts.clock.monotonic()
    if (code === 'OVERLOADED' && retryAfterMs !== undefined) {
      this.#own.notBefore = now + retryAfterMs
    }
    // Not less than this: the next one is waited for longer.
    if (code === 'TIMED_OUT' && this.#acceptedAt === undefined) {
      this.#own.acceptMs.add(now - this.#sentAt, now)
    }
    const banMs = BANS[code]
    if (banMs !== undefined) this.#parts.bans.ban(this.#own.peer, banMs)
    this.#end(NOT_ITS_FAULT.has(code) ? 'neither' : 'failure')
  }

  closed(): void {
    const since = this.#begunAt ?? this.#acceptedAt ?? Infinity
    const atLeastMs = this.#parts.clock.monotonic() - since
    const isNew = atLeastMs > (this.#own.runMs.average ?? 0)
    // The loser of a race, say: how long it would have taken is unknown, but not less than this.
    if (!this.#over && isNew) this.#parts.facts.learn(this.#own, 'runMs', atLeastMs)
    // Who lost to a second worker is no proof that answers come sooner.
    if (!this.#over && !this.#hasAnswer) this.#unanswered()
    this.#end('neither')
  }

  #unanswered(): void {
    const { facts, clock } = this.#parts
    const waitedMs = clock.monotonic() - this.#sentAt
    const usualMs = facts.answerMs(this.#own.agentId)?.quantile(0.5) ?? 0
    if (waitedMs > usualMs) facts.learn(this.#own, 'answerMs', waitedMs)
  }

  #accepted(now: number): void {
    this.#acceptedAt = now
    this.#own.acceptMs.add(now - this.#sentAt, now)
    this.#own.notBefore = 0
    this.#parts.bans.clear(this.#own.peer)
  }

  /** Work that is over in one word began when it was taken. */
  #begun(now: number, at = now): void {
    if (this.#begunAt !== undefined) return
    this.#beginsAt(at)
    this.#own.queueMs.add(at - (this.#acceptedAt ?? this.#sentAt), now)
  }

  #beginsAt(at: number): void {
    if (this.#begunAt === undefined) this.#meter.begun(this.#own)
    this.#begunAt = at
  }

  #ended(state: TaskState, now: number): void {
    this.#begun(now, this.#acceptedAt)
    if (state === 'TASK_STATE_COMPLETED') {
      this.#parts.facts.learn(this.#own, 'runMs', now - (this.#begunAt ?? this.#sentAt))
      this.#end('success')
    } else this.#end(state === 'TASK_STATE_FAILED' ? 'failure' : 'neither')
  }

  #end(outcome: CallOutcome): void {
    if (this.#over) return
    this.#over = true
    const now = this.#parts.clock.monotonic()
    const { breaker } = this.#own
    const wasOpen = breaker.state(now) === 'open'
    this.#own.underWay.delete(this)
    breaker.end(this.#breakerCall, outcome, now)
    if (!wasOpen && breaker.state(now) === 'open') this.#meter.breakerOpened(this.#own)
    const tookMs = now - this.#sentAt
    this.#meter.ended(this.#own, { outcome, begun: this.#begunAt !== undefined, tookMs })
    if (outcome !== 'neither') this.#own.count(outcome === 'success', now)
  }
}
