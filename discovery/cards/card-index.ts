/** Finds the few cards that a query may mean by a name without looking at all of them; words are looked up apart. */
import { asksForAnybody, branchesOf } from '../directory/query.ts'
import type { Query, SearchableCard } from '../directory/query.ts'
import { WordIndex } from '../directory/word-index.ts'

export interface CardIndex {
  /** By the words that skills say. */
  readonly words: Pick<WordIndex, 'weights' | 'search'>
  add(card: SearchableCard): void
  remove(card: SearchableCard): void
  all(): Iterable<SearchableCard>
  /** Every card that one of the names in `query` can mean, each once; all for a mere demand. */
  named(query: Query): ReadonlySet<SearchableCard>
}

export function createCardIndex(): CardIndex {
  /** A card alone where it is the only one, as of most agents and of many skills. */
  const postings = new Map<string, SearchableCard | Set<SearchableCard>>()
  const all = new Set<SearchableCard>()
  const words = new WordIndex()

  return {
    words,
    all: () => all,
    add(card) {
      all.add(card)
      words.add(card)
      for (const key of namesOf(card)) {
        const held = postings.get(key)
        if (held === undefined) postings.set(key, card)
        else if (held instanceof Set) held.add(card)
        else postings.set(key, new Set([held, card]))
      }
    },
    remove(card) {
      all.delete(card)
      words.remove(card)
      for (const key of namesOf(card)) {
        const held = postings.get(key)
        if (held instanceof Set) held.delete(card)
        if (held === card || (held instanceof Set && held.size === 0)) postings.delete(key)
      }
    },
    named(query) {
      if (asksForAnybody(query)) return all
      const lists = namesIn(query).flatMap((key) => postings.get(key) ?? [])
      const [only = NONE, ...more] = lists
      if (more.length === 0 && only instanceof Set) return only
      return new Set(lists.flatMap((held) => (held instanceof Set ? [...held] : [held])))
    }
  }
}

const NONE: ReadonlySet<SearchableCard> = new Set()

function namesIn({ text, agent }: Query): string[] {
  if (agent !== undefined) return [`agent ${agent}`]
  return [`agent ${text}`, `skill ${text}`, `tag ${text}`]
}

function namesOf({ agentId, skills }: SearchableCard): Set<string> {
  const terms = new Set([`agent ${agentId}`])
  for (const { id, tags } of skills) {
    terms.add(`skill ${id}`)
    for (const branch of branchesOf(id)) terms.add(`skill ${branch}`)
    for (const tag of tags) terms.add(`tag ${tag}`)
  }
  return terms
}
