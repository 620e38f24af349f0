/** Holds each caller over HTTP to its rate, and to so many answers under way at the same time. */
import type { Clock } from '../../core/clock.ts'
import { Counts } from '../../core/counts.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import type { TokenBucket } from '../../core/token-bucket.ts'
import type { EdgeAccounts } from '../../tasks/edge/accounts.ts'
import type { Tenants } from '../../trust/tenants.ts'

export interface HttpQuotas {
  /** Counts a request. @throws QUOTA_EXCEEDED */
  ask(owner: string): void
  /** Counts an answer until the returned function is called. @throws QUOTA_EXCEEDED */
  answer(owner: string): () => void
}

export interface HttpQuotasComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly accounts: Pick<EdgeAccounts, 'asked' | 'refused'>
  readonly tenants: Pick<Tenants, 'quotasOf'>
}

/** Nothing tells when one of its answers ends. */
const SOON_MS = 1000

export function createHttpQuotas({ clock, accounts, tenants }: HttpQuotasComponents): HttpQuotas {
  const buckets = new RecentMap<string, TokenBucket>(LIMITS.tenantsSeen.value)
  /** No more entries than connections. */
  const underWay = new Counts<string>()

  function refusal(
    owner: string,
    quota: string,
    [limit, retryAfterMs]: readonly [limit: number, againMs: number]
  ): LumosError {
    accounts.refused(owner)
    return new LumosError('QUOTA_EXCEEDED', { details: { quota, limit, retryAfterMs } })
  }

  return {
    ask(owner) {
      accounts.asked(owner)
      const { rate, burst } = tenants.quotasOf(owner)
      const bucket = buckets.get(owner) ?? createTokenBucket({ clock }, { rate, burst })
      buckets.set(owner, bucket)
      if (!bucket.take(1)) throw refusal(owner, 'rate', [rate, bucket.waitMs(1)])
    },
    answer(owner) {
      const { streams } = tenants.quotasOf(owner)
      if (underWay.of(owner) >= streams) throw refusal(owner, 'streams', [streams, SOON_MS])
      underWay.add(owner)
      return () => underWay.remove(owner)
    }
  }
}
