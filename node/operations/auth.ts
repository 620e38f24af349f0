/** Tokens for HTTP on request of a person: make, list, take back. */
import { API_VERSION } from '../../client/api.ts'
import type { ApiTokenSummary } from '../../client/auth-api.ts'
import type { ApiScope } from '../../core/grant-words.ts'
import { LumosError } from '../../core/errors.ts'
import type { AuthOperations } from '../../gateway/control/auth-operations.ts'
import type { ApiToken, ApiTokens } from '../../trust/api-tokens.ts'
import type { NodeConfig } from '../config/schema.ts'

/** A season: long enough for a program that works, and what was forgotten is over some time. */
const USUAL_LIFETIME_MS = 90 * 24 * 60 * 60_000

const USUAL_SCOPES: readonly ApiScope[] = ['task/send']

export function createAuthOperations(
  tokens: Pick<ApiTokens, 'create' | 'list' | 'revoke'>,
  { roles }: Pick<NodeConfig['gateway'], 'roles'>
): AuthOperations {
  return {
    tokens: async () => ({ v: API_VERSION, tokens: tokens.list().map(summaryOf) }),
    async createToken({ name = '', role, lifetimeMs = USUAL_LIFETIME_MS, tenant, ...request }) {
      const { scopes = role === undefined ? USUAL_SCOPES : [] } = request
      const all = role === undefined ? scopes : [...new Set([...scopesOf(roles, role), ...scopes])]
      const init = { name, scopes: all, lifetimeMs, ...(tenant !== undefined && { tenant }) }
      const { token, secret } = await tokens.create(init)
      return { v: API_VERSION, token: summaryOf(token), secret }
    },
    async revokeToken(selector) {
      return { v: API_VERSION, token: summaryOf(await tokens.revoke(selector)) }
    }
  }
}

/** @throws API_ROLE_UNKNOWN */
function scopesOf(roles: NodeConfig['gateway']['roles'], role: string): readonly ApiScope[] {
  const scopes = Object.hasOwn(roles, role) ? roles[role] : undefined
  if (scopes !== undefined) return scopes
  const known = Object.keys(roles).join(', ') || 'none'
  throw new LumosError('API_ROLE_UNKNOWN', { details: { role: role.slice(0, 64), known } })
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
