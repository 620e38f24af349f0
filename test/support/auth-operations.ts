/** Tokens of a node that answers every operation with a document that has all its fields. */
import type { ApiTokenSummary } from '../../client/auth-api.ts'
import type { UsageDay } from '../../client/usage-api.ts'
import type { AuthOperations } from '../../gateway/control/auth-operations.ts'

export const API_TOKEN: ApiTokenSummary = {
  id: '0f1e2d3c4b5a6978',
  name: 'editor',
  scopes: ['task/send'],
  tenant: null,
  createdAt: '2026-01-02T03:04:05.000Z',
  expiresAt: '2026-04-02T03:04:05.000Z',
  usedAt: null
}

export const API_SECRET = `lumos_${API_TOKEN.id}_${'A'.repeat(43)}`

export const USAGE_DAY: UsageDay = {
  day: '2026-01-02',
  owner: 'tenant:acme',
  tenant: 'acme',
  requests: 12,
  refused: 1,
  completed: 3,
  failed: 1,
  canceled: 0,
  rejected: 1,
  inputTokens: 30,
  outputTokens: 12,
  tokens: 42,
  cost: 0.5,
  runMs: 1500,
  bytes: 2048
}

/** Replace what a test is about. */
export function fakeAuth(overrides: Partial<AuthOperations> = {}): AuthOperations {
  return {
    tokens: async () => ({
      v: 1,
      tokens: [{ ...API_TOKEN, usedAt: '2026-01-03T00:00:00.000Z' }]
    }),
    createToken: async () => ({ v: 1, token: API_TOKEN, secret: API_SECRET }),
    revokeToken: async () => ({ v: 1, token: API_TOKEN }),
    ...overrides
  }
}
