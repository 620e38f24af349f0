/** How MCP clients learn where tokens are given out (RFC 9728): the official client looks it up by itself. */
import { discoverOAuthProtectedResourceMetadata } from '@modelcontextprotocol/client'
import { expect, onTestFinished, test } from 'vitest'
import { startHttpNode } from '../support/http-gateway.ts'

const ISSUER = 'https://id.example.org/realms/a'

async function setup(issuers: readonly string[]) {
  const jwt = Object.fromEntries(
    issuers.map((issuer) => ['id', { issuer, audience: 'lumos', jwksUri: `${issuer}/keys` }])
  )
  const node = await startHttpNode([], { gateway: { port: 0, jwt } })
  onTestFinished(() => node.stop())
  return node
}

async function challengeAt(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { method: 'POST', headers })
  expect(answer.status).toBe(401)
  return answer.headers.get('www-authenticate')
}

test('who is refused at MCP is told where to look, and there which issuer to ask', async () => {
  const { url } = await setup([ISSUER])
  const place = `${url}/.well-known/oauth-protected-resource/mcp`
  expect(await challengeAt(`${url}/mcp`)).toBe(`Bearer resource_metadata="${place}"`)
  expect(await challengeAt(`${url}/mcp`, { authorization: 'Bearer x' })).toBe(
    `Bearer error="invalid_token", resource_metadata="${place}"`
  )
  expect(await discoverOAuthProtectedResourceMetadata(`${url}/mcp`)).toMatchObject({
    resource: `${url}/mcp`,
    authorization_servers: [ISSUER],
    bearer_methods_supported: ['header']
  })
  const all = await fetch(`${url}/.well-known/oauth-protected-resource`)
  expect(await all.json()).toMatchObject({ resource: url })
  expect((await fetch(place, { method: 'POST' })).status).toBe(404)
  // Doors of other kinds say nothing of it.
  expect(await challengeAt(`${url}/agents/echo`)).toBe('Bearer')
})

test('without an issuer there is nothing to be found', async () => {
  const { url } = await setup([])
  expect(await challengeAt(`${url}/mcp`)).toBe('Bearer')
  expect((await fetch(`${url}/.well-known/oauth-protected-resource`)).status).toBe(401)
})
