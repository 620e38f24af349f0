/** Finds agents by what is meant, beside what is said: words and vectors each rank them, and both rankings count. */
import type { AgentSkill } from '../../core/a2a.ts'
import { LIMITS } from '../../core/limits.ts'
import type { VerifiedCard } from '../../trust/card-signature.ts'
import type { CardVectors, UnitVector } from '../cards/card-vectors.ts'
import type { Directory } from './directory.ts'
import { keyOf } from './provider.ts'
import type { Provider } from './provider.ts'
import { WORDS_SCORE } from './query.ts'
import type { Query } from './query.ts'

export interface MeaningComponents {
  readonly directory: Pick<Directory, 'all'>
  readonly vectors: Pick<CardVectors, 'of'>
}

/** Those found by words, ranked anew together with those found by meaning. */
export type FindByMeaning = (
  query: Query,
  worded: readonly Provider[],
  options: { readonly limit: number; readonly signal: AbortSignal | undefined }
) => Promise<readonly Provider[]>

/** Reciprocal rank fusion's usual constant (Cormack, Clarke, Büttcher 2009). */
const K = 60
/** What is less than so near as the nearest is no answer, only the next best text. */
const NEAR = 0.75

export function createFindByMeaning({ directory, vectors }: MeaningComponents): FindByMeaning {
  return async (query, worded, { limit, signal }) => {
    const all = directory.all(query)
    const texts = new Set(all.map(({ card, skill }) => textOf(card, skill)))
    const { question, vector } = await vectors.of([...texts], query.text, signal)
    if (question === undefined) return worded
    const cosines = new Map<string, number>()
    for (const text of texts) {
      const found = vector(text)
      if (found !== undefined) cosines.set(text, product(found, question))
    }
    const nearest = Math.max(0, ...cosines.values()) * NEAR
    const meant = all.flatMap((provider) => {
      const score = cosines.get(textOf(provider.card, provider.skill)) ?? 0
      return score > 0 && score >= nearest ? [{ ...provider, score }] : []
    })
    return fused([worded, byScore(meant)]).slice(0, limit)
  }
}

/** By the sum of what their places are worth. The same text has the same place, however many nodes offer it. */
function fused(rankings: readonly (readonly Provider[])[]): readonly Provider[] {
  const worth = new Map<string, { readonly provider: Provider; sum: number }>()
  for (const ranking of rankings) {
    let place = 0
    let before = Infinity
    for (const provider of ranking) {
      if (provider.score < before) place += 1
      before = provider.score
      const key = keyOf(provider)
      const known = worth.get(key) ?? { provider, sum: 0 }
      known.sum += 1 / (K + place)
      worth.set(key, known)
    }
  }
  const most = rankings.length / (K + 1)
  return byScore(
    Array.from(worth.values(), ({ provider, sum }) => ({
      ...provider,
      score: (WORDS_SCORE * sum) / most
    }))
  )
}

function byScore(providers: readonly Provider[]): readonly Provider[] {
  return providers.toSorted((a, b) => b.score - a.score || (a.load ?? 0.5) - (b.load ?? 0.5))
}

const texts = new WeakMap<AgentSkill, string>()

function textOf({ card }: VerifiedCard, skill: AgentSkill): string {
  const known = texts.get(skill)
  if (known !== undefined) return known
  const parts = [skill.name, skill.tags.join(', '), skill.description, card.name, card.description]
  const text = parts.join('\n').slice(0, LIMITS.embedCharacters.value)
  texts.set(skill, text)
  return text
}

function product(a: UnitVector, b: UnitVector): number {
  // Vectors of different lengths have nothing to do with each other.
  if (a.length !== b.length) return 0
  let sum = 0
  for (let at = 0; at < a.length; at += 1) sum += (a[at] ?? 0) * (b[at] ?? 0)
  return sum
}
