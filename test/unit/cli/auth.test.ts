/** `lumos auth token`: a secret is shown once and alone on stdout, and never in a list. */
import { expect, test } from 'vitest'
import type { AuthOperations } from '../../../gateway/control/auth-operations.ts'
import { API_SECRET, API_TOKEN, fakeAuth } from '../../support/auth-operations.ts'
import { createTestCli } from '../../support/cli.ts'

function setup(auth: Partial<AuthOperations> = {}) {
  return createTestCli({ auth: fakeAuth(auth) })
}

test('a new token is all that is on stdout, and how to use it is said beside it', async () => {
  const asked: unknown[] = []
  const cli = await setup({
    createToken: async (request) => {
      asked.push(request)
      return { v: 1, token: API_TOKEN, secret: API_SECRET }
    }
  })
  const least = await cli.run(['auth', 'token', 'create'])
  expect(least).toMatchObject({ code: 0, out: `${API_SECRET}\n` })
  expect(least.err).toContain('lumos auth token revoke 0f1e2d3c')
  const flags =
    '--name editor --expires 1d --scope task/send --scope memory/read --role reader --tenant acme'
  await cli.run(['auth', 'token', 'create', ...flags.split(' ')])
  expect(asked).toEqual([
    {},
    {
      name: 'editor',
      lifetimeMs: 86_400_000,
      scopes: ['task/send', 'memory/read'],
      role: 'reader',
      tenant: 'acme'
    }
  ])
})

test('a scope that nobody knows is refused with those that there are', async () => {
  const cli = await setup()
  const { code, err } = await cli.run(['auth', 'token', 'create', '--scope', 'task/sent'])
  expect(code).toBe(2)
  expect(err).toContain('task/send')
})

test('tokens are listed without what lets in', async () => {
  const cli = await setup()
  const { out } = await cli.run(['auth', 'token', 'ls'])
  expect(out).toMatch(/0f1e2d3c4b5a6978 +editor +task\/send +- +2026-04-02T.* +2026-01-03T/)
  const json = await cli.run(['auth', 'token', 'ls', '--json'])
  expect(json.out).not.toContain(API_SECRET)
})

test('a token is taken back by its name', async () => {
  const revoked: string[] = []
  const cli = await setup({
    revokeToken: async (selector) => {
      revoked.push(selector)
      return { v: 1, token: API_TOKEN }
    }
  })
  const { out } = await cli.run(['auth', 'token', 'revoke', 'editor'])
  expect(revoked).toEqual(['editor'])
  expect(out).toBe('0f1e2d3c4b5a6978 (editor) is taken back\n')
})
