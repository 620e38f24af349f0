/** The ways to find out who comes in over HTTP: each knows one kind of credential. */
import type { IncomingMessage } from 'node:http'
import { LumosError } from '../../core/errors.ts'
import type { ApiScope } from '../../core/grant-words.ts'
import type { ApiTokens } from '../../trust/api-tokens.ts'
import type { JwtIssuers } from '../../trust/jwt/jwt-issuers.ts'

/** Whom a credential has proven to be there. */
export interface Identity {
  /** Name in the audit log: `http:<token id>`, `jwt:<host of the issuer>/<subject>`, `cert:<fingerprint>`, `dashboard:<session>`. */
  readonly who: string
  /** The tenant that it is one of, by name. */
  readonly tenant?: string
  readonly scopes: readonly ApiScope[]
  /** When what has proven it ends, milliseconds since the epoch; absent where that is looked up now and then. */
  readonly expiresAt?: number
  /** Aborts, with why, when the credential is taken back; absent where that is looked up now and then. */
  readonly ended?: AbortSignal
  /** It is the user of this machine, whose own tasks it sees. */
  readonly local?: true
}

export interface Authenticator {
  /**
   * `undefined` for a request without a credential of this kind: the next one is asked.
   * @throws API_TOKEN_REFUSED, JWT_REFUSED, CERTIFICATE_REFUSED for a credential of this kind that is not in force
   */
  authenticate(incoming: IncomingMessage): Promise<Identity | undefined>
}

const API_TOKEN = /^lumos_/
const ANYBODY: Identity = { who: 'http:open', scopes: ['task/send'] }

/** By the tokens of this node. */
export function createTokenAuthenticator(
  tokens: Pick<ApiTokens, 'verify' | 'ended'>
): Authenticator {
  return {
    async authenticate(incoming) {
      const secret = bearerOf(incoming)
      if (secret === undefined || !API_TOKEN.test(secret)) return undefined
      const token = tokens.verify(secret)
      if (token === undefined) throw new LumosError('API_TOKEN_REFUSED')
      const { id, scopes, tenant, expiresAt } = token
      const ended = tokens.ended(id)
      return {
        who: `http:${id}`,
        scopes,
        expiresAt,
        ended,
        ...(tenant !== undefined && { tenant })
      }
    }
  }
}

/** Three parts, as of a JWS in its compact form. What looks like one and is none is refused as one. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/

/** By the JWTs of issuers that the configuration names. */
export function createJwtAuthenticator(issuers: JwtIssuers): Authenticator {
  return {
    async authenticate(incoming) {
      const token = bearerOf(incoming)
      if (token === undefined || !JWT.test(token)) return undefined
      const { name, scopes, tenant, expiresAt } = await issuers.verify(token)
      return { who: `jwt:${name}`, scopes, expiresAt, ...(tenant !== undefined && { tenant }) }
    }
  }
}

/** Lets in whoever shows nothing at all: a credential that nobody here knows is no reason to. */
export const openAuthenticator: Authenticator = {
  async authenticate({ headers }) {
    return headers.authorization === undefined ? ANYBODY : undefined
  }
}

/** What is shown as `Authorization: Bearer`. */
export function bearerOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
}
