/** Keeps every tool to its limits: so many calls at the same time, so many in a minute. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import type { TokenBucket } from '../../core/token-bucket.ts'
import type { Tool } from './tool.ts'

export interface Gates {
  /**
   * Resolves when the tool has a place for the call, to what gives the place back.
   *
   * @throws TOOL_BUSY; the reason of `signal`
   */
  enter(tool: Tool, signal: AbortSignal): Promise<() => void>
}

interface Gate {
  readonly bucket: TokenBucket | undefined
  free: number
  readonly waiting: Set<() => void>
}

/** A tool that is gone takes its gate along; the next version of it begins anew. */
export function createGates({ clock }: { readonly clock: Pick<Clock, 'monotonic'> }): Gates {
  const gates = new WeakMap<object, Gate>()

  function gateOf(tool: Tool): Gate {
    const { limitedAs = tool } = tool
    const known = gates.get(limitedAs)
    if (known !== undefined) return known
    const { concurrency = LIMITS.toolConcurrency.value } = tool
    const rate = rateOf(tool)
    const gate = {
      bucket:
        rate === undefined
          ? undefined
          : createTokenBucket({ clock }, { rate: rate / 60, burst: rate }),
      free: concurrency,
      waiting: new Set<() => void>()
    }
    gates.set(limitedAs, gate)
    return gate
  }

  return {
    async enter(tool, signal) {
      const gate = gateOf(tool)
      if (gate.free === 0 && gate.waiting.size >= LIMITS.toolQueue.value) {
        throw busy(tool, `${gate.waiting.size} calls wait for it`)
      }
      if (gate.bucket?.take(1) === false) {
        throw busy(tool, `it may be called ${rateOf(tool)} times a minute`)
      }
      if (gate.free > 0) gate.free -= 1
      else await turn(gate, signal)
      return once(() => leave(gate))
    }
  }
}

/** What has no effects costs nobody anything but this node's CPU, which concurrency bounds. */
function rateOf({ rate, effects }: Tool): number | undefined {
  return rate ?? (effects.length === 0 ? undefined : LIMITS.toolRate.value)
}

function busy({ id }: Tool, reason: string): LumosError {
  return new LumosError('TOOL_BUSY', { details: { tool: id, reason } })
}

/** Whoever leaves hands its place to the one that waits longest. */
function leave(gate: Gate): void {
  const [next] = gate.waiting
  if (next === undefined) {
    gate.free += 1
    return
  }
  gate.waiting.delete(next)
  next()
}

async function turn({ waiting }: Gate, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const give = (): void => resolve()
  const giveUp = (): void => {
    // A place that was given in the same moment is kept: the call gives it back.
    if (waiting.delete(give)) reject(signal.reason)
  }
  waiting.add(give)
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    await promise
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

function once(action: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    action()
  }
}
