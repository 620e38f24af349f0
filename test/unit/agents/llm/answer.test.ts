/** Chunks as the servers of this world send them, beside how OpenAI does. */
import type { ChatCompletionChunk } from 'openai/resources/chat/completions'
import { expect, test } from 'vitest'
import { createAnswerBuilder } from '../../../../agents/llm/answer.ts'

function chunk(delta: object): ChatCompletionChunk {
  return {
    id: 'c',
    object: 'chat.completion.chunk',
    created: 0,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: null }]
  }
}

function answerOf(...deltas: readonly object[]) {
  const builder = createAnswerBuilder()
  const texts = deltas.map((delta) => builder.add(chunk(delta)))
  return { texts, ...builder.answer() }
}

const part = (index: number | undefined, id: string | undefined, [text, name]: string[]) => ({
  tool_calls: [
    { index, id, type: 'function', function: { ...(name && { name }), arguments: text } }
  ]
})

test('pieces of parallel calls come to their calls', () => {
  const { toolCalls } = answerOf(
    part(0, 'a', ['', 'one']),
    part(1, 'b', ['{"n"', 'two']),
    part(0, undefined, ['{}']),
    part(1, undefined, [':2}'])
  )
  expect(toolCalls.map(({ id, function: made }) => [id, made.name, made.arguments])).toEqual([
    ['a', 'one', '{}'],
    ['b', 'two', '{"n":2}']
  ])
})

test('servers that number every call 0, or none, are understood', () => {
  const same = answerOf(part(0, 'a', ['{}', 'one']), part(0, 'b', ['{}', 'two']))
  expect(same.toolCalls.map(({ id }) => id)).toEqual(['a', 'b'])
  const none = answerOf(part(undefined, 'a', ['{', 'one']), part(undefined, undefined, ['}']))
  expect(none.toolCalls).toMatchObject([{ id: 'a', function: { arguments: '{}' } }])
  const nameless = answerOf(part(0, undefined, ['{}', 'one']), part(1, '', ['{}', 'two']))
  expect(nameless.toolCalls.map(({ id }) => id)).toEqual(['call_0', 'call_1'])
})

test('a refusal is text that is marked', () => {
  expect(answerOf({ refusal: 'I will ' }, { refusal: 'not.' })).toMatchObject({
    texts: ['I will ', 'not.'],
    text: 'I will not.',
    refused: true
  })
})

test('images and thoughts are kept apart from the text', () => {
  const image = { image_url: { url: 'data:image/png;base64,AAAA' } }
  const answer = answerOf({ reasoning_content: 'hm ' }, { content: 'see', images: [image, {}] })
  expect(answer).toMatchObject({
    text: 'see',
    reasoning: 'hm ',
    images: ['data:image/png;base64,AAAA']
  })
})

test('chunks without choices, deltas or anything are no harm', () => {
  const builder = createAnswerBuilder()
  for (const odd of [{}, { choices: [] }, { choices: [{}] }, { choices: [{ delta: null }] }]) {
    expect(builder.add(odd as unknown as ChatCompletionChunk)).toBe('')
  }
  expect(builder.answer()).toMatchObject({ text: '', finish: 'stop', usage: undefined })
})
