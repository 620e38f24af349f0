/** Holds an address to a rate of failed attempts to come in, so that strangers fill neither the log nor the time of a node. */
import { isIPv6 } from 'node:net'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import type { TokenBucket } from '../../core/token-bucket.ts'

export interface FailedAttempts {
  /** Counts one. @returns milliseconds that the address has to wait; `undefined` while it has attempts left */
  count(address: string): number | undefined
}

/** Knows the LIMITS.gatewayStrangers that failed last; one that is forgotten begins anew. */
export function createFailedAttempts(components: {
  readonly clock: Pick<Clock, 'monotonic'>
}): FailedAttempts {
  const buckets = new RecentMap<string, TokenBucket>(LIMITS.gatewayStrangers.value)
  const burst = LIMITS.gatewayFailures.value
  const init = { burst, rate: burst / 60 }
  return {
    count(address) {
      const key = networkOf(address)
      const bucket = buckets.get(key) ?? createTokenBucket(components, init)
      buckets.set(key, bucket)
      return bucket.take(1) ? undefined : bucket.waitMs(1)
    }
  }
}

/** Whoever has one IPv6 address has the 2^64 beside it. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail = ''] = plain.split('::')
  const groups = head.split(':')
  const behind = tail === '' ? [] : tail.split(':')
  const zeros = plain.includes('::') ? 8 - groups.length - behind.length : 0
  return [...groups, ...Array.from({ length: zeros }, () => '0'), ...behind].slice(0, 4).join(':')
}
