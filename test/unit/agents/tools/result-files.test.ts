/** Files that a tool makes are for the caller; a model is only told of them. */
import { expect, test } from 'vitest'
import { outputOf } from '../../../../agents/mcp/results.ts'
import { resultText } from '../../../../agents/tools/result-text.ts'

const TOOL = { id: 'draw', untrusted: false }
const image = Buffer.alloc(300, 7).toString('base64')
const nonce = (): string => 'n'

test('the model reads that there is a file, never its bytes', () => {
  const parts = [
    { raw: image, mediaType: 'image/png', filename: 'a.png' },
    { url: 'https://a.b/c' }
  ]
  const text = resultText(TOOL, { drawn: true, parts }, nonce)
  expect(JSON.parse(text)).toEqual({
    drawn: true,
    parts: [
      {
        raw: '[300 bytes, which the caller is given as a file]',
        mediaType: 'image/png',
        filename: 'a.png'
      },
      { url: 'https://a.b/c' }
    ]
  })
})

test('what only looks like a file stays as it is', () => {
  const output = { parts: ['raw', { raw: 7 }], raw: 'meat' }
  expect(JSON.parse(resultText(TOOL, output, nonce))).toEqual(output)
})

test('an image of an MCP server is a part of the result, beside what is said of it', () => {
  const content = [
    { type: 'text' as const, text: 'Here:' },
    { type: 'image' as const, data: image, mimeType: 'image/png' }
  ]
  expect(outputOf({ content })).toEqual({
    content: [
      { type: 'text', text: 'Here:' },
      { type: 'image', mediaType: 'image/png', bytes: 300 }
    ],
    parts: [{ raw: image, mediaType: 'image/png' }]
  })
  expect(outputOf({ content: content.slice(0, 1) })).toBe('Here:')
})
