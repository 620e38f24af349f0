/** What a grant says: who lets whom do what, where, until when, and how much of it. */
import { z } from 'zod'
import { GRANT_ACTIONS } from '../../core/grant-words.ts'
import type { GrantAction, GrantLimits } from '../../core/grant-words.ts'
import type { PeerIdText } from '../../core/ids.ts'

export interface GrantClaims {
  /** Names the grant when it is revoked: 32 hex digits. */
  readonly id: string
  readonly issuer: PeerIdText
  /** The only peer that can use it: a stolen one is worth nothing. */
  readonly audience: PeerIdText
  /** Milliseconds since the epoch, whole seconds. */
  readonly issuedAt: number
  /** Milliseconds since the epoch, whole seconds. */
  readonly expiresAt: number
  /** `swarm:<swarm id>`, or `node:<PeerId>` for one node of it. */
  readonly with: string
  readonly can: readonly GrantAction[]
  readonly limits: GrantLimits
  /** The grant from which the issuer passes on a part; absent at the root of a chain. */
  readonly proof?: string
}

const peer = z.string().regex(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/)
/** Whether it has the form of one that can sign. */
export function isPeerId(text: string): boolean {
  return peer.safeParse(text).success
}

const seconds = z
  .int()
  .min(0)
  .max(2 ** 40)
const amount = z.number().min(0).max(1e15)
/** As many as a person can read over. */
const MOST_SKILLS = 64

/** Checks {@link GrantLimits}. */
export const grantLimits = z.strictObject({
  skills: z
    .array(z.string().regex(/^[a-z0-9][\w.-]{0,127}(\.\*)?$/i))
    .min(1)
    .max(MOST_SKILLS)
    .exactOptional(),
  rate: amount.exactOptional(),
  concurrency: amount.exactOptional(),
  tokens: amount.exactOptional(),
  money: amount.exactOptional(),
  depth: amount.exactOptional(),
  egress: z.literal(false).exactOptional()
})

const payload = z.strictObject({
  v: z.literal(1),
  jti: z.string().regex(/^[0-9a-f]{32}$/),
  iss: peer,
  aud: peer,
  iat: seconds,
  exp: seconds,
  with: z.string().regex(/^(swarm:[0-9a-f]{16,64}|node:12D3KooW[1-9A-HJ-NP-Za-km-z]{44})$/),
  can: z.array(z.enum(GRANT_ACTIONS)).min(1),
  limits: grantLimits,
  prf: z.string().exactOptional()
})

const taskPayload = payload.extend({
  can: z.tuple([z.literal('task/send')]),
  limits: grantLimits.pick({ tokens: true, money: true, depth: true }),
  task: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  root: z.string().regex(/^[0-9a-f]{32}$/)
})

/** Fails closed: a member that is not known may be a bound that this version would not keep. */
export function parseClaims(value: unknown): GrantClaims | undefined {
  const parsed = payload.safeParse(value)
  return parsed.success ? claimsOf(parsed.data) : undefined
}

/** Of a token that is for one task only. */
export interface TaskClaims extends GrantClaims {
  /** Id of the task that its issuer gave to its audience. */
  readonly task: string
  /** Trace id of the order that all of it came of: 32 hexadecimal digits. */
  readonly root: string
}

/** Likewise. */
export function parseTaskClaims(value: unknown): TaskClaims | undefined {
  const parsed = taskPayload.safeParse(value)
  if (!parsed.success) return undefined
  const { task, root } = parsed.data
  return { ...claimsOf(parsed.data), task, root }
}

function claimsOf(read: z.infer<typeof payload | typeof taskPayload>): GrantClaims {
  const { jti, iss, aud, iat, exp, with: place, can, limits: bounds, prf } = read
  return {
    id: jti,
    issuer: iss,
    audience: aud,
    issuedAt: iat * 1000,
    expiresAt: exp * 1000,
    with: place,
    can,
    limits: bounds,
    ...(prf !== undefined && { proof: prf })
  }
}

/** What {@link parseClaims} reads. */
export function claimsPayload(claims: GrantClaims): Record<string, unknown> {
  return {
    v: 1,
    jti: claims.id,
    iss: claims.issuer,
    aud: claims.audience,
    iat: claims.issuedAt / 1000,
    exp: claims.expiresAt / 1000,
    with: claims.with,
    can: claims.can,
    limits: claims.limits,
    ...(claims.proof !== undefined && { prf: claims.proof })
  }
}
