/** Which numbers a word belongs to, and how often: flat and in order, since a search runs through thousands of them. */

/** Most words are said by one or two. */
const FIRST_CAPACITY = 1
/** Of what is in use: a list that doubled would be empty by a quarter on average, of a million uses. */
const GROWTH = 1.3
const COUNT_BITS = 8
/** Who says a word more often says it no better (BM25). */
const MOST_COUNTED = 2 ** COUNT_BITS - 1

/** The number of a use. */
export function numberOf(use: number): number {
  return use >>> COUNT_BITS
}

/** How often the word is said there; 255 means that or more. */
export function countOf(use: number): number {
  return use & MOST_COUNTED
}

/** Numbers have 24 bits. */
export class Postings {
  #uses = new Uint32Array(FIRST_CAPACITY)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** In ascending order of their numbers; valid up to `size`, until the next change. */
  get uses(): Uint32Array {
    return this.#uses
  }

  /** 0 for one that is not there. */
  count(number: number): number {
    const at = this.#find(number)
    return this.#has(number, at) ? countOf(this.#uses[at] ?? 0) : 0
  }

  add(number: number, count: number): void {
    if (this.#size === this.#uses.length) this.#grow()
    const at = this.#find(number)
    this.#uses.copyWithin(at + 1, at, this.#size)
    this.#uses[at] = number * 2 ** COUNT_BITS + Math.min(count, MOST_COUNTED)
    this.#size += 1
  }

  remove(number: number): void {
    const at = this.#find(number)
    if (!this.#has(number, at)) return
    this.#uses.copyWithin(at, at + 1, this.#size)
    this.#size -= 1
  }

  #has(number: number, at: number): boolean {
    return at < this.#size && numberOf(this.#uses[at] ?? 0) === number
  }

  /** Where `number` is, or belongs. */
  #find(number: number): number {
    let low = 0
    let high = this.#size
    while (low < high) {
      const middle = (low + high) >>> 1
      if (numberOf(this.#uses[middle] ?? 0) < number) low = middle + 1
      else high = middle
    }
    return low
  }

  #grow(): void {
    const held = this.#uses
    this.#uses = new Uint32Array(Math.ceil(GROWTH * held.length))
    this.#uses.set(held)
  }
}
