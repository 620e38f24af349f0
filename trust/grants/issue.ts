/** Makes grants: tokens that a node signs with its key. */
import { SignJWT } from 'jose'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import type { Identity } from '../identity.ts'
import { signingKeyOf } from '../signing-key.ts'
import { claimsPayload, parseClaims } from './claims.ts'
import type { GrantAction, GrantLimits } from '../../core/grant-words.ts'
import type { GrantClaims } from './claims.ts'

export interface GrantInit {
  readonly audience: PeerIdText
  readonly with: string
  readonly can: readonly GrantAction[]
  readonly limits?: GrantLimits
  /** Milliseconds from now; at most LIMITS.grantLifetime. */
  readonly lifetimeMs: number
  /** The grant that is passed on; without it the issuer's own right is. */
  readonly proof?: string
}

export interface IssuedGrant {
  readonly token: string
  readonly claims: GrantClaims
}

export type GrantIssuer = (init: GrantInit) => Promise<IssuedGrant>

/** The `typ` of the header: a card or a push notification of the same key is no grant. */
export const GRANT_TYPE = 'lumos-grant+jwt'

export function createGrantIssuer(
  { clock, random }: { readonly clock: Pick<Clock, 'now'>; readonly random: Random },
  identity: Identity
): GrantIssuer {
  const key = signingKeyOf(identity)
  return async ({ audience, with: place, can, limits = {}, lifetimeMs, proof }) => {
    const issuedAt = wholeSeconds(clock.now())
    const claims: GrantClaims = {
      id: Buffer.from(random.bytes(16)).toString('hex'),
      issuer: identity.peer,
      audience,
      issuedAt,
      expiresAt: wholeSeconds(issuedAt + Math.min(lifetimeMs, LIMITS.grantLifetime.value)),
      with: place,
      can,
      limits,
      ...(proof !== undefined && { proof })
    }
    const payload = claimsPayload(claims)
    if (parseClaims(payload) === undefined) throw invalid('it says what no grant can say')
    const token = await new SignJWT(payload)
      .setProtectedHeader({ alg: 'EdDSA', typ: GRANT_TYPE })
      .sign(await key)
    if (token.length > LIMITS.grantBytes.value) throw invalid('it is too long')
    return { token, claims }
  }
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}

function invalid(reason: string): LumosError {
  return new LumosError('GRANT_INVALID', { details: { reason } })
}
