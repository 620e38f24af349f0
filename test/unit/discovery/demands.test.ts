import { expect, test } from 'vitest'
import { splitDemands } from '../../../core/attributes.ts'
import { attributesOf, buildCard, demandsOf } from '../../../discovery/cards/card-builder.ts'
import type { AgentDescription } from '../../../discovery/cards/card-builder.ts'
import { createCardIndex } from '../../../discovery/cards/card-index.ts'
import { matchCard, parseQuery, searchable } from '../../../discovery/directory/query.ts'
import { SIGNATURE, testSkill } from '../../support/identity.ts'

function agent(id: string, more: Partial<AgentDescription> = {}) {
  const card = buildCard(
    {
      id,
      name: id,
      description: 'an agent',
      version: '1.4.0',
      skills: [testSkill('caption')],
      inputModes: ['text/plain'],
      outputModes: ['text/plain'],
      idempotent: false,
      resumable: false,
      ...more
    },
    { peer: 'peer', extensions: [] }
  )
  const source = {
    ...SIGNATURE,
    peer: 'peer',
    agentId: id,
    digest: id,
    card: { ...card, signatures: [] }
  }
  return { card, prepared: searchable(source) }
}

test.each([
  ['caption', ['fast', 'plain']],
  ['caption gpu=true', ['fast']],
  ['lang=de caption price<0.01', ['fast']],
  ['caption lang!=de', ['plain']],
  ['caption version>=1.4', ['fast', 'plain']],
  ['caption version>=1.5', []],
  ['@plain gpu=true', []],
  ['@fast gpu=true', ['fast']],
  ['gpu', ['fast']]
])('%s finds %j', (query, expected) => {
  const agents = [
    agent('fast', { attributes: { gpu: true, lang: ['de'], price: 0.002 } }),
    agent('plain')
  ]
  const found = agents.filter(({ prepared }) => matchCard(prepared, parseQuery(query)).length > 0)
  expect(found.map(({ prepared }) => prepared.agentId)).toEqual(expected)
})

test('a card tells what its agent is and demands, and is no longer where there is nothing to tell', () => {
  const { card } = agent('picky', { attributes: { region: 'eu' }, demands: ['region=eu', 'gpu'] })
  expect(attributesOf(card)).toEqual({ region: 'eu', version: '1.4.0' })
  expect(demandsOf(card)).toEqual([
    ...splitDemands('region=eu').demands,
    { name: 'gpu', operator: '=', value: 'true' }
  ])
  expect(agent('plain').card.capabilities.extensions).toHaveLength(1)
})

function described(id: string, description: string) {
  return agent(id, { skills: [testSkill(`${id}.skill`, { description, tags: ['any'] })] }).prepared
}

test('words find what says them most and little else, rare ones before common ones', () => {
  const cards = [
    described('ocr', 'reads the text of scanned invoices'),
    described(
      'novel',
      `writes text, ${'long and winding stories of many people in many places '.repeat(3)}`
    ),
    described('translate', 'translates text between languages'),
    described('speech', 'turns text into speech')
  ]
  const index = createCardIndex()
  for (const card of cards) index.add(card)
  const ranked = (text: string): string[] =>
    cards
      .flatMap((card) =>
        matchCard(card, parseQuery(text), index.words.weights(parseQuery(text).words)).map(
          ({ score }) => ({
            card,
            score
          })
        )
      )
      .toSorted((a, b) => b.score - a.score)
      .map(({ card }) => card.agentId)

  expect(ranked('text of invoices')[0]).toBe('ocr')
  expect(ranked('text').at(-1)).toBe('novel')
  expect(ranked('text')).toHaveLength(4)
})
