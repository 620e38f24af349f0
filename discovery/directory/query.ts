/** What people and programs ask for, and how well a skill fits: pure functions over one card. */
import type { AgentSkill } from '../../core/a2a.ts'
import { meets, splitDemands } from '../../core/attributes.ts'
import type { Attributes, Demand } from '../../core/attributes.ts'
import type { VerifiedCard } from '../../trust/card-signature.ts'
import { attributesOf } from '../cards/card-builder.ts'

export type Match = 'agent' | 'skill' | 'prefix' | 'tag' | 'words'

/** Of an agent whose text says all that was asked, in every way it is looked at. */
export const WORDS_SCORE = 0.6

/** An exact name beats a broader one, which beats a tag, which beats words in a description. */
const SCORES: Readonly<Record<Match, number>> = {
  agent: 1,
  skill: 0.95,
  prefix: 0.8,
  tag: 0.7,
  words: WORDS_SCORE
}

export interface Query {
  /** The whole query in lower case. */
  readonly text: string
  readonly words: readonly string[]
  /** Set for `@agent` and `@agent@node`: nothing else may match then. */
  readonly agent?: string
  /** Node name, or PeerId in lower case. */
  readonly node?: string
  /** What an agent has to say of itself: `lang=de`, `price<0.01`. */
  readonly demands: readonly Demand[]
}

/** How much the words of a query say, over all cards, and who says them. */
export interface WordWeights {
  /** Inverse document frequency, in the order of the query's words: a rare one says more than a common one. */
  readonly says: readonly number[]
  /** Words of a skill, on average. */
  readonly averageWords: number
  /** How often the skill says the query's word at that place. */
  readonly count: (skill: SearchableSkill, at: number) => number
  /** Words of the skill. */
  readonly lengthOf: (skill: SearchableSkill) => number
}

/** Longer queries gain nothing and cost the index a look-up for each word. */
const MAX_QUERY_LENGTH = 256
const MAX_WORDS = 16
const MAX_WORDS_OF_SKILL = 128

const STOP_WORDS = new Set(
  'a an and are as at be by can for from in into is it me my of on or that the this to with'.split(
    ' '
  )
)

/** Understands `@agent`, `@agent@node`, ids, dotted prefixes, tags, free words, and demands among them. */
export function parseQuery(input: string): Query {
  const { text: rest, demands } = splitDemands(input)
  // Words that are left out find more; demands that were would find what is not wanted.
  const text = rest.slice(0, MAX_QUERY_LENGTH).toLowerCase()
  const [, agent, node] = /^@([^@\s]+)(?:@([^@\s]+))?$/.exec(text) ?? []
  // The parts of an id are no words: `vision.caption` must not find `vision.ocr`.
  const words = /^[\p{L}\p{N}]+$|\s/u.test(text) ? wordsOf(text).slice(0, MAX_WORDS) : []
  return {
    text,
    words,
    demands,
    ...(agent !== undefined && { agent }),
    ...(node !== undefined && { node })
  }
}

/** Whether it says what an agent has to be, and nothing else. */
export function asksForAnybody({ text, demands }: Query): boolean {
  return text === '' && demands.length > 0
}

/** A skill's names in the form they are compared in. Its words are counted when they are needed: ten thousand
 * agents say more than a node should hold twice. */
export interface SearchableSkill {
  readonly card: SearchableCard
  readonly skill: AgentSkill
  readonly id: string
  readonly tags: readonly string[]
}

export interface CountedWords {
  /** How often the skill says them: its names and tags count for three. */
  readonly words: ReadonlyMap<string, number>
  readonly length: number
}

/** A card prepared for searching. */
export interface SearchableCard {
  readonly source: VerifiedCard
  readonly agentId: string
  readonly attributes: Attributes
  readonly skills: readonly SearchableSkill[]
}

export interface SkillMatch {
  readonly skill: AgentSkill
  readonly match: Match
  /** 0 to 1. */
  readonly score: number
}

const NO_SKILLS: readonly SearchableSkill[] = []

export function searchable(source: VerifiedCard): SearchableCard {
  const { card, agentId } = source
  const prepared = {
    source,
    agentId: agentId.toLowerCase(),
    attributes: attributesOf(card),
    skills: NO_SKILLS
  }
  prepared.skills = card.skills.map((skill) => ({
    card: prepared,
    skill,
    id: skill.id.toLowerCase(),
    tags: plainTags(skill.tags)
  }))
  return prepared
}

/** The very same list where it is in that form already, as most are. */
function plainTags(tags: readonly string[]): readonly string[] {
  const plain = tags.map((tag) => tag.trim().toLowerCase())
  return plain.every((tag, at) => tag === tags[at]) ? tags : plain
}

/** Of every skill of the card, in their order. */
export function countedWords({ source, attributes }: SearchableCard): readonly CountedWords[] {
  const { card, agentId } = source
  const common = [
    ...wordsOf(`${agentId} ${card.name} ${card.description}`),
    ...Object.keys(attributes).filter((name) => attributes[name] === true)
  ]
  return card.skills.map((skill) => countWords(skill, common))
}

/** In the order of what says most, so that a skill that talks too much loses its last words. */
function countWords(
  { id, name, tags, description }: AgentSkill,
  common: readonly string[]
): CountedWords {
  const names = wordsOf(`${id} ${name} ${tags.join(' ')}`)
  const said = [...names, ...names, ...names, ...wordsOf(description), ...common]
  const words = new Map<string, number>()
  for (const word of said) {
    if (words.size < MAX_WORDS_OF_SKILL || words.has(word)) {
      words.set(word, (words.get(word) ?? 0) + 1)
    }
  }
  return { words, length: said.length }
}

/** Of a card that is in no index. */
function ownWeights(card: SearchableCard, { words }: Query): WordWeights {
  const counted = countedWords(card)
  const of = (skill: SearchableSkill): CountedWords | undefined =>
    counted[card.skills.indexOf(skill)]
  return {
    says: words.map(() => 1),
    averageWords: 1,
    count: (skill, at) => of(skill)?.words.get(words[at] ?? '') ?? 0,
    lengthOf: (skill) => of(skill)?.length ?? 0
  }
}

/** Every skill of the card that fits; an agent asked for by name answers with its main skill only. */
export function matchCard(
  card: SearchableCard,
  query: Query,
  weights: WordWeights = ownWeights(card, query)
): SkillMatch[] {
  if (!meets(card.attributes, query.demands)) return []
  if (card.agentId === (query.agent ?? query.text)) {
    const main = card.skills.find(({ id }) => id === card.agentId) ?? card.skills[0]
    return main === undefined ? [] : [{ skill: main.skill, match: 'agent', score: SCORES.agent }]
  }
  if (query.agent !== undefined) return []
  if (asksForAnybody(query)) {
    const [main] = card.skills
    return main === undefined ? [] : [{ skill: main.skill, match: 'words', score: SCORES.words }]
  }
  const found: SkillMatch[] = []
  for (const skill of card.skills) {
    const fit = matchSkill(skill, query, weights)
    if (fit !== undefined) found.push(fit)
  }
  return found
}

function matchSkill(
  searched: SearchableSkill,
  query: Query,
  weights: WordWeights
): SkillMatch | undefined {
  const { skill, id, tags } = searched
  if (id === query.text) return { skill, match: 'skill', score: SCORES.skill }
  if (isPrefix(query.text, id)) return { skill, match: 'prefix', score: SCORES.prefix }
  if (tags.includes(query.text)) return { skill, match: 'tag', score: SCORES.tag }
  const score = relevance(searched, query, weights)
  return score === undefined ? undefined : { skill, match: 'words', score: SCORES.words * score }
}

/** BM25's usual constants: how soon repeating a word stops to count, and how much length does. */
const K1 = 1.2
const B = 0.75

/**
 * BM25, as a share of what a text made of the query's words only would reach: 0 to 1. `undefined` without half
 * of the words: one common word in a long question is no answer to it.
 */
function relevance(
  searched: SearchableSkill,
  { words }: Query,
  { says, averageWords, count, lengthOf }: WordWeights
): number | undefined {
  if (words.length === 0) return undefined
  const length = lengthOf(searched)
  let reached = 0
  let most = 0
  let missing = 0
  // Thousands of skills come through here for one question: no iterator, no pairs.
  for (let at = 0; at < words.length; at += 1) {
    const uses = count(searched, at)
    const weight = says[at] ?? 0
    most += weight
    if (uses > 0) reached += weight * saturation(uses, length, averageWords)
    else if ((missing += 1) * 2 > words.length) return undefined
  }
  return reached / most
}

/** What a word that is said `count` times adds, of 1: the more the text says besides, the less. */
export function saturation(count: number, length: number, averageWords: number): number {
  return count / (count + K1 * (1 - B + (B * length) / averageWords))
}

/** Whether `prefix` names a branch of the dotted id: `vision` does of `vision.caption`. */
function isPrefix(prefix: string, id: string): boolean {
  return prefix !== '' && id.startsWith(prefix) && id[prefix.length] === '.'
}

/** `vision` and `vision.caption` of `vision.caption.short`: the branches above a skill. */
export function branchesOf(skillId: string): string[] {
  const parts = skillId.split('.')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'))
}

/** Words of at least two letters or digits, in lower case, without those that say nothing. */
function wordsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? []
  return [...new Set(words)].filter((word) => !STOP_WORDS.has(word))
}
