/** The keys of one issuer of JWTs, as it publishes them: fetched when they are needed, and not more often. */
import { createLocalJWKSet, errors } from 'jose'
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'

/** @throws whatever keeps it from them */
export type LoadKeys = (signal: AbortSignal) => Promise<JSONWebKeySet>

export interface KeySetComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly load: LoadKeys
}

export interface KeySet {
  /** For jose. @throws JWT_KEYS_UNAVAILABLE, JWKSNoMatchingKey */
  readonly find: JWTVerifyGetKey
}

interface Held {
  readonly find: JWTVerifyGetKey
  /** Of the monotonic clock. */
  readonly since: number
}

/**
 * Asks the issuer again after LIMITS.jwksAge, behind the back of whoever waits, and for a key that it does not
 * know; never more often than every LIMITS.jwksCooldown, so that tokens with made-up keys cost the issuer
 * nothing. While it cannot be reached, what it said last is good for LIMITS.jwksStale.
 */
export function createKeySet({ clock, logger, load }: KeySetComponents): KeySet {
  let held: Held | undefined
  let askedAt = -Infinity
  let asking: Promise<void> | undefined

  async function ask(): Promise<void> {
    const begun = clock.monotonic()
    askedAt = begun
    try {
      const keys = await load(clock.timeout(LIMITS.jwksFetch.value))
      held = { find: createLocalJWKSet(keys), since: begun }
    } catch (error) {
      logger.warn('the keys of an issuer of tokens could not be fetched', { error })
    }
  }

  /** Whether there may be news. All who ask meanwhile wait for the same answer. */
  async function refresh(): Promise<boolean> {
    if (asking === undefined) {
      if (clock.monotonic() - askedAt < LIMITS.jwksCooldown.value) return false
      asking = ask().finally(() => {
        asking = undefined
      })
    }
    await asking
    return true
  }

  function inForce(): JWTVerifyGetKey {
    const age = held === undefined ? Infinity : clock.monotonic() - held.since
    if (held !== undefined && age < LIMITS.jwksStale.value) return held.find
    throw new LumosError('JWT_KEYS_UNAVAILABLE')
  }

  return {
    async find(header, token) {
      const age = held === undefined ? Infinity : clock.monotonic() - held.since
      // After a time without tokens nobody has asked: a key that was withdrawn meanwhile must not let one more in.
      if (age >= LIMITS.jwksAge.value + LIMITS.jwksCooldown.value) await refresh()
      else if (age >= LIMITS.jwksAge.value) void refresh()
      try {
        return await inForce()(header, token)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || !(await refresh())) throw error
        return inForce()(header, token)
      }
    }
  }
}
