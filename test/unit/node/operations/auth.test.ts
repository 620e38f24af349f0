/** Tokens on request of a person: a role stands for its scopes, at the moment in which the token is made. */
import { expect, test } from 'vitest'
import { createAuthOperations } from '../../../../node/operations/auth.ts'
import type { NewApiToken } from '../../../../trust/api-tokens.ts'

function setup() {
  const made: NewApiToken[] = []
  const tokens = {
    create: async (init: NewApiToken) => {
      made.push(init)
      return { token: { id: 'a1', createdAt: 0, expiresAt: 1, ...init }, secret: 'lumos_a1' }
    },
    list: () => [],
    revoke: async () => Promise.reject(new Error('nothing is revoked here'))
  }
  const roles = { operator: ['control/read', 'task/send'] } as const
  return { made, auth: createAuthOperations(tokens, { roles: { operator: [...roles.operator] } }) }
}

test.for([
  ['nothing said', {}, ['task/send']],
  ['a scope', { scopes: ['memory/read'] }, ['memory/read']],
  ['a role', { role: 'operator' }, ['control/read', 'task/send']],
  [
    'a role and scopes',
    { role: 'operator', scopes: ['task/send', 'memory/read'] },
    ['control/read', 'task/send', 'memory/read']
  ]
] as const)('with %s a token has its scopes', async ([, request, scopes]) => {
  const { made, auth } = setup()
  const { token } = await auth.createToken(request)
  expect(token.scopes).toEqual(scopes)
  expect(made).toMatchObject([{ scopes }])
})

test.for(['boss', 'constructor', ''])(
  'the role "%s" is none, and those that are one are told',
  async (role) => {
    const { made, auth } = setup()
    await expect(auth.createToken({ role })).rejects.toMatchObject({
      code: 'API_ROLE_UNKNOWN',
      details: { known: 'operator' }
    })
    expect(made).toEqual([])
  }
)
