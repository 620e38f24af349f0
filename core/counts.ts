/** How many there are of each; of which there are none, nothing is kept. */

export class Counts<K> {
  readonly #counts = new Map<K, number>()

  /** 0 for a key that was never counted. */
  of(key: K): number {
    return this.#counts.get(key) ?? 0
  }

  add(key: K): void {
    this.#counts.set(key, this.of(key) + 1)
  }

  /** One less; of none there are none. */
  remove(key: K): void {
    const left = this.of(key) - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }

  /** Keys of which there is one at least. */
  get size(): number {
    return this.#counts.size
  }
}
