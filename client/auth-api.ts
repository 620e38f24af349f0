/** The control API's documents about tokens: who may come in over HTTP, for what, until when. */
import type { ApiScope } from '../core/grant-words.ts'

/** Ways to come in over HTTP: tokens of this node, JWTs of issuers, certificates of clients, nothing at all. */
export type WayIn = 'token' | 'jwt' | 'certificate' | 'open'

export interface GatewayStatus {
  readonly url: string
  readonly auth: readonly WayIn[]
}

export interface ApiTokenSummary {
  /** 16 hex digits; no secret. */
  readonly id: string
  readonly name: string
  readonly scopes: readonly ApiScope[]
  /** Null for one that is of no tenant. */
  readonly tenant: string | null
  /** ISO 8601. */
  readonly createdAt: string
  readonly expiresAt: string
  /** Right to a minute; null for one that nobody has used. */
  readonly usedAt: string | null
}

export interface ApiTokenList {
  readonly v: 1
  /** In force, youngest first. */
  readonly tokens: readonly ApiTokenSummary[]
}

export interface ApiTokenDocument {
  readonly v: 1
  readonly token: ApiTokenSummary
}

/** Answered once, when the token is made: only its hash is kept. */
export interface NewApiTokenDocument extends ApiTokenDocument {
  readonly secret: string
}

export interface CreateApiTokenRequest {
  readonly name?: string
  /** Without it: to give tasks and to follow its own. */
  readonly scopes?: readonly ApiScope[]
  /** A name in `gateway.roles` of the node: its scopes, besides `scopes`. They are the token's own from then on. */
  readonly role?: string
  /** Its holder is one of this tenant. */
  readonly tenant?: string
  /** Without it 90 days. */
  readonly lifetimeMs?: number
}
