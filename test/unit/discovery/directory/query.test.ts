import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createCardIndex } from '../../../../discovery/cards/card-index.ts'
import type { CardIndex } from '../../../../discovery/cards/card-index.ts'
import {
  branchesOf,
  matchCard,
  parseQuery,
  searchable,
  WORDS_SCORE
} from '../../../../discovery/directory/query.ts'
import type { SearchableCard } from '../../../../discovery/directory/query.ts'
import { SIGNATURE, testCard, testSkill } from '../../../support/identity.ts'

/** Search never looks at signatures, so these cards have none worth the name. */
function prepared(agentId: string, skills = [testSkill('echo')], description = 'an agent') {
  const card = { ...testCard('peer', agentId, { skills, description }), signatures: [] }
  return searchable({ ...SIGNATURE, peer: 'peer', agentId, digest: agentId, card })
}

const VISION = prepared('eyes', [
  testSkill('vision.caption', { tags: ['Images'], description: 'describes pictures in words' }),
  testSkill('vision.ocr.print', { tags: ['images', 'text'], description: 'reads printed pages' })
])

function matches(query: string): string[] {
  return matchCard(VISION, parseQuery(query)).map(({ skill, match }) => `${skill.id} ${match}`)
}

test.for([
  ['vision.caption', ['vision.caption skill']],
  ['VISION.Caption ', ['vision.caption skill']],
  ['vision', ['vision.caption prefix', 'vision.ocr.print prefix']],
  ['vision.ocr', ['vision.ocr.print prefix']],
  ['vis', []],
  ['images', ['vision.caption tag', 'vision.ocr.print tag']],
  ['describe pictures', ['vision.caption words']],
  ['read the printed pages', ['vision.ocr.print words']],
  ['pictures of quantum chromodynamics in sixteen dimensions', []],
  ['eyes', ['vision.caption agent']],
  ['@eyes', ['vision.caption agent']],
  ['@vision', []],
  ['', []]
] as const)('"%s" matches %j', ([query, expected]) => {
  expect(matches(query)).toEqual(expected)
})

test('exact names beat branches, branches beat tags, tags beat words', () => {
  const scores = ['eyes', 'vision.caption', 'vision', 'images', 'pictures'].map(
    (query) => matchCard(VISION, parseQuery(query))[0]?.score
  )
  expect(scores).toEqual(scores.toSorted((a = 0, b = 0) => b - a))
  expect(new Set(scores).size).toBe(5)
})

test('an agent asked for by name answers with the skill of its own name', () => {
  const agent = prepared('echo', [testSkill('other'), testSkill('echo')])
  expect(matchCard(agent, parseQuery('echo')).map(({ skill }) => skill.id)).toEqual(['echo'])
})

test('@agent@node names both', () => {
  expect(parseQuery('@Echo@Birch')).toMatchObject({ agent: 'echo', node: 'birch' })
})

test('branches are what stands above a skill', () => {
  expect(branchesOf('a.b.c')).toEqual(['a', 'a.b'])
  expect(branchesOf('a')).toEqual([])
})

const word = fc.constantFrom('vision', 'caption', 'ocr', 'text', 'translate', 'echo', 'pdf', 'big')
const skillId = fc.array(word, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'))
const skills = fc.array(
  fc
    .tuple(skillId, fc.array(word, { minLength: 1, maxLength: 3 }), word)
    .map(([id, tags, about]) => testSkill(id, { tags, description: `${about} things` })),
  { minLength: 1, maxLength: 4 }
)
const cards = fc.array(
  fc.tuple(word, skills, word).map(([id, list, about]) => prepared(id, list, `about ${about}`)),
  { maxLength: 12 }
)
const query = fc.oneof(
  skillId,
  word,
  word.map((agent) => `@${agent}@node`),
  fc.array(word, { maxLength: 4 }).map((words) => words.join(' '))
)

function found(list: Iterable<SearchableCard>, text: string): Set<SearchableCard> {
  return new Set([...list].filter((card) => matchCard(card, parseQuery(text)).length > 0))
}

/** As the directory joins them. */
function foundIn(index: CardIndex, text: string): Set<SearchableCard> {
  const parsed = parseQuery(text)
  const both = found(index.named(parsed), text)
  index.words.search(parsed.words, ({ card }) => both.add(card))
  return both
}

test('the index finds what looking at every card finds, before and after removals', () => {
  fc.assert(
    fc.property(cards, query, fc.nat(11), (list, text, removed) => {
      const index = createCardIndex()
      for (const card of list) index.add(card)
      expect(foundIn(index, text)).toEqual(found(list, text))
      const gone = list[removed]
      if (gone !== undefined) index.remove(gone)
      const rest = list.filter((card) => card !== gone)
      expect(foundIn(index, text)).toEqual(found(rest, text))
      if (gone !== undefined) index.add(gone)
      expect(foundIn(index, text)).toEqual(found(list, text))
    }),
    { numRuns: 300 }
  )
})

test('a skill is as relevant by the index as by itself', () => {
  fc.assert(
    fc.property(cards, query, (list, text) => {
      const index = createCardIndex()
      for (const card of list) index.add(card)
      const parsed = parseQuery(text)
      const weights = index.words.weights(parsed.words)
      const pairs: (readonly [number, number])[] = []
      index.words.search(parsed.words, (searched, relevance) => {
        const { card } = searched
        const own = matchCard(card, parsed, weights)
        const same = own.find(({ skill, match }) => skill === searched.skill && match === 'words')
        if (same !== undefined) pairs.push([same.score, WORDS_SCORE * relevance])
      })
      for (const [own, indexed] of pairs) expect(indexed).toBeCloseTo(own)
    }),
    { numRuns: 300 }
  )
})
