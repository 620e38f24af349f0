/** Which models a provider says it has, whatever the server makes of the question. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { listModels } from '../../../../agents/models/model-list.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { Secret } from '../../../../core/secret.ts'

async function setup(answer: string, status = 200) {
  const asked: { path: string | undefined; headers: object }[] = []
  const server = createServer(({ url, headers }, response) => {
    asked.push({ path: url, headers })
    response.writeHead(status, { 'content-type': 'application/json' }).end(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { asked, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/` }
}

const { signal } = new AbortController()
const list = (...ids: (string | object)[]) =>
  JSON.stringify({ data: ids.map((id) => (typeof id === 'string' ? { id } : id)) })

test('those that suit a conversation come first, the newest of them first', async () => {
  const { baseUrl } = await setup(
    list(
      { id: 'text-embedding-3', created: 9 },
      { id: 'old', created: 1 },
      { id: 'whisper-1', created: 8 },
      { id: 'new', created: 2 }
    )
  )
  expect(await listModels({ baseUrl }, signal)).toEqual([
    'new',
    'old',
    'text-embedding-3',
    'whisper-1'
  ])
})

test('without ages the order of the server stays', async () => {
  const { baseUrl } = await setup(list('b', 'a', 'c'))
  expect(await listModels({ baseUrl }, signal)).toEqual(['b', 'a', 'c'])
})

test('names that could move a cursor or an error message are left out', async () => {
  const { baseUrl } = await setup(list('fine', 'bad\u001b[2J', 'x'.repeat(300), { id: 7 }))
  expect(await listModels({ baseUrl }, signal)).toEqual(['fine'])
})

test('a list without an end is cut', async () => {
  const many = Array.from({ length: LIMITS.modelsListed.value + 5 }, (_, at) => `m${at}`)
  const { baseUrl } = await setup(list(...many))
  expect(await listModels({ baseUrl }, signal)).toHaveLength(LIMITS.modelsListed.value)
  const { baseUrl: endless } = await setup(' '.repeat(LIMITS.modelListBytes.value + 1))
  await expect(listModels({ baseUrl: endless }, signal)).rejects.toThrow('too long')
})

test.for([
  ['no JSON', '<html>', 200, 'JSON'],
  ['another shape', '{"models": []}', 200, 'no list'],
  ['a refusal', '{}', 401, 'HTTP 401']
] as const)('%s is a failure', async ([, answer, status, reason]) => {
  const { baseUrl } = await setup(answer, status)
  await expect(listModels({ baseUrl }, signal)).rejects.toThrow(reason)
})

test('the key goes as a bearer, and as the provider wants it besides', async () => {
  const { baseUrl, asked } = await setup(list('a'))
  const listing = { keyHeader: 'x-api-key', headers: { 'anthropic-version': '2023-06-01' } }
  await listModels({ baseUrl, key: new Secret('k'), listing }, signal)
  await listModels({ baseUrl }, signal)
  expect(asked).toMatchObject([
    {
      path: '/v1/models',
      headers: {
        authorization: 'Bearer k',
        'x-api-key': 'k',
        'anthropic-version': '2023-06-01'
      }
    },
    { path: '/v1/models', headers: {} }
  ])
  expect(asked[1]?.headers).not.toHaveProperty('authorization')
})
