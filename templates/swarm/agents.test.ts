/** Two nodes that have met: the lead on one, its helpers on the other. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestNode, startTestSwarm } from 'lumos-mesh/testing'
import { counter, lead, shortener } from './agents.ts'

const TEXT = 'Ants carry leaves. They carry them home.'
const REPORT = 'Ants carry leaves. (7 words)'

test('the lead has others on another node do the work', async () => {
  await using swarm = await startTestSwarm({
    anna: { agents: [lead] },
    bert: { agents: [counter, shortener] }
  })
  assert.equal(await swarm.anna.ask('my-agent', TEXT), REPORT)
  const { tasks } = await swarm.bert.status()
  assert.equal(tasks.completed, 2)
})

test('on one node it is the same', async () => {
  await using node = await startTestNode({ agents: [lead, counter, shortener] })
  assert.equal(await node.ask('my-agent', TEXT), REPORT)
})
