/** Ranks the cards of a directory by how well they answer a query. */
import { meets } from '../../core/attributes.ts'
import { LIMITS } from '../../core/limits.ts'
import type { VerifiedCard } from '../../trust/card-signature.ts'
import type { CardIndex } from '../cards/card-index.ts'
import type { PeerEntry } from './peer-entry.ts'
import { matchCard, WORDS_SCORE } from './query.ts'
import type { Query } from './query.ts'
import { createRanking } from './ranking.ts'
import type { RankedMatch } from './ranking.ts'

export interface SearchedCards {
  readonly index: CardIndex
  /** Whose card it is, if that lives and is the node that is asked for. */
  readonly aliveAt: (card: VerifiedCard) => PeerEntry | undefined
}

/** Best first. */
export function searchCards(
  { index, aliveAt }: SearchedCards,
  query: Query,
  limit: number | undefined
): readonly RankedMatch[] {
  const named = createRanking(limit ?? LIMITS.findProviders.value)
  const worded = createRanking(limit ?? LIMITS.findByWords.value)
  const means = index.named(query)
  const weights = index.words.weights(query.words)
  let left = LIMITS.searchedCards.value
  for (const candidate of means) {
    if (left-- === 0) break
    const entry = aliveAt(candidate.source)
    if (entry === undefined) continue
    for (const found of matchCard(candidate, query, weights)) {
      const ranking = found.match === 'words' ? worded : named
      ranking.offer(found, entry, candidate.source)
    }
  }
  index.words.search(query.words, ({ card, skill }, relevance) => {
    const score = WORDS_SCORE * relevance
    // A word that all say comes by thousands of times.
    if (!worded.wants(score) || means.has(card)) return
    const entry = aliveAt(card.source)
    if (entry === undefined || !meets(card.attributes, query.demands)) return
    worded.offer({ skill, match: 'words', score }, entry, card.source)
  })
  // Any name fits better than words do.
  const names = named.ranked()
  const room = Math.max(0, (limit ?? LIMITS.findByWords.value) - names.length)
  return [...names, ...worded.ranked().slice(0, room)]
}

/** Every skill of agents that meet the demands, whatever the words of the query are. */
export function allSkills(
  { index, aliveAt }: SearchedCards,
  { demands }: Query
): readonly RankedMatch[] {
  const found: RankedMatch[] = []
  let left = LIMITS.searchedCards.value
  for (const { source, attributes } of index.all()) {
    const entry = aliveAt(source)
    if (entry === undefined || !meets(attributes, demands)) continue
    if (left-- === 0) break
    for (const skill of source.card.skills) {
      found.push({ entry, card: source, skill, match: 'words', score: 0 })
    }
  }
  return found
}
