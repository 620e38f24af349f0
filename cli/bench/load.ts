/** Keeps a number of callers busy for a while, and counts what becomes of what they ask for. */
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import type { LumosError } from '../../core/errors.ts'
import { createLatencies } from './latencies.ts'
import type { Latencies } from './latencies.ts'

/** What one operation came to. */
export interface Act {
  /** Of the node that did it. */
  readonly node?: string
  /** Payload, there and back. */
  readonly bytes?: number
  /** Measured nearer to the thing than by its caller. */
  readonly ms?: number
  /** Until the first part of an answer that comes in parts. */
  readonly firstMs?: number
  /** How often it was turned away before it was done. */
  readonly refused?: number
}

export interface Load {
  readonly callers: number
  readonly durationMs: number
  /** Called again and again by each caller; `turn` counts up for each. */
  readonly act: (caller: number, turn: number) => Promise<Act>
  /** About every second, with the second that has passed. */
  readonly onSecond?: (second: Second, total: Total) => void
}

/** One second of a run. */
export interface Second {
  readonly number: number
  readonly done: number
  readonly refused: number
  readonly failed: number
  readonly latencies: Latencies
}

export interface Total {
  readonly done: number
  /** Turned away since there was too much: the other side kept to its limits. */
  readonly refused: number
  /** By code. */
  readonly errors: ReadonlyMap<string, number>
  readonly bytes: number
  /** Operations by node. */
  readonly byNode: ReadonlyMap<string, number>
  readonly latencies: Latencies
  readonly first: Latencies
  /** From the first operation to the end of the last. */
  readonly tookMs: number
}

/** Codes by which a node says that there is too much just now, and that it is all right otherwise. */
const REFUSALS: ReadonlySet<string> = new Set([
  'OVERLOADED',
  'SESSION_LIMIT',
  'QUOTA_EXCEEDED',
  'AUTH_RATE_LIMITED'
])
const SECOND_MS = 1000
/** Who is turned away without being told for how long. */
const USUAL_WAIT_MS = 100
const LONGEST_WAIT_MS = 2000

export function isRefusal(code: string): boolean {
  return REFUSALS.has(code)
}

/** Ends once the time is over and what was begun is done; rejects with the reason of `signal`. */
export async function putLoad(clock: Clock, load: Load, signal: AbortSignal): Promise<Total> {
  const counts = createCounts()
  const begun = clock.monotonic()
  const end = begun + load.durationMs
  const over = new AbortController()
  const seconds = tellSeconds()

  async function tellSeconds(): Promise<void> {
    const stop = AbortSignal.any([signal, over.signal])
    for (let number = 1; await clock.sleep(SECOND_MS, stop); number += 1) {
      load.onSecond?.(counts.second(number), counts.total(clock.monotonic() - begun))
    }
  }

  async function call(caller: number): Promise<void> {
    for (let turn = 0; clock.monotonic() < end; turn += 1) {
      signal.throwIfAborted()
      const sent = clock.monotonic()
      try {
        // oxlint-disable-next-line no-await-in-loop -- a caller has one thing in the air
        const act = await load.act(caller, turn)
        counts.done(act, clock.monotonic() - sent)
      } catch (error) {
        signal.throwIfAborted()
        const waitMs = counts.trouble(toLumosError(error))
        // oxlint-disable-next-line no-await-in-loop -- as above
        await clock.sleep(Math.min(waitMs, Math.max(1, end - clock.monotonic())), signal)
      }
    }
  }

  try {
    await Promise.all(Array.from({ length: load.callers }, (_, caller) => call(caller)))
  } finally {
    over.abort()
    await seconds
  }
  return counts.total(clock.monotonic() - begun)
}

function createCounts() {
  const all = createCount()
  let now = createCount()
  const errors = new Map<string, number>()
  const byNode = new Map<string, number>()
  const first = createLatencies()
  let bytes = 0
  return {
    done(act: Act, tookMs: number): void {
      for (const count of [all, now]) {
        count.done += 1
        count.refused += act.refused ?? 0
        count.latencies.add(act.ms ?? tookMs)
      }
      bytes += act.bytes ?? 0
      if (act.firstMs !== undefined) first.add(act.firstMs)
      if (act.node !== undefined) byNode.set(act.node, (byNode.get(act.node) ?? 0) + 1)
    },
    /** Milliseconds that the caller should wait. */
    trouble({ code, details }: LumosError): number {
      const refused = isRefusal(code)
      for (const count of [all, now]) {
        if (refused) count.refused += 1
        else count.failed += 1
      }
      if (!refused) errors.set(code, (errors.get(code) ?? 0) + 1)
      const told = Number(details['retryAfterMs'])
      return Math.min(LONGEST_WAIT_MS, told > 0 ? told : USUAL_WAIT_MS)
    },
    second(number: number): Second {
      const second = { number, ...now }
      now = createCount()
      return second
    },
    total(tookMs: number): Total {
      const { done, refused, latencies } = all
      return { done, refused, errors, bytes, byNode, latencies, first, tookMs }
    }
  }
}

function createCount() {
  return { done: 0, refused: 0, failed: 0, latencies: createLatencies() }
}
