/** The agent `chat` is there while there is a model. */
import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { defineAgent } from '../../../agents/agent.ts'
import type { ModelCatalogueEvents } from '../../../agents/models/catalogue.ts'
import { createRoster } from '../../../agents/roster.ts'
import { silentLogger } from '../../../core/logger.ts'
import { createChatOffer } from '../../../node/chat.ts'
import { ManualClock } from '../../support/manual-clock.ts'

function setup() {
  const components = { clock: new ManualClock(), logger: silentLogger }
  const announced: string[][] = []
  const roster = createRoster(components, {
    announce: async (agents) => void announced.push(agents.map(({ id }) => id))
  })
  const events = new EventEmitter<ModelCatalogueEvents>()
  let refs: readonly string[] = []
  const models = { events, defaults: () => refs }
  const have = (...now: string[]) => {
    refs = now
    events.emit('changed')
  }
  const offer = createChatOffer({ ...components, models, roster }, { memory: true })
  return { offer, roster, announced, have }
}

test('chat comes with the first model and goes with the last, and others are told only then', async () => {
  const { offer, roster, announced, have } = setup()
  await offer.start()
  expect(roster.find('chat')).toBeUndefined()
  have('ollama/a')
  const chat = roster.find('chat')
  expect(chat?.skills.map(({ id }) => id)).toEqual(['chat'])
  have('ollama/a', 'openai/b')
  expect(roster.find('chat')).toBe(chat)
  have()
  expect(roster.find('chat')).toBeUndefined()
  expect(announced).toEqual([['chat'], []])
  await offer.stop()
  have('ollama/a')
  expect(roster.find('chat')).toBeUndefined()
})

test('a model that is there at the start is enough', async () => {
  const { offer, roster, have } = setup()
  have('openai/b')
  await offer.start()
  expect(roster.find('chat')).toBeDefined()
})

test('a program’s own chat stays the one', async () => {
  const { offer, roster, have } = setup()
  const own = defineAgent({
    id: 'chat',
    description: 'Mine.',
    skills: [{ id: 'chat', name: 'Chat', description: 'Mine.', tags: ['chat'] }],
    async *run() {}
  })
  await roster.assign('program', [own])
  await offer.start()
  have('openai/b')
  await new Promise((resolve) => setImmediate(resolve))
  expect(roster.find('chat')).toMatchObject({ description: 'Mine.' })
})
