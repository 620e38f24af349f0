/** Tokens for HTTP on request of a person: make, list, take back. */
import { API_VERSION } from '../../client/api.ts'
import type { ApiTokenSummary } from '../../client/auth-api.ts'
import type { AuthOperations } from '../../gateway/control/auth-operations.ts'
import type { ApiToken, ApiTokens } from '../../trust/api-tokens.ts'

/** A season: long enough for a program that works, and what was forgotten is over some time. */
const USUAL_LIFETIME_MS = 90 * 24 * 60 * 60_000

export function createAuthOperations(
  tokens: Pick<ApiTokens, 'create' | 'list' | 'revoke'>
): AuthOperations {
  return {
    tokens: async () => ({ v: API_VERSION, tokens: tokens.list().map(summaryOf) }),
    async createToken({
      name = '',
      scopes = ['task/send'],
      lifetimeMs = USUAL_LIFETIME_MS,
      tenant
    }) {
      const init = { name, scopes, lifetimeMs, ...(tenant !== undefined && { tenant }) }
      const { token, secret } = await tokens.create(init)
      return { v: API_VERSION, token: summaryOf(token), secret }
    },
    async revokeToken(selector) {
      return { v: API_VERSION, token: summaryOf(await tokens.revoke(selector)) }
    }
  }
}

function summaryOf({ tenant, createdAt, expiresAt, usedAt, ...rest }: ApiToken): ApiTokenSummary {
  return {
    ...rest,
    tenant: tenant ?? null,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    usedAt: usedAt === undefined ? null : new Date(usedAt).toISOString()
  }
}
