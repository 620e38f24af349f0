/** Grants of a node that answers every operation with a document that has all its fields. */
import type * as api from '../../client/grants-api.ts'
import type { GrantOperations } from '../../gateway/control/grant-operations.ts'

const GRANT: api.GrantSummary = {
  id: '0f1e2d3c'.repeat(4),
  issuer: { id: '12D3KooWPeer', name: 'amber-otter' },
  audience: { id: '12D3KooWOther', name: '' },
  can: ['task/send', 'memory/read'],
  with: 'node:12D3KooWPeer',
  limits: {
    skills: ['summarize', 'translate.*'],
    rate: 10,
    concurrency: 2,
    tokens: 5000,
    money: 0.5,
    depth: 1,
    egress: false
  },
  issuedAt: '2026-01-02T03:04:05.000Z',
  expiresAt: '2026-01-09T03:04:05.000Z',
  state: 'in-force'
}

const root: api.GrantSummary = {
  ...GRANT,
  id: 'a0b1c2d3'.repeat(4),
  issuer: { id: '12D3KooWRoot', name: 'birch' },
  audience: GRANT.issuer,
  limits: {}
}

export const GRANT_DOCUMENT: api.GrantDocument = {
  v: 1,
  token: 'head.body.signature',
  grant: GRANT,
  valid: true,
  chain: [root, GRANT]
}

export const BROKEN_GRANT: api.GrantDocument = {
  ...GRANT_DOCUMENT,
  valid: false,
  chain: [
    {
      ...root,
      state: 'revoked',
      error: {
        code: 'GRANT_REVOKED',
        message: 'the grant a0b1c2d3 was taken back',
        details: { grant: 'a0b1c2d3' }
      }
    },
    GRANT
  ]
}

/** Replace what a test is about. */
export function fakeGrants(overrides: Partial<GrantOperations> = {}): GrantOperations {
  return {
    list: async () => ({ v: 1, given: [GRANT], held: [{ ...root, state: 'expired' }] }),
    show: async () => BROKEN_GRANT,
    create: async () => GRANT_DOCUMENT,
    add: async () => GRANT_DOCUMENT,
    revoke: async () => ({ ...GRANT_DOCUMENT, grant: { ...GRANT, state: 'revoked' } }),
    ...overrides
  }
}
