/** Finds skills by what they say, term by term: a common word costs one pass over its uses, not a look at every card. */
import { LIMITS } from '../../core/limits.ts'
import { countOf, numberOf, Postings } from './postings.ts'
import { countedWords, saturation } from './query.ts'
import type { SearchableCard, SearchableSkill, WordWeights } from './query.ts'

interface Term {
  readonly uses: Postings
  readonly weight: number
}

/** What skills have reached in the search under way, by their numbers; all zero between searches. */
interface Marks {
  reached: Float64Array
  hits: Uint8Array
  lengths: Uint16Array
}

const FIRST_CAPACITY = 64
/** The number of no skill. */
const NOBODY = 0xff_ffff

export class WordIndex {
  readonly #usesOf = new Map<string, Postings>()
  readonly #skills: (SearchableSkill | undefined)[] = []
  readonly #numbers = new Map<SearchableSkill, number>()
  readonly #free: number[] = []
  #marks = emptyMarks(FIRST_CAPACITY)
  #length = 0

  add(card: SearchableCard): void {
    for (const [at, { words, length }] of countedWords(card).entries()) {
      const searched = card.skills[at]
      if (searched === undefined) continue
      const number = this.#free.pop() ?? this.#skills.length
      if (number >= this.#marks.hits.length) this.#marks = grown(this.#marks)
      this.#skills[number] = searched
      this.#numbers.set(searched, number)
      this.#marks.lengths[number] = length
      this.#length += length
      for (const [word, count] of words) {
        let uses = this.#usesOf.get(word)
        if (uses === undefined) this.#usesOf.set(word, (uses = new Postings()))
        uses.add(number, count)
      }
    }
  }

  remove(card: SearchableCard): void {
    for (const [at, { words, length }] of countedWords(card).entries()) {
      const searched = card.skills[at]
      const number = searched && this.#numbers.get(searched)
      if (searched === undefined || number === undefined) continue
      this.#numbers.delete(searched)
      this.#skills[number] = undefined
      this.#free.push(number)
      this.#length -= length
      for (const word of words.keys()) {
        const uses = this.#usesOf.get(word)
        uses?.remove(number)
        if (uses?.size === 0) this.#usesOf.delete(word)
      }
    }
  }

  weights(words: readonly string[]): WordWeights {
    const all = this.#numbers.size
    const uses = words.map((word) => this.#usesOf.get(word))
    const says = uses.map((having) => {
      const { size = 0 } = having ?? {}
      return Math.log(1 + (all - size + 0.5) / (size + 0.5))
    })
    const number = (skill: SearchableSkill): number => this.#numbers.get(skill) ?? NOBODY
    return {
      says,
      averageWords: this.#length / Math.max(1, all),
      count: (skill, at) => uses[at]?.count(number(skill)) ?? 0,
      lengthOf: (skill) => this.#marks.lengths[number(skill)] ?? 0
    }
  }

  /**
   * Tells every skill that says half of `words`, and how well it fits, 0 to 1. Of words that are said
   * more than `searchedUses` times together, the rarest first, some uses are not looked at.
   */
  search(
    words: readonly string[],
    found: (skill: SearchableSkill, relevance: number) => void
  ): void {
    const { says, averageWords } = this.weights(words)
    const terms = words
      .flatMap((word, at) => {
        const uses = this.#usesOf.get(word)
        return uses === undefined ? [] : [{ uses, weight: says[at] ?? 0 }]
      })
      .toSorted((a, b) => a.uses.size - b.uses.size)
    const most = says.reduce((sum, weight) => sum + weight, 0)
    const needed = Math.ceil(words.length / 2)
    const { reached, hits } = this.#marks
    for (const number of this.#touch(terms, { needed, averageWords })) {
      const skill = this.#skills[number]
      const [relevance, count] = [(reached[number] ?? 0) / most, hits[number] ?? 0]
      reached[number] = 0
      hits[number] = 0
      if (skill !== undefined && count >= needed) found(skill, relevance)
    }
  }

  /** Marks what the terms say, the rarest first; returns the numbers that are marked. */
  #touch(
    terms: readonly Term[],
    { needed, averageWords }: { readonly needed: number; readonly averageWords: number }
  ): readonly number[] {
    const { reached, hits, lengths } = this.#marks
    const touched: number[] = []
    let left = LIMITS.searchedUses.value

    function mark(number: number, weight: number, count: number): void {
      hits[number] = (hits[number] ?? 0) + 1
      const adds = weight * saturation(count, lengths[number] ?? 0, averageWords)
      reached[number] = (reached[number] ?? 0) + adds
    }

    for (const [at, { uses, weight }] of terms.entries()) {
      // What has half of the words has one of the rarer half: only these bring new ones.
      const opens = at < terms.length - needed + 1
      const { uses: list, size } = uses
      if (!opens && touched.length * Math.log2(size + 1) < size) {
        for (const number of touched) {
          const count = uses.count(number)
          if (count > 0) mark(number, weight, count)
        }
        continue
      }
      const end = Math.min(size, left)
      left -= end
      for (let place = 0; place < end; place += 1) {
        const use = list[place] ?? 0
        const number = numberOf(use)
        if (hits[number] === 0) {
          if (!opens) continue
          touched.push(number)
        }
        mark(number, weight, countOf(use))
      }
    }
    return touched
  }
}

function emptyMarks(capacity: number): Marks {
  return {
    reached: new Float64Array(capacity),
    hits: new Uint8Array(capacity),
    lengths: new Uint16Array(capacity)
  }
}

function grown({ lengths }: Marks): Marks {
  const marks = emptyMarks(2 * lengths.length)
  marks.lengths.set(lengths)
  return marks
}
