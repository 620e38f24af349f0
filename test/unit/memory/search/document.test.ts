import { expect, test } from 'vitest'
import type { Json } from '../../../../core/json.ts'
import { documentOf } from '../../../../memory/search/document.ts'
import { normalWord, wordsOf } from '../../../../memory/search/words.ts'

function document(value: Json) {
  return documentOf(Buffer.from(JSON.stringify(value)))
}

function words(text: string) {
  return wordsOf(text).map(normalWord)
}

test('all texts and numbers inside a value are searched', () => {
  expect(document({ a: 'apple', b: [{ c: 'pear' }, 7, null, true] })).toEqual({
    text: 'apple\npear\n7'
  })
  expect(documentOf(Buffer.from('no JSON'))).toEqual({ text: 'no JSON' })
})

test.for<Json>([
  ['seven', 'words', 'are', 'no', 'vector', 'of', 'numbers', 'here'],
  [1, 2],
  [0, 0, 0, 0, 0, 0, 0, 0],
  'password',
  Array.from({ length: 5000 }, () => 1)
])('what is called an embedding and is none is text: %#', (embedding) => {
  const { text, vector } = document({ embedding })
  expect(vector).toBeUndefined()
  expect(text).not.toBe('')
})

test('words are compared without case and accents, and unspaced scripts are cut into words', () => {
  expect(words('Café CAFE')).toEqual(['cafe', 'cafe'])
  expect(words('recipes/apple-pie')).toEqual(['recipes', 'apple', 'pie'])
  expect(words('私は東京に住んでいます')).toContain('東京')
  expect(normalWord('が')).not.toBe(normalWord('か'))
  expect(normalWord('x'.repeat(65))).toBeUndefined()
})
