/** A2A parts as models take them, and what they make as A2A parts. */
import { expect, test } from 'vitest'
import { imagePart, toChatContent, withoutFiles } from '../../../../agents/llm/message-parts.ts'
import { LIMITS } from '../../../../core/limits.ts'

const RAW = Buffer.from('bytes').toString('base64')

test('nothing but text is one text', () => {
  const parts = [{ text: 'a' }, { data: { n: 1 } }, { text: 'b', filename: 'notes.txt' }]
  expect(toChatContent('guide', parts)).toBe('a\n{"n":1}\nFile notes.txt:\nb')
})

test('images, sound and documents come as such, texts as text', () => {
  const parts = [
    { text: 'look' },
    { raw: RAW, mediaType: 'image/png' },
    { raw: RAW, mediaType: 'audio/mpeg' },
    { raw: RAW, mediaType: 'application/pdf', filename: 'a.pdf' },
    { raw: RAW, mediaType: 'text/csv', filename: 'a.csv' },
    { url: 'https://example.com/cat.png', mediaType: 'image/png' }
  ]
  expect(toChatContent('guide', parts)).toEqual([
    { type: 'text', text: 'look' },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${RAW}` } },
    { type: 'input_audio', input_audio: { data: RAW, format: 'mp3' } },
    { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${RAW}` } },
    { type: 'text', text: 'File a.csv:\nbytes' },
    { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } }
  ])
})

test.for([
  'http://example.com/cat.png',
  'https://169.254.169.254/latest/meta-data',
  'https://127.0.0.1/a.png',
  'https://[::1]/a.png',
  'https://router/a.png',
  'https://printer.local/a.png',
  'https://user:word@example.com/a.png',
  'file:///etc/passwd',
  'no url'
])('no server of a model is sent to %s, which it could follow from where it stands', (url) => {
  expect(toChatContent('guide', [{ url, mediaType: 'image/png' }])).toBe(url)
})

test('too much text, and too many bytes, are refused with the limit', () => {
  const text = 'x'.repeat(LIMITS.llmTextBytes.value + 1)
  expect(() => toChatContent('guide', [{ text }])).toThrow(String(LIMITS.llmTextBytes.value))
  const raw = 'A'.repeat(LIMITS.llmFileBytes.value / 2 + 4)
  const image = { raw, mediaType: 'image/png' }
  expect(() => toChatContent('guide', [image, image])).toThrow(String(LIMITS.llmFileBytes.value))
})

test('an image of a model is a part, whatever its URL', () => {
  expect(imagePart(`data:image/webp;base64,${RAW}`)).toEqual({ raw: RAW, mediaType: 'image/webp' })
  expect(imagePart('https://cdn/a.png')).toEqual({ url: 'https://cdn/a.png', mediaType: 'image/*' })
})

test('a conversation keeps what a file was, not its bytes', () => {
  const parts = [{ text: 'see' }, { raw: RAW, mediaType: 'image/png', filename: 'cat.png' }]
  expect(withoutFiles(parts)).toEqual([{ text: 'see' }, { text: '[cat.png, image/png]' }])
})
