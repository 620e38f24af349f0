/** The part of the table of the control API that is about those who come in over HTTP. */
import { documentRoute } from './route.ts'
import * as auth from './schema/auth.ts'
import * as usage from './schema/usage.ts'

export const authRoutes = [
  documentRoute({
    method: 'GET',
    path: '/v1/auth/tokens',
    id: 'apiTokens',
    summary: 'Tokens by which programs come in over HTTP',
    answer: auth.apiTokenList,
    handle: (operations) => operations.auth.tokens()
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/auth/tokens',
    id: 'createApiToken',
    summary: 'Makes a token for HTTP, which is shown this once',
    body: auth.createApiTokenRequest,
    audit: ({ body }) => body.name ?? '',
    answer: auth.newApiTokenDocument,
    handle: (operations, { body }) => operations.auth.createToken(body)
  }),
  documentRoute({
    method: 'POST',
    path: '/v1/auth/tokens/revoke',
    id: 'revokeApiToken',
    summary: 'Takes a token for HTTP back, at once',
    body: auth.apiTokenSelector,
    audit: ({ body }) => body.token,
    answer: auth.apiTokenDocument,
    handle: (operations, { body }) => operations.auth.revokeToken(body.token)
  }),
  documentRoute({
    method: 'GET',
    path: '/v1/usage',
    id: 'usage',
    summary: 'What tenants and tokens have used over HTTP, day by day; youngest first',
    query: usage.usageQuery,
    answer: usage.usageReport,
    handle: (operations, { query }) => operations.usage(query)
  })
]
