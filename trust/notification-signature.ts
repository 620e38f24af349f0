/** Signs push notifications with the node's key, so that a receiver knows who sent them, whoever knows its URL. */
import { createHash } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Identity } from './identity.ts'
import { signingKeyOf } from './signing-key.ts'

export interface NotificationClaims {
  /** URL that the notification is for: a receiver cannot pass it on to another as its own. */
  readonly audience: string
  readonly taskId: string
  /** The same whenever the same notification is sent again. */
  readonly id: string
  readonly body: string
  /** Milliseconds since the epoch; the wire has whole seconds, rounded down. */
  readonly issuedAt: number
  /** Milliseconds since the epoch; the wire has whole seconds, rounded down. */
  readonly expiresAt: number
}

/** A JWT in compact form (docs/protocols/tasks.md, "Push notifications"). */
export type NotificationSigner = (claims: NotificationClaims) => Promise<string>

/** A signer that keeps the imported key, as one node signs many notifications. */
export function createNotificationSigner(identity: Identity): NotificationSigner {
  const key = signingKeyOf(identity)
  return async ({ audience, taskId, id, body, issuedAt, expiresAt }) =>
    new SignJWT({ taskId, request_body_sha256: createHash('sha256').update(body).digest('hex') })
      .setProtectedHeader({ alg: 'EdDSA', kid: identity.peer, typ: 'JWT' })
      .setIssuer(identity.peer)
      .setAudience(audience)
      .setJti(id)
      .setIssuedAt(Math.floor(issuedAt / 1000))
      .setExpirationTime(Math.floor(expiresAt / 1000))
      .sign(await key)
}
