/** Cards name the default model of their node as long as it is that one. */
import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'
import type { Agent } from '../../../agents/agent.ts'
import { defineAgent } from '../../../agents/agent.ts'
import { llmAgent } from '../../../agents/llm/llm-agent.ts'
import type { ModelCatalogueEvents } from '../../../agents/models/catalogue.ts'
import { silentLogger } from '../../../core/logger.ts'
import { createModelNames } from '../../../node/model-names.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const clock = new ManualClock()
const talker = llmAgent({ id: 'talker', description: 'Talks.', instructions: 'Talk.' }, { clock })
const quiet = llmAgent(
  { id: 'quiet', description: 'Talks.', instructions: 'Talk.', attributes: { model: [] } },
  { clock }
)
const plain = defineAgent({
  id: 'plain',
  description: 'Has none.',
  skills: [{ id: 'plain', name: 'Plain', description: 'Has none.', tags: ['none'] }],
  async *run() {}
})

function setup(...first: string[]) {
  const events = new EventEmitter<ModelCatalogueEvents>()
  let refs: readonly string[] = first
  const announce = vi.fn<(agents: readonly Agent[]) => Promise<void>>(async () => {})
  const models = { events, defaults: () => refs }
  const names = createModelNames({ logger: silentLogger, models, announce })
  const have = (...now: string[]) => {
    refs = now
    events.emit('changed')
  }
  const told = () => announce.mock.lastCall?.[0].map(({ id, attributes }) => [id, attributes])
  return { names, have, told, announce }
}

test('an agent that asks the default names it, and another one after a change', async () => {
  const { names, have, told, announce } = setup('openai/a')
  await names.start()
  await names.announce([talker, plain])
  expect(told()).toEqual([
    ['talker', { model: ['openai/a'] }],
    ['plain', {}]
  ])
  have('openai/b', 'ollama/c')
  expect(told()?.[0]).toEqual(['talker', { model: ['openai/b', 'ollama/c'] }])
  have()
  expect(told()?.[0]).toEqual(['talker', {}])
  expect(announce).toHaveBeenCalledTimes(3)
})

test('what is there before the start is told at the start', async () => {
  const { names, told } = setup('openai/a')
  await names.announce([talker])
  await names.start()
  expect(told()).toEqual([['talker', { model: ['openai/a'] }]])
})

test('nobody is told of a change that no card shows', async () => {
  const { names, have, announce } = setup('openai/a')
  await names.start()
  await names.announce([plain])
  have('openai/b')
  await names.announce([plain, talker])
  have('openai/b')
  expect(announce).toHaveBeenCalledTimes(2)
  await names.stop()
  have('openai/c')
  expect(announce).toHaveBeenCalledTimes(2)
})

test('an agent that says something else of itself is believed', async () => {
  const { names, told } = setup('openai/a')
  await names.start()
  await names.announce([quiet])
  expect(told()).toEqual([['quiet', { model: [] }]])
})
