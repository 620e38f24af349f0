/** What two real nodes measure of each other, and what they tell of it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defineAgent } from '../../agents/agent.ts'
import { explainRoute } from '../../node/operations/routing.ts'
import { startLinkedNodes } from '../support/linked-nodes.ts'
import { say } from '../support/tasks.ts'

const shouter = defineAgent({
  id: 'shouter',
  description: 'says it louder',
  skills: [{ id: 'shout', name: 'Shout', description: 'says it louder', tags: ['test'] }],
  async *run({ text }) {
    yield text.toUpperCase()
  }
})

test('a task that was given away is measured, and its story says why it went there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lumos-routing-'))
  const nodes = await startLinkedNodes(folder, [shouter])
  onTestFinished(async () => {
    await nodes.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const { caller } = nodes
  const { id } = await caller.work.delegations.delegate({
    target: 'shouter',
    message: say('hello'),
    patient: true,
    policy: 'fastest'
  })
  const events = await Array.fromAsync(caller.work.delegations.watch(id))
  const routed = events.findLast((event) => event.type === 'routed')
  expect(routed?.choice).toMatchObject({
    policy: 'fastest',
    compared: [{ node: 'worker', agent: 'shouter', success: 1 }]
  })
  const { signal } = new AbortController()
  const explanation = await explainRoute(caller, { target: 'shouter' }, signal)
  expect(explanation).toMatchObject({
    policy: 'local-first',
    candidates: [{ node: 'worker', why: 'best', chance: 1, measured: 1, inFlight: 0, success: 1 }]
  })
})
