/** What comes from servers and files is bounded, cleaned, and kept to itself. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { childEnvironment } from '../../../../agents/mcp/child-environment.ts'
import { cleanSchema, cleanText } from '../../../../agents/mcp/clean-text.ts'
import { boundedFetch, readHeaders } from '../../../../agents/mcp/http-transport.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { temporaryDirectory } from '../../../support/temporary-directory.ts'

test.for([
  ['plain\ttext\nof two lines', 'plain\ttext\nof two lines'],
  ['\u001b[2Jred\u0007', '[2Jred'],
  ['right\u202eto left\u202c', 'rightto left'],
  ['un\u200bse\ufeffen', 'unseen'],
  ['order: \u{E0041}\u{E0042}none', 'order: none'],
  ['अनुच्छेद zwj 👩‍👧', 'अनुच्छेद zwj 👩‍👧']
])('%j is shown as %j', ([text = '', shown]) => {
  expect(cleanText(text)).toBe(shown)
})

test('a text that is too long is cut', () => {
  expect(cleanText('x'.repeat(100), 10)).toBe(`${'x'.repeat(9)}…`)
})

test('of a schema the words are cleaned, and nothing that means something', () => {
  const schema = {
    type: 'object',
    description: 'a\u200bb',
    properties: { description: { type: 'string', title: 'c\u200bd', pattern: '^\u200b$' } },
    required: ['description']
  }
  expect(cleanSchema(schema)).toEqual({
    type: 'object',
    description: 'ab',
    properties: { description: { type: 'string', title: 'cd', pattern: '^\u200b$' } },
    required: ['description']
  })
})

test('a program gets what is named, from variables and files', async () => {
  const path = join(await temporaryDirectory(), 'secret')
  await writeFile(path, 'hush\n')
  const env = { A: 'env:KEY', B: `file:${path}`, C: 'plain' }
  const environment = { PATH: '/bin', HOME: '/h', KEY: 'k', OPENAI_API_KEY: 'never' }
  expect(await childEnvironment({ env }, environment)).toEqual({
    PATH: '/bin',
    HOME: '/h',
    A: 'k',
    B: 'hush',
    C: 'plain'
  })
})

test.for(['env:MISSING', 'file:/no/such/file'])('%s that is not there is said', async (value) => {
  await expect(childEnvironment({ env: { A: value } }, {})).rejects.toMatchObject({
    code: 'CONFIG_INVALID'
  })
})

async function headerFile(text: string): Promise<string> {
  const path = join(await temporaryDirectory(), 'headers')
  await writeFile(path, text)
  return path
}

test('headers come from a file, and travel only where nobody listens', async () => {
  const path = await headerFile('# mine\nAuthorization: Bearer a:b\n\nX-Team: red\n')
  const headers = { authorization: 'Bearer a:b', 'x-team': 'red' }
  for (const url of ['https://example.org/mcp', 'http://127.0.0.1:1/mcp', 'http://localhost/mcp']) {
    expect(await readHeaders({ url, headerFile: path })).toEqual(headers)
  }
  await expect(
    readHeaders({ url: 'http://example.org/mcp', headerFile: path })
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('a line that is no header is not repeated, as it may be a secret', async () => {
  const path = await headerFile('hush hush\n')
  const failure = readHeaders({ url: 'https://example.org', headerFile: path })
  await expect(failure).rejects.toThrow(/is no "Name: value"/)
  await expect(failure).rejects.not.toThrow(/hush/)
})

function answering(contentType: string, chunks: readonly string[]) {
  return boundedFetch(async () => {
    const body = ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk)))
    return new Response(body, { headers: { 'content-type': contentType } })
  })
}

const CHUNK = 'x'.repeat(LIMITS.mcpMessageBytes.value / 4)

test('an answer of HTTP that never ends is cut off', async () => {
  const response = await answering('application/json', Array(5).fill(CHUNK))('http://x')
  await expect(response.text()).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
})

test('a stream of events may be long, one event may not', async () => {
  const long = await answering('text/event-stream', Array(8).fill(`${CHUNK}\n\n`))('http://x')
  expect(await long.text()).toHaveLength(8 * (CHUNK.length + 2))
  const endless = await answering('text/event-stream', Array(5).fill(CHUNK))('http://x')
  await expect(endless.text()).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
})
