/** What the tool does; the agent needs a model. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countWords } from './src/mastra/tools.ts'

test('counts the words of a text', () => {
  assert.equal(countWords('to be or not to be'), 6)
})
