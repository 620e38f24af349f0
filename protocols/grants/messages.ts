/** Messages about grants (docs/protocols/grants.md): small JSON, checked before use. */
import { z } from 'zod'
import { LIMITS } from '../../core/limits.ts'
import { decodeJsonBody } from '../session/json-body.ts'

export const GRANT_METHODS = {
  show: 'grant.show',
  revoked: 'grant.revoked'
} as const

/** Tokens that are shown or passed on. */
export interface Tokens {
  readonly v: 1
  readonly tokens: readonly string[]
}

/** Codes of the errors that some of the tokens had. */
export interface Shown {
  readonly v: 1
  readonly refused: readonly string[]
}

const shownTokens = z.object({
  v: z.literal(1),
  tokens: z.array(z.string().max(LIMITS.grantBytes.value)).max(LIMITS.grantsShown.value)
})

const revokedTokens = z.object({
  v: z.literal(1),
  tokens: z.array(z.string().max(LIMITS.revocationBytes.value)).max(LIMITS.revocationsAtOnce.value)
})

const shown = z.object({
  v: z.literal(1),
  refused: z.array(z.string().max(64)).max(LIMITS.grantsShown.value)
})

export function encode(value: Tokens | Shown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

/** @throws INVALID_REQUEST */
export function decodeGrants(bytes: Uint8Array): Tokens {
  return decodeJsonBody(shownTokens, bytes)
}

/** @throws INVALID_REQUEST */
export function decodeRevoked(bytes: Uint8Array): Tokens {
  return decodeJsonBody(revokedTokens, bytes)
}

/** @throws INVALID_REQUEST */
export function decodeShown(bytes: Uint8Array): Shown {
  return decodeJsonBody(shown, bytes)
}
