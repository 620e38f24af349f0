/** Grants that were taken back: a signed list that every node keeps and passes on until they would have expired. */
import { compactVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Identity } from '../identity.ts'
import { signingKeyOf, verificationKeyOf } from '../signing-key.ts'
import type { GrantClaims } from './claims.ts'

/** Who takes back which grant. In force for grants of this issuer, and of those who have theirs from it. */
export interface Revocation {
  readonly id: string
  readonly issuer: PeerIdText
  /** When the grant would have ended by itself, in milliseconds since the epoch: until then this has to be known. */
  readonly until: number
  /** As it was signed, to be passed on. */
  readonly token: string
}

export interface Revocations {
  /** Whether the issuer of the grant has taken it back. */
  covers(claims: Pick<GrantClaims, 'id' | 'issuer'>): boolean
  /** False when it was known, or there is no room for more of this issuer. */
  add(revocation: Revocation): boolean
  /** Those in force, oldest first. */
  list(): readonly Revocation[]
}

const TYPE = 'lumos-revocation+jwt'

const payload = z.strictObject({
  v: z.literal(1),
  jti: z.string().regex(/^[0-9a-f]{32}$/),
  iss: z.string().max(64),
  exp: z
    .int()
    .min(0)
    .max(2 ** 40)
})

export function createRevocations({ clock }: { readonly clock: Pick<Clock, 'now'> }): Revocations {
  /** By issuer, so that no peer can use up the room of another one. */
  const issuers = new Map<PeerIdText, Map<string, Revocation>>()

  function forgetOld(known: Map<string, Revocation>): void {
    const now = clock.now() - LIMITS.clockLeeway.value
    for (const { id, until } of known.values()) if (until < now) known.delete(id)
  }

  /** Those of whom nothing is in force any more. */
  function forgetIdle(): void {
    for (const [issuer, known] of issuers) {
      forgetOld(known)
      if (known.size === 0) issuers.delete(issuer)
    }
  }

  return {
    covers: ({ id, issuer }) => issuers.get(issuer)?.has(id) === true,
    add(revocation) {
      const { id, issuer } = revocation
      const known = issuers.get(issuer) ?? new Map<string, Revocation>()
      if (known.has(id)) return false
      forgetOld(known)
      if (known.size >= LIMITS.revocationsPerIssuer.value) return false
      if (!issuers.has(issuer) && issuers.size >= LIMITS.revocationIssuers.value) forgetIdle()
      if (!issuers.has(issuer) && issuers.size >= LIMITS.revocationIssuers.value) return false
      issuers.set(issuer, known.set(id, revocation))
      return true
    },
    list() {
      for (const known of issuers.values()) forgetOld(known)
      return [...issuers.values()].flatMap((known) => [...known.values()])
    }
  }
}

/** The issuer takes back what it gave; nobody else can. */
export async function signRevocation(
  identity: Identity,
  { id, expiresAt }: Pick<GrantClaims, 'id' | 'expiresAt'>
): Promise<Revocation> {
  const { peer: issuer } = identity
  const token = await new SignJWT({ v: 1, jti: id, iss: issuer, exp: Math.ceil(expiresAt / 1000) })
    .setProtectedHeader({ alg: 'EdDSA', typ: TYPE })
    .sign(await signingKeyOf(identity))
  return { id, issuer, until: expiresAt, token }
}

/** `undefined` for what nobody has signed, what is over, and what would be for longer than any grant. */
export async function readRevocation(token: string, now: number): Promise<Revocation | undefined> {
  if (token.length > LIMITS.revocationBytes.value) return undefined
  try {
    const middle = token.split('.')[1] ?? ''
    const claims = payload.parse(JSON.parse(Buffer.from(middle, 'base64url').toString()))
    const key = await verificationKeyOf(claims.iss)
    const { protectedHeader } = await compactVerify(token, key, { algorithms: ['EdDSA'] })
    const until = claims.exp * 1000
    const last = now + LIMITS.grantLifetime.value + LIMITS.clockLeeway.value
    if (protectedHeader.typ !== TYPE || until < now || until > last) return undefined
    return { id: claims.jti, issuer: claims.iss, until, token }
  } catch {
    return undefined
  }
}
