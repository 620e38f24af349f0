/** Finds the few cards that may fit a query without looking at all of them. */
import { asksForAnybody, branchesOf } from './query.ts'
import type { Query, SearchableCard, WordWeights } from './query.ts'

export interface CardIndex {
  weights(query: Query): WordWeights
  add(card: SearchableCard): void
  remove(card: SearchableCard): void
  all(): Iterable<SearchableCard>
  /** Every card that can match `query`, and perhaps some that do not; each once, names before words. */
  candidates(query: Query): Iterable<SearchableCard>
}

export function createCardIndex(): CardIndex {
  const postings = new Map<string, Set<SearchableCard>>()
  const all = new Set<SearchableCard>()
  const total = { skills: 0, words: 0 }

  function count({ skills }: SearchableCard, sign: 1 | -1): void {
    total.skills += sign * skills.length
    for (const { length } of skills) total.words += sign * length
  }

  function weight(word: string): number {
    const having = postings.get(`word ${word}`)?.size ?? 0
    return Math.log(1 + (all.size - having + 0.5) / (having + 0.5))
  }

  /** Each holds some of those that can match. */
  function listsFor(query: Query): readonly ReadonlySet<SearchableCard>[] {
    if (asksForAnybody(query)) return [all]
    const names = namesIn(query).flatMap((key) => postings.get(key) ?? [])
    const words = query.words.flatMap((word) => postings.get(`word ${word}`) ?? [])
    // A rare word says more than a common one, and what has half of the words has one of the rarer half.
    const needed = query.words.length - Math.ceil(query.words.length / 2) + 1
    const unknown = query.words.length - words.length
    const rare = words.toSorted((a, b) => a.size - b.size).slice(0, Math.max(0, needed - unknown))
    return [...names, ...rare]
  }

  function* candidates(query: Query): Iterable<SearchableCard> {
    const lists = listsFor(query)
    for (const [index, list] of lists.entries()) {
      // Asking the lists before is cheaper than remembering thousands of cards.
      const before = lists.slice(0, index)
      for (const card of list) if (!before.some((other) => other.has(card))) yield card
    }
  }

  return {
    weights: ({ words }) => ({
      says: words.map(weight),
      averageWords: total.words / Math.max(1, total.skills)
    }),
    all: () => all,
    add(card) {
      count(card, 1)
      all.add(card)
      for (const key of termsOf(card)) {
        const list = postings.get(key)
        if (list === undefined) postings.set(key, new Set([card]))
        else list.add(card)
      }
    },
    remove(card) {
      count(card, -1)
      all.delete(card)
      for (const key of termsOf(card)) {
        const list = postings.get(key)
        list?.delete(card)
        if (list?.size === 0) postings.delete(key)
      }
    },
    candidates
  }
}

function namesIn({ text, agent }: Query): string[] {
  if (agent !== undefined) return [`agent ${agent}`]
  return [`agent ${text}`, `skill ${text}`, `tag ${text}`]
}

function termsOf({ agentId, skills }: SearchableCard): Set<string> {
  const terms = new Set([`agent ${agentId}`])
  for (const { id, tags, words } of skills) {
    terms.add(`skill ${id}`)
    for (const branch of branchesOf(id)) terms.add(`skill ${branch}`)
    for (const tag of tags) terms.add(`tag ${tag}`)
    for (const word of words.keys()) terms.add(`word ${word}`)
  }
  return terms
}
