/** Takes jobs in turn, keeps one warm process for them, and kills it when it must. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { unlessAborted } from '../../core/unless-aborted.ts'
import type { ConfinedProcess } from './confined-process.ts'
import type { JobDone } from './job.ts'

/** Why a job has no result although nothing is broken: told to whoever wanted it. */
export class JobFailed extends Error {}

export interface ConfinedWorkerComponents<Work extends Json, Result extends Json> {
  readonly clock: Clock
  readonly start: () => ConfinedProcess<Work, Result>
}

export interface ConfinedWorkerInit {
  /** Milliseconds that loading the code may take. */
  readonly startMs: number
  /** Milliseconds that one job may take. */
  readonly timeMs: number
  /** Milliseconds without work after which the process gives its memory back. */
  readonly idleMs: number
  /** Jobs that may wait, the one at work included. */
  readonly queue: number
}

export interface ConfinedWorker<Work extends Json, Result extends Json> {
  /**
   * Rejects with {@link JobFailed} when the job is wrong or asks too much, OVERLOADED when too many
   * wait, or the reason of `signal`.
   */
  perform(work: Work, signal: AbortSignal): Promise<Result>
  /** Resolves when no process is left. */
  stop(): Promise<void>
}

export function createConfinedWorker<Work extends Json, Result extends Json>(
  { clock, start }: ConfinedWorkerComponents<Work, Result>,
  { startMs, timeMs, idleMs, queue }: ConfinedWorkerInit
): ConfinedWorker<Work, Result> {
  const keeper = createKeeper(start)
  let waiting = 0
  const takeTurn = createTurns()
  let cancelIdle: (() => void) | undefined

  async function attempt(work: Work, signal: AbortSignal): Promise<JobDone<Result>> {
    signal.throwIfAborted()
    const current = keeper.warm()
    let isAsked = false
    try {
      current.hold(true)
      await within(current.ready, { clock, signal, ms: startMs })
      isAsked = true
      return await within(ask(current, work), { clock, signal, ms: timeMs })
    } catch (error) {
      // One that still starts is as good for the next: to start another stops this node for up to 0.1 s (measured).
      if (isAsked || !signal.aborted) keeper.kill()
      throw error
    } finally {
      current.hold(false)
    }
  }

  return {
    async perform(work, signal) {
      if (waiting >= queue) {
        throw new LumosError('OVERLOADED', { details: { retryAfterMs: timeMs } })
      }
      const { turn, finish } = takeTurn()
      waiting++
      cancelIdle?.()
      try {
        await unlessAborted(turn, signal)
        const done = await attempt(work, signal)
        if ('failed' in done) throw new JobFailed(done.failed)
        return done.value
      } finally {
        finish()
        if (--waiting === 0) cancelIdle = clock.after(idleMs, () => keeper.kill())
      }
    },
    async stop() {
      cancelIdle?.()
      keeper.kill()
      await keeper.allGone()
    }
  }
}

/** A process that dies at work has met the memory limit: nothing else in it can end it. */
async function ask<Work extends Json, Result extends Json>(
  process: ConfinedProcess<Work, Result>,
  work: Work
): Promise<JobDone<Result>> {
  try {
    return await process.perform(work)
  } catch (cause) {
    throw new JobFailed('it needs more memory than it may have', { cause })
  }
}
type Mortal = Pick<ConfinedProcess<Json, Json>, 'kill' | 'gone'>

interface Keeper<Process> {
  /** The process that is kept warm; started when there is none. */
  warm(): Process
  kill(): void
  /** Resolves when every process ever started is gone. */
  allGone(): Promise<unknown>
}

function createKeeper<Process extends Mortal>(start: () => Process): Keeper<Process> {
  const alive = new Set<Process>()
  let kept: Process | undefined

  async function forget(process: Process): Promise<void> {
    await process.gone
    alive.delete(process)
    if (kept === process) kept = undefined
  }

  return {
    warm() {
      if (kept !== undefined) return kept
      kept = start()
      alive.add(kept)
      void forget(kept)
      return kept
    },
    kill() {
      kept?.kill()
      kept = undefined
    },
    allGone: () => Promise.all(Array.from(alive, ({ gone }) => gone))
  }
}

/** Hands out turns: each begins when all before it have finished. */
function createTurns(): () => { readonly turn: Promise<void>; readonly finish: () => void } {
  let last = Promise.resolve()
  return () => {
    const turn = last
    const { promise, resolve } = Promise.withResolvers<void>()
    last = turn.then(() => promise)
    return { turn, finish: resolve }
  }
}

interface Bounds {
  readonly clock: Clock
  readonly ms: number
  readonly signal: AbortSignal
}

async function within<T>(work: Promise<T>, { clock, ms, signal }: Bounds): Promise<T> {
  const timeout = clock.timeout(ms)
  try {
    return await unlessAborted(work, AbortSignal.any([signal, timeout]))
  } catch (error) {
    if (!timeout.aborted || signal.aborted) throw error
    throw new JobFailed(`it takes longer than ${ms / 1000} s`)
  }
}
