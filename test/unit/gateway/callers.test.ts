/** Who a caller is: the first authenticator that knows what is shown decides, and a tenant shares its tasks. */
import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import {
  createTokenAuthenticator,
  openAuthenticator
} from '../../../gateway/http/authenticators.ts'
import type { Authenticator } from '../../../gateway/http/authenticators.ts'
import { createCallers } from '../../../gateway/http/callers.ts'
import type { ApiToken } from '../../../trust/api-tokens.ts'

const TOKEN: ApiToken = { id: 'a1', name: '', scopes: ['task/send'], createdAt: 0, expiresAt: 1 }

function setup({ tenant, others = [] }: { tenant?: string; others?: Authenticator[] } = {}) {
  const noted: unknown[] = []
  const token = { ...TOKEN, ...(tenant !== undefined && { tenant }) }
  const callers = createCallers({
    authenticators: [
      createTokenAuthenticator({
        verify: (secret) => (secret === 'lumos_right' ? token : undefined)
      }),
      ...others
    ],
    audit: { note: (event) => void noted.push(event) }
  })
  return { callers, noted }
}

function request(authorization?: string): IncomingMessage {
  const headers = { host: 'localhost:1', ...(authorization !== undefined && { authorization }) }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the headers are all that is read
  return { headers } as IncomingMessage
}

test('a token owns what its holder asks for, unless a tenant does', async () => {
  const alone = setup()
  expect(await alone.callers.identify(request('Bearer lumos_right'))).toEqual({
    who: 'http:a1',
    owner: 'http:a1',
    scopes: ['task/send']
  })
  const { callers } = setup({ tenant: 'acme' })
  expect(await callers.identify(request('bearer lumos_right'))).toMatchObject({
    who: 'http:a1',
    tenant: 'acme',
    owner: 'tenant:acme'
  })
})

test('an open door is for those who show nothing: a wrong credential stays wrong', async () => {
  const { callers, noted } = setup({ others: [openAuthenticator] })
  expect(await callers.identify(request())).toMatchObject({ who: 'http:open' })
  for (const wrong of ['Bearer lumos_wrong', 'Bearer of.some.kind', 'Basic bHVtb3M6', '']) {
    await expect(callers.identify(request(wrong))).rejects.toMatchObject({
      code: 'API_TOKEN_REFUSED'
    })
  }
  expect(noted).toHaveLength(4)
})

test('authenticators are asked in their order until one knows what is shown', async () => {
  const asked: string[] = []
  const named = (who: string | undefined): Authenticator => ({
    authenticate: async () => {
      asked.push(who ?? 'nobody')
      return who === undefined ? undefined : { who, scopes: [] }
    }
  })
  const { callers } = setup({ others: [named(undefined), named('jwt:a/b'), named('never')] })
  expect(await callers.identify(request('Bearer x'))).toMatchObject({ owner: 'jwt:a/b' })
  expect(asked).toEqual(['nobody', 'jwt:a/b'])
})
