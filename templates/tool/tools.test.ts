/** Calls the tool as the swarm does: data in, data out, checked by its schema. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestNode } from 'lumos-mesh/testing'
import { agent } from './agent.ts'

test('counts the words of a text', async () => {
  await using node = await startTestNode({ agents: [agent] })
  const data = { text: 'to be or not to be' }
  const answer = await node.ask('my-agent', '', { skill: 'word_count', data })
  assert.deepEqual(JSON.parse(answer), { words: 6, most: ['to', 'be', 'or'] })
})

test('what does not fit the schema never reaches the tool', async () => {
  await using node = await startTestNode({ agents: [agent] })
  await assert.rejects(node.ask('my-agent', '', { data: { text: 7 } }), /text/)
})
