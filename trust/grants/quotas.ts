/** Counts what is done by grants: how much of it in a minute, and how much at the same time. */
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { VerifiedGrant } from './verify.ts'

export interface GrantQuotas {
  /**
   * Counts one more for every grant of the chain: whoever passes on parts of a grant to many gets no
   * more of it.
   *
   * @throws OVERLOADED with `reason` (`rate` or `concurrency`) and `retryAfterMs`
   */
  take(grant: { readonly links: readonly Link[] }): GrantUse
}

/** The first of the two calls counts. */
export interface GrantUse {
  /** It was done, or given up. */
  end(): void
  /** Nothing came of it: it counts for nothing. */
  undo(): void
}

interface Count {
  running: number
  /** May be done at once; grows by the rate, up to that of one minute. */
  tokens: number
  /** When `tokens` was right: monotonic milliseconds. */
  at: number
}

const MINUTE_MS = 60_000
/** When one of those under way will end is not known. */
const BUSY_RETRY_MS = 1000

export function createGrantQuotas({
  clock
}: {
  readonly clock: Pick<Clock, 'monotonic'>
}): GrantQuotas {
  /** By {@link nameOf}; the one that was used longest ago first. */
  const counts = new Map<string, Count>()

  function countOf(link: Link): Count {
    const now = clock.monotonic()
    const id = nameOf(link)
    const { limits } = link
    const known = counts.get(id)
    counts.delete(id)
    const { rate = Infinity } = limits
    const count = known ?? { running: 0, tokens: rate, at: now }
    if (known === undefined) makeRoom()
    else if (rate < Infinity) {
      count.tokens = Math.min(rate, count.tokens + ((now - count.at) / MINUTE_MS) * rate)
    }
    count.at = now
    counts.set(id, count)
    return count
  }

  /** One that rests has its minute back by and by; one with something under way must not be forgotten. */
  function makeRoom(): void {
    if (counts.size < LIMITS.grantsCounted.value) return
    for (const [id, { running }] of counts) {
      if (running > 0) continue
      counts.delete(id)
      return
    }
    throw refusal('grants', BUSY_RETRY_MS)
  }

  return {
    take({ links }) {
      const taken = links.filter(isCounted).map((link) => ({ link, count: countOf(link) }))
      for (const { link, count } of taken) checkRoom(link, count)
      for (const { count } of taken) {
        count.running += 1
        count.tokens -= 1
      }
      let over = false
      const leave = (back: number): void => {
        if (over) return
        over = true
        for (const { count } of taken) {
          count.running -= 1
          count.tokens += back
        }
      }
      return { end: () => leave(0), undo: () => leave(1) }
    }
  }
}

type Link = Pick<VerifiedGrant['links'][number], 'id' | 'issuer' | 'limits'>

/** Whoever passes a grant on chooses the id of what rests on it, and may choose the same: only its issuer tells them apart. */
export function nameOf({ id, issuer }: Pick<Link, 'id' | 'issuer'>): string {
  return `${issuer} ${id}`
}

function isCounted({ limits }: Link): boolean {
  return limits.rate !== undefined || limits.concurrency !== undefined
}

function checkRoom({ limits }: Link, { running, tokens }: Count): void {
  const { rate = Infinity, concurrency = Infinity } = limits
  if (running + 1 > concurrency) throw refusal('concurrency', BUSY_RETRY_MS)
  if (rate === Infinity || tokens >= 1) return
  throw refusal('rate', Math.ceil(((1 - tokens) / Math.max(rate, Number.MIN_VALUE)) * MINUTE_MS))
}

function refusal(reason: string, retryAfterMs: number): LumosError {
  // With another grant it may go sooner: whoever is told to wait does not ask before.
  return new LumosError('OVERLOADED', {
    details: { reason, retryAfterMs: Math.min(MINUTE_MS, retryAfterMs) }
  })
}
