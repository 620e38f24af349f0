/** Takes calculations in turn, keeps one warm process for them, and kills it when it must. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { CalculationDone } from './calculation.ts'
import { type CalculatorProcess, startCalculatorProcess } from './calculator-process.ts'

/** Why a calculation has no result although nothing is broken: told to the caller. */
export class CalculationFailed extends Error {}

export interface CalculatorComponents {
  readonly clock: Clock
  /** Starts the process; tests put another in its place. */
  readonly start?: () => CalculatorProcess
}

export interface Calculator {
  /**
   * Rejects with {@link CalculationFailed} when the expression is wrong or asks too much, OVERLOADED
   * when too many wait, or the reason of `signal`.
   */
  evaluate(expression: string, signal: AbortSignal): Promise<string>
  /** Resolves when no process is left. */
  stop(): Promise<void>
}

export function createCalculator({
  clock,
  start = startCalculatorProcess
}: CalculatorComponents): Calculator {
  const keeper = createKeeper(start)
  let waiting = 0
  const takeTurn = createTurns()
  let cancelIdle: (() => void) | undefined

  async function perform(expression: string, signal: AbortSignal): Promise<CalculationDone> {
    const current = keeper.warm()
    try {
      current.hold(true)
      await within(current.ready, { clock, signal, ms: LIMITS.calcStart.value })
      return await within(ask(current, expression), { clock, signal, ms: LIMITS.calcTime.value })
    } catch (error) {
      keeper.kill()
      throw error
    } finally {
      current.hold(false)
    }
  }

  return {
    async evaluate(expression, signal) {
      if (waiting >= LIMITS.calcQueue.value) {
        throw new LumosError('OVERLOADED', { details: { retryAfterMs: LIMITS.calcTime.value } })
      }
      const { turn, finish } = takeTurn()
      waiting++
      cancelIdle?.()
      try {
        await unlessAborted(turn, signal)
        const { text, failed } = await perform(expression, signal)
        if (failed) throw new CalculationFailed(text)
        return text
      } finally {
        finish()
        if (--waiting === 0) cancelIdle = clock.after(LIMITS.calcIdle.value, () => keeper.kill())
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
async function ask(process: CalculatorProcess, expression: string): Promise<CalculationDone> {
  try {
    return await process.calculate(expression)
  } catch (cause) {
    throw new CalculationFailed('it needs more memory than a calculation may have', { cause })
  }
}

interface Keeper {
  /** The process that is kept warm; started when there is none. */
  warm(): CalculatorProcess
  kill(): void
  /** Resolves when every process ever started is gone. */
  allGone(): Promise<unknown>
}

function createKeeper(start: () => CalculatorProcess): Keeper {
  const alive = new Set<CalculatorProcess>()
  let kept: CalculatorProcess | undefined

  async function forget(process: CalculatorProcess): Promise<void> {
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
    throw new CalculationFailed(`it takes longer than ${ms / 1000} s`)
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
