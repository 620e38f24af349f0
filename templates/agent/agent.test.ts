/** Runs the agent as the swarm does: through a node, as a task. Without a model, so that it costs nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestNode } from 'lumos-mesh/testing'
import { agent } from './agent.ts'

const options = { agents: [agent], models: { detect: false } }

test('counts the words of a text', async () => {
  await using node = await startTestNode(options)
  const answer = await node.ask('my-agent', 'to be or not to be')
  assert.equal(answer, '6 words, most often: to, be, or')
})

test('says what is wrong with a text without words', async () => {
  await using node = await startTestNode(options)
  await assert.rejects(node.ask('my-agent', '…'), /there is no word/)
})
