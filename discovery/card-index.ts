/** Finds the few cards that may fit a query without looking at all of them. */
import { branchesOf } from './query.ts'
import type { Query, SearchableCard } from './query.ts'

export interface CardIndex {
  add(card: SearchableCard): void
  remove(card: SearchableCard): void
  /** Every card that can match `query`, and perhaps some that do not; each once, names before words. */
  candidates(query: Query): Iterable<SearchableCard>
}

export function createCardIndex(): CardIndex {
  const postings = new Map<string, Set<SearchableCard>>()

  function* candidates(query: Query): Iterable<SearchableCard> {
    const names = namesIn(query).flatMap((key) => postings.get(key) ?? [])
    const words = query.words.flatMap((word) => postings.get(`word ${word}`) ?? [])
    // A rare word says more than a common one.
    const lists = [...names, ...words.toSorted((a, b) => a.size - b.size)]
    for (const [index, list] of lists.entries()) {
      // Asking the lists before is cheaper than remembering thousands of cards.
      const before = lists.slice(0, index)
      for (const card of list) if (!before.some((other) => other.has(card))) yield card
    }
  }

  return {
    add(card) {
      for (const key of termsOf(card)) {
        const list = postings.get(key)
        if (list === undefined) postings.set(key, new Set([card]))
        else list.add(card)
      }
    },
    remove(card) {
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
    for (const word of words) terms.add(`word ${word}`)
  }
  return terms
}
