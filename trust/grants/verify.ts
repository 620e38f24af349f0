/** Checks a grant and every grant that it rests on; whatever is not understood is refused. */
import { compactVerify, decodeJwt } from 'jose'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { verificationKeyOf } from '../signing-key.ts'
import { narrowed, rightsOf, widening } from './attenuation.ts'
import type { GrantedRights } from './attenuation.ts'
import { parseClaims } from './claims.ts'
import type { GrantClaims } from './claims.ts'
import { GRANT_TYPE } from './issue.ts'

export interface GrantCheck {
  /** Who presents it, as the connection has proved. */
  readonly presenter: PeerIdText
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Whether the issuer at the root of a chain has what it grants by its own right. */
  readonly isRoot: (root: GrantClaims) => boolean
  /** Of a grant, by its id. */
  readonly isRevoked: (claims: GrantClaims) => boolean
}

/** A grant that is in force. Made only by {@link verifyGrant}. */
export interface VerifiedGrant extends GrantedRights {
  readonly id: string
  readonly holder: PeerIdText
  /** The peers that passed it on, from the one whose right it was. */
  readonly from: readonly PeerIdText[]
  /** Of all grants of the chain: one that is revoked ends it. */
  readonly ids: readonly string[]
}

/** Grants in one chain, the first included. */
export const CHAIN_LENGTH = 4

/** @throws GRANT_INVALID with a reason, GRANT_EXPIRED, GRANT_REVOKED */
export async function verifyGrant(token: string, check: GrantCheck): Promise<VerifiedGrant> {
  const chain = await readChain(token)
  const [root] = chain
  const last = chain.at(-1)
  if (root === undefined || last === undefined) throw invalid('it is empty')
  if (last.audience !== check.presenter) throw invalid('it was given to another peer')
  for (const claims of chain) checkTimes(claims, check)
  if (!check.isRoot(root)) throw invalid(`${root.issuer} has nothing of that to give`)
  let rights = rightsOf(root)
  for (const [index, claims] of chain.entries()) {
    const parent = chain[index - 1]
    if (parent === undefined) continue
    if (claims.issuer !== parent.audience) throw invalid('it was passed on by who never had it')
    const wider = widening(rights, claims)
    if (wider !== undefined) throw invalid(`it is wider than what it rests on: ${wider}`)
    rights = narrowed(rights, claims)
  }
  const from = chain.map(({ issuer }) => issuer)
  return { ...rights, id: last.id, holder: last.audience, from, ids: chain.map(({ id }) => id) }
}

/** What a token says, unchecked: to be shown to people. @throws GRANT_INVALID */
export function readGrant(token: string): GrantClaims {
  if (token.length > LIMITS.grantBytes.value) throw invalid('it is too long')
  let payload
  try {
    payload = decodeJwt(token)
  } catch {
    throw invalid('it is no token')
  }
  const claims = parseClaims(payload)
  if (claims === undefined) throw invalid('it says what this version does not understand')
  return claims
}

/** From the root to the token itself, each signed by its issuer. */
async function readChain(token: string): Promise<readonly GrantClaims[]> {
  const chain: GrantClaims[] = []
  for (let next: string | undefined = token; next !== undefined;) {
    if (chain.length === CHAIN_LENGTH) throw invalid(`it was passed on ${CHAIN_LENGTH} times`)
    const claims = readGrant(next)
    // oxlint-disable-next-line no-await-in-loop -- each names the one that it rests on
    await checkSignature(next, claims.issuer)
    chain.unshift(claims)
    next = claims.proof
  }
  return chain
}

async function checkSignature(token: string, issuer: PeerIdText): Promise<void> {
  try {
    const key = await verificationKeyOf(issuer)
    const { protectedHeader } = await compactVerify(token, key, { algorithms: ['EdDSA'] })
    const { typ, crit } = protectedHeader
    if (typ === GRANT_TYPE && crit === undefined) return
  } catch {
    throw invalid('its signature does not match')
  }
  throw invalid('it is a token of another kind')
}

function checkTimes(claims: GrantClaims, { now, isRevoked }: GrantCheck): void {
  const { id, issuedAt, expiresAt } = claims
  const leeway = LIMITS.clockLeeway.value
  if (expiresAt - issuedAt > LIMITS.grantLifetime.value) throw invalid('it is valid for too long')
  if (issuedAt > now + leeway) throw invalid('it was issued in the future')
  if (expiresAt <= now - leeway) throw new LumosError('GRANT_EXPIRED', { details: { grant: id } })
  if (isRevoked(claims)) throw new LumosError('GRANT_REVOKED', { details: { grant: id } })
}

function invalid(reason: string): LumosError {
  return new LumosError('GRANT_INVALID', { details: { reason } })
}
