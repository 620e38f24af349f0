/** MCP over HTTP, asked for what is wrong: each gets an error of JSON-RPC, with the status that says the same. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { createMcpHttp, GREETING } from '../../../support/mcp-http.ts'

test.for([
  ['no JSON', { body: '{' }, 400, -32_700],
  ['nothing', { body: '' }, 400, -32_700],
  ['JSON deeper than a stack', { body: '['.repeat(100_000) }, 400, -32_700],
  ['a form', { body: 'a=b', headers: { 'content-type': 'text/plain' } }, 415, -32_005],
  [
    'a message without a greeting',
    { body: { jsonrpc: '2.0', id: 1, method: 'ping' } },
    400,
    -32_600
  ],
  ['a greeting among others', { body: [GREETING, GREETING] }, 400, -32_600],
  ['no message at all', { body: { a: 1 } }, 400, -32_600],
  ['another method of HTTP', { method: 'PUT', body: GREETING }, 405, -32_601],
  [
    'a revision that is not the one of the message',
    { body: GREETING, headers: { 'mcp-protocol-version': '2099-01-01' } },
    400,
    -32_020
  ],
  ['a listener without a session', { method: 'GET' }, 400, -32_600]
] as const)('%s is an error of JSON-RPC', async ([, posting, status, code]) => {
  const { ask } = await createMcpHttp()
  const answer = await ask(posting)
  expect(JSON.parse(answer.text)).toMatchObject({ jsonrpc: '2.0', error: { code } })
  expect(answer.status).toBe(status)
})

test('a message that is too large is refused', async () => {
  const { ask } = await createMcpHttp()
  const { status, text } = await ask({ body: `"${'x'.repeat(LIMITS.mcpRequestBytes.value)}"` })
  expect(status).toBe(413)
  expect(JSON.parse(text)).toHaveProperty('error.code')
})
