/** JWTs of issuers that the configuration names (OpenID Connect, RFC 9068): checked once, then known until they end. */
import { hash } from 'node:crypto'
import { decodeJwt, errors, jwtVerify } from 'jose'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { holderOf } from './claims.ts'
import type { ClaimRules, JwtHolder } from './claims.ts'
import type { KeySet } from './key-set.ts'

/** Only signatures that the public key cannot make: no `none`, no HMAC (RFC 8725, sections 2.1 and 3.1). */
export const JWT_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519'
] as const

export interface JwtIssuerInit extends ClaimRules {
  /** One of them has to be in the token. */
  readonly audience: readonly string[]
  readonly algorithms: readonly (typeof JWT_ALGORITHMS)[number][]
  /** Milliseconds by which the clock of the issuer may be off. */
  readonly clockTolerance: number
  readonly keys: KeySet
}

export interface JwtIssuers {
  /** @throws JWT_REFUSED, JWT_KEYS_UNAVAILABLE */
  verify(token: string): Promise<JwtHolder>
}

interface Known {
  readonly holder: JwtHolder
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** Kinds of JWT that give access; others, such as of a logout, are signed by the same keys (RFC 8725, section 3.11). */
const KINDS: ReadonlySet<string> = new Set(['jwt', 'at+jwt', 'application/at+jwt'])

export function createJwtIssuers(
  { clock }: { readonly clock: Pick<Clock, 'now'> },
  issuers: readonly JwtIssuerInit[]
): JwtIssuers {
  const byIssuer = new Map(issuers.map((init) => [init.issuer, init]))
  /** By hash, so that no token stays in memory. */
  const known = new RecentMap<string, Known>(LIMITS.jwtCache.value)

  function recall(key: string): JwtHolder | undefined {
    const found = known.get(key)
    if (found === undefined) return undefined
    if (found.until > clock.now()) {
      known.set(key, found)
      return found.holder
    }
    known.delete(key)
    return undefined
  }

  async function check(token: string): Promise<Known> {
    const init = issuerOf(token, byIssuer)
    const { audience, issuer, algorithms, clockTolerance, keys } = init
    const { payload, protectedHeader } = await jwtVerify(token, keys.find, {
      algorithms: [...algorithms],
      audience: [...audience],
      issuer,
      clockTolerance: clockTolerance / 1000,
      currentDate: new Date(clock.now()),
      requiredClaims: ['exp', 'sub']
    })
    const { typ = 'jwt' } = protectedHeader
    if (!KINDS.has(typ.toLowerCase())) throw refused('type')
    const holder = holderOf(payload, init)
    if (typeof holder === 'string') throw refused(holder)
    const expiresAt = (payload.exp ?? 0) * 1000 + clockTolerance
    // Not for longer: a key that the issuer withdraws takes its tokens along.
    const until = Math.min(expiresAt, clock.now() + LIMITS.jwtCacheAge.value)
    return { holder: { ...holder, expiresAt }, until }
  }

  return {
    async verify(token) {
      if (token.length > LIMITS.jwtBytes.value) throw refused('too large')
      const key = hash('sha256', token, 'base64url')
      const held = recall(key)
      if (held !== undefined) return held
      try {
        const one = await check(token)
        known.set(key, one)
        return one.holder
      } catch (error) {
        if (error instanceof LumosError) throw error
        throw refused(reasonOf(error))
      }
    }
  }
}

function issuerOf(token: string, known: ReadonlyMap<string, JwtIssuerInit>): JwtIssuerInit {
  const { iss } = decodeJwt(token)
  const init = iss === undefined ? undefined : known.get(iss)
  if (init === undefined) throw refused('issuer')
  return init
}

/** Fixed words: nothing of what a stranger has sent. */
function refused(reason: string): LumosError {
  return new LumosError('JWT_REFUSED', { details: { reason } })
}

const CLAIMS: ReadonlyMap<string, string> = new Map([
  ['aud', 'audience'],
  ['iss', 'issuer'],
  ['nbf', 'not valid yet'],
  ['exp', 'no end'],
  ['sub', 'subject']
])

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) return CLAIMS.get(error.claim) ?? 'claims'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm'
  if (error instanceof errors.JWKSNoMatchingKey) return 'unknown key'
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'no name of its key'
  return 'malformed'
}
