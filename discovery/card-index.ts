/** Finds the few cards that may fit a query without looking at all of them. */
import { branchesOf } from './query.ts'
import type { Query, SearchableCard } from './query.ts'

export interface CardIndex {
  add(card: SearchableCard): void
  remove(card: SearchableCard): void
  /** Every card that can match `query`, and perhaps some that do not; each once. */
  candidates(query: Query): Iterable<SearchableCard>
}

export function createCardIndex(): CardIndex {
  const postings = new Map<string, Set<SearchableCard>>()

  function* candidates(query: Query): Iterable<SearchableCard> {
    const lists = keysOf(query).flatMap((key) => postings.get(key) ?? [])
    // Most queries hit one list, which needs no memory of what was seen.
    if (lists.length === 1) yield* lists[0] ?? []
    else yield* new Set(lists.flatMap((list) => [...list]))
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

function keysOf({ text, words, agent }: Query): string[] {
  if (agent !== undefined) return [`agent ${agent}`]
  return [`agent ${text}`, `skill ${text}`, `tag ${text}`, ...words.map((word) => `word ${word}`)]
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
