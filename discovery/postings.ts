/** Which numbers a word belongs to, and how often: flat and in order, since a search runs through thousands of them. */

const FIRST_CAPACITY = 4

export class Postings {
  #numbers = new Uint32Array(FIRST_CAPACITY)
  #counts = new Uint32Array(FIRST_CAPACITY)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** In ascending order; valid up to `size`, until the next change. */
  get numbers(): Uint32Array {
    return this.#numbers
  }

  /** Of the number at the same place. */
  get counts(): Uint32Array {
    return this.#counts
  }

  /** Where `number` is, or belongs. */
  find(number: number): number {
    let low = 0
    let high = this.#size
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#numbers[middle] ?? 0) < number) low = middle + 1
      else high = middle
    }
    return low
  }

  /** 0 for one that is not there. */
  count(number: number): number {
    const at = this.find(number)
    return at < this.#size && this.#numbers[at] === number ? (this.#counts[at] ?? 0) : 0
  }

  add(number: number, count: number): void {
    if (this.#size === this.#numbers.length) this.#grow()
    const at = this.find(number)
    for (const list of [this.#numbers, this.#counts]) list.copyWithin(at + 1, at, this.#size)
    this.#numbers[at] = number
    this.#counts[at] = count
    this.#size += 1
  }

  remove(number: number): void {
    const at = this.find(number)
    if (at === this.#size || this.#numbers[at] !== number) return
    for (const list of [this.#numbers, this.#counts]) list.copyWithin(at, at + 1, this.#size)
    this.#size -= 1
  }

  #grow(): void {
    const [numbers, counts] = [this.#numbers, this.#counts]
    this.#numbers = new Uint32Array(2 * numbers.length)
    this.#counts = new Uint32Array(2 * counts.length)
    this.#numbers.set(numbers)
    this.#counts.set(counts)
  }
}
