/** Looks at the node every few seconds and keeps what it saw: often while somebody watches, seldom otherwise. */
import type { TaskVitals, VitalsSample } from '../../client/vitals-api.ts'
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LIMITS } from '../../core/limits.ts'
import type { MinuteReport } from '../../core/minute-window.ts'
import type { LoopDelay } from './loop-monitor.ts'

export const USUAL_MS = 5000
export const WATCHED_MS = 1000
/** Who has not asked for so long watches no more. */
export const WATCH_ENDS_MS = 10_000

/** Tasks of one direction: totals since the start, what there is now, and the last minute. */
export interface TaskReading {
  readonly completed: number
  readonly failed: number
  readonly running: number
  readonly queued: number
  readonly minute: MinuteReport
}

/** All that a sample is made of. Counts are totals since the start of the process. */
export interface Reading {
  readonly cpuMs: number
  readonly rssBytes: number
  readonly heapBytes: number
  /** Since the reading before. */
  readonly loop: LoopDelay
  readonly bytesIn: number
  readonly bytesOut: number
  readonly tasksIn: TaskReading
  readonly tasksOut: TaskReading
  readonly gossip: number
  readonly gossipDuplicates: number
  readonly memoryWrites: number
  readonly sessions: number
  readonly connections: { readonly direct: number; readonly relay: number }
}

export interface VitalSignsComponents {
  readonly clock: Pick<Clock, 'now' | 'monotonic' | 'after'>
  readonly read: () => Reading
  /** Called after each look, with the milliseconds since the one before. */
  readonly onLook?: (overMs: number) => void
}

export interface VitalSigns extends Component {
  /** The latest, and from now on often; one that is younger than WATCHED_MS will do. */
  look(): VitalsSample
  /** Those after the one of that number, oldest first. */
  since(seq: number): readonly VitalsSample[]
}

export function createVitalSigns(components: VitalSignsComponents): VitalSigns {
  return new Sampler(components)
}

class Sampler implements VitalSigns {
  readonly #parts: VitalSignsComponents
  #samples: VitalsSample[] = []
  #before: { readonly reading: Reading; readonly at: number }
  #seq = 0
  #askedAt = -Infinity
  #running = false
  #cancel: (() => void) | undefined

  constructor(parts: VitalSignsComponents) {
    this.#parts = parts
    this.#before = { reading: parts.read(), at: parts.clock.monotonic() }
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    this.#wait()
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#cancel?.()
  }

  look(): VitalsSample {
    const now = this.#parts.clock.monotonic()
    this.#askedAt = now
    const latest = this.#samples.at(-1)
    if (latest !== undefined && now - this.#before.at < WATCHED_MS) return latest
    const sample = this.#take()
    // What was to be looked at in some seconds is looked at in one.
    if (this.#running) this.#wait()
    return sample
  }

  since(seq: number): readonly VitalsSample[] {
    const newest = this.#samples.at(-1)?.seq ?? 0
    // A number that was never given is of another process.
    if (seq > newest) return this.#samples
    return this.#samples.filter((sample) => sample.seq > seq)
  }

  #wait(): void {
    const { clock } = this.#parts
    this.#cancel?.()
    const isWatched = clock.monotonic() - this.#askedAt < WATCH_ENDS_MS
    this.#cancel = clock.after(isWatched ? WATCHED_MS : USUAL_MS, () => {
      this.#take()
      this.#wait()
    })
  }

  #take(): VitalsSample {
    const { clock, read, onLook } = this.#parts
    const { reading: before, at } = this.#before
    const now = clock.monotonic()
    const reading = read()
    this.#before = { reading, at: now }
    this.#seq += 1
    const overMs = Math.round(now - at)
    const sample = {
      seq: this.#seq,
      at: new Date(clock.now()).toISOString(),
      overMs,
      ...between(before, reading, Math.max(1, now - at))
    }
    this.#samples.push(sample)
    if (this.#samples.length > LIMITS.vitalsSamples.value) this.#samples.shift()
    onLook?.(overMs)
    return sample
  }
}

function between(
  before: Reading,
  now: Reading,
  ms: number
): Omit<VitalsSample, 'seq' | 'at' | 'overMs'> {
  const { cpuMs, loop, bytesIn, bytesOut, tasksIn, tasksOut, connections, ...rest } = now
  const { gossip, gossipDuplicates, memoryWrites, ...levels } = rest
  const rate = (from: number, to: number): number => rounded((Math.max(0, to - from) / ms) * 1000)
  return {
    ...levels,
    connections,
    cpu: rounded((cpuMs - before.cpuMs) / ms),
    loopP99Ms: loop.p99Ms,
    loopMaxMs: loop.maxMs,
    bytesIn: rate(before.bytesIn, bytesIn),
    bytesOut: rate(before.bytesOut, bytesOut),
    tasksIn: tasksBetween(before.tasksIn, tasksIn, rate),
    tasksOut: tasksBetween(before.tasksOut, tasksOut, rate),
    gossip: rate(before.gossip, gossip),
    gossipDuplicates: rate(before.gossipDuplicates, gossipDuplicates),
    memoryWrites: rate(before.memoryWrites, memoryWrites)
  }
}

function tasksBetween(
  before: TaskReading,
  now: TaskReading,
  rate: (from: number, to: number) => number
): TaskVitals {
  const { completed, failed, running, queued, minute } = now
  return {
    started: rate(startedOf(before), startedOf(now)),
    completed: rate(before.completed, completed),
    failed: rate(before.failed, failed),
    running,
    queued,
    p50Ms: minute.p50Ms,
    p95Ms: minute.p95Ms,
    errorRate: minute.done === 0 ? 0 : rounded(minute.failed / minute.done)
  }
}

/** What has ended, and what has not. */
function startedOf({ completed, failed, running }: TaskReading): number {
  return completed + failed + running
}

/** Three digits behind the point are more than anybody reads. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
