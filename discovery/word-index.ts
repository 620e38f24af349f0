/** Finds skills by what they say, term by term: a common word costs one pass over its uses, not a look at every card. */
import { LIMITS } from '../core/limits.ts'
import { Postings } from './postings.ts'
import { saturation } from './query.ts'
import type { SearchableCard, SearchableSkill, WordWeights } from './query.ts'

export interface WordedSkill {
  readonly card: SearchableCard
  readonly searched: SearchableSkill
}

interface Term {
  readonly uses: Postings
  readonly weight: number
}

/** What skills have reached in the search under way, by their numbers; all zero between searches. */
interface Marks {
  reached: Float64Array
  hits: Uint8Array
  lengths: Float64Array
}

const FIRST_CAPACITY = 64

export class WordIndex {
  readonly #usesOf = new Map<string, Postings>()
  readonly #skills: (WordedSkill | undefined)[] = []
  readonly #numbers = new Map<SearchableSkill, number>()
  readonly #free: number[] = []
  #marks = emptyMarks(FIRST_CAPACITY)
  #length = 0

  add(card: SearchableCard): void {
    for (const searched of card.skills) {
      const number = this.#free.pop() ?? this.#skills.length
      if (number >= this.#marks.hits.length) this.#marks = grown(this.#marks)
      this.#skills[number] = { card, searched }
      this.#numbers.set(searched, number)
      this.#marks.lengths[number] = searched.length
      this.#length += searched.length
      for (const [word, count] of searched.words) {
        let uses = this.#usesOf.get(word)
        if (uses === undefined) this.#usesOf.set(word, (uses = new Postings()))
        uses.add(number, count)
      }
    }
  }

  remove(card: SearchableCard): void {
    for (const searched of card.skills) {
      const number = this.#numbers.get(searched)
      if (number === undefined) continue
      this.#numbers.delete(searched)
      this.#skills[number] = undefined
      this.#free.push(number)
      this.#length -= searched.length
      for (const word of searched.words.keys()) {
        const uses = this.#usesOf.get(word)
        uses?.remove(number)
        if (uses?.size === 0) this.#usesOf.delete(word)
      }
    }
  }

  weights(words: readonly string[]): WordWeights {
    const all = this.#numbers.size
    const says = words.map((word) => {
      const having = this.#usesOf.get(word)?.size ?? 0
      return Math.log(1 + (all - having + 0.5) / (having + 0.5))
    })
    return { says, averageWords: this.#length / Math.max(1, all) }
  }

  /**
   * Tells every skill that says half of `words`, and how well it fits, 0 to 1. Of words that are said
   * more than `searchedUses` times together, the rarest first, some uses are not looked at.
   */
  search(words: readonly string[], found: (worded: WordedSkill, relevance: number) => void): void {
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
      const worded = this.#skills[number]
      const [relevance, count] = [(reached[number] ?? 0) / most, hits[number] ?? 0]
      reached[number] = 0
      hits[number] = 0
      if (worded !== undefined && count >= needed) found(worded, relevance)
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
      const { numbers, counts, size } = uses
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
        const number = numbers[place] ?? 0
        if (hits[number] === 0) {
          if (!opens) continue
          touched.push(number)
        }
        mark(number, weight, counts[place] ?? 0)
      }
    }
    return touched
  }
}

function emptyMarks(capacity: number): Marks {
  return {
    reached: new Float64Array(capacity),
    hits: new Uint8Array(capacity),
    lengths: new Float64Array(capacity)
  }
}

function grown({ lengths }: Marks): Marks {
  const marks = emptyMarks(2 * lengths.length)
  marks.lengths.set(lengths)
  return marks
}
