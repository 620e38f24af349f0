/** Lists of ended tasks by owner, in memory from the first question on: who asks page after page reads the disk once. */
import type { BatchOperation } from '../storage/batches.ts'
import type { KeyRange, Store } from '../storage/store.ts'

export interface OwnerListsInit<V> {
  /** Where the list of one owner lies. Its keys sort as texts do, the oldest task first. */
  readonly rangeOf: (owner: string) => KeyRange
  /** Whose list a key is in; `undefined` for one that is in none. */
  readonly ownerOf: (key: string) => string | undefined
  /** What is asked about, and no more: it stays in memory. */
  readonly read: (value: Uint8Array) => V
}

export interface Listing<V> {
  readonly key: string
  readonly value: V
}

export interface Selection<V> {
  /** Youngest first. */
  readonly found: readonly Listing<V>[]
  /** That are wanted, wherever they stand. */
  readonly total: number
}

export interface Wanted<V> {
  /** None with a lesser key. */
  readonly from?: string | undefined
  /** On the page, only those with lesser keys. */
  readonly before?: string | undefined
  readonly limit: number
  /** Absent, all of them. */
  readonly matches?: ((value: V) => boolean) | undefined
}

/** As of now: it changes with what is written. */
export interface OwnerList<V> {
  has(key: string): boolean
  select(wanted: Wanted<V>): Selection<V>
}

export interface OwnerLists<V> {
  of(owner: string): Promise<OwnerList<V>>
  /** Has to be told of all that is written, once it is. */
  wrote(operations: readonly BatchOperation[]): void
  /** Lets go of what nobody has asked about since this was called last: a task takes 300 bytes (measured). */
  tidy(): void
}

/** Shorter ones are read as quickly as anything else is asked. */
const WORTH_KEEPING = 128

export function createOwnerLists<V>(
  store: Pick<Store, 'iterate'>,
  init: OwnerListsInit<V>
): OwnerLists<V> {
  return new Lists(store, init)
}

class Lists<V> implements OwnerLists<V> {
  readonly #store: Pick<Store, 'iterate'>
  readonly #init: OwnerListsInit<V>
  /** No more entries than the database keeps ended tasks. */
  readonly #kept = new Map<string, SortedList<V>>()
  readonly #loading = new Map<string, Loading<V>>()

  constructor(store: Pick<Store, 'iterate'>, init: OwnerListsInit<V>) {
    this.#store = store
    this.#init = init
  }

  async of(owner: string): Promise<OwnerList<V>> {
    const kept = this.#kept.get(owner)
    if (kept === undefined) return this.#loading.get(owner)?.list ?? this.#load(owner)
    kept.isAsked = true
    return kept
  }

  tidy(): void {
    for (const [owner, list] of this.#kept) {
      if (!list.isAsked) this.#kept.delete(owner)
      list.isAsked = false
    }
  }

  wrote(operations: readonly BatchOperation[]): void {
    for (const operation of operations) {
      if (operation.type === 'line') continue
      const { key } = operation
      const owner = this.#init.ownerOf(key)
      if (owner === undefined) continue
      const kept = this.#kept.get(owner)
      const loading = this.#loading.get(owner)
      if (kept === undefined && loading === undefined) continue
      const value = operation.type === 'put' ? this.#init.read(operation.value) : undefined
      loading?.written.set(key, value)
      kept?.take(key, value)
      if (kept !== undefined && kept.size < WORTH_KEEPING) this.#kept.delete(owner)
    }
  }

  #load(owner: string): Promise<OwnerList<V>> {
    const written: Loading<V>['written'] = new Map()
    const list = this.#read(owner, written).finally(() => this.#loading.delete(owner))
    this.#loading.set(owner, { written, list })
    return list
  }

  async #read(owner: string, written: Loading<V>['written']): Promise<OwnerList<V>> {
    const { rangeOf, read } = this.#init
    const entries: Listing<V>[] = []
    for await (const [key, value] of this.#store.iterate(rangeOf(owner))) {
      entries.push({ key, value: read(value) })
    }
    const list = new SortedList(entries)
    // A write during the reading may have been seen or not.
    for (const [key, value] of written) list.take(key, value)
    if (list.size >= WORTH_KEEPING) this.#kept.set(owner, list)
    return list
  }
}

interface Loading<V> {
  readonly list: Promise<OwnerList<V>>
  /** What was written meanwhile; `undefined` for what was deleted. */
  readonly written: Map<string, V | undefined>
}

class SortedList<V> implements OwnerList<V> {
  isAsked = true
  readonly #entries: Listing<V>[]

  constructor(entries: Listing<V>[]) {
    this.#entries = entries
  }

  get size(): number {
    return this.#entries.length
  }

  has(key: string): boolean {
    return this.#entries[this.#placeOf(key)]?.key === key
  }

  take(key: string, value: V | undefined): void {
    const at = this.#placeOf(key)
    const known = this.#entries[at]?.key === key ? 1 : 0
    if (value === undefined) this.#entries.splice(at, known)
    else this.#entries.splice(at, known, { key, value })
  }

  select({ from, before, limit, matches }: Wanted<V>): Selection<V> {
    const first = from === undefined ? 0 : this.#placeOf(from)
    const behind = before === undefined ? this.#entries.length : this.#placeOf(before)
    if (matches === undefined) {
      const page = this.#entries.slice(Math.max(first, behind - limit), Math.max(first, behind))
      return { found: page.toReversed(), total: this.#entries.length - first }
    }
    const found: Listing<V>[] = []
    let total = 0
    for (let at = this.#entries.length - 1; at >= first; at -= 1) {
      const entry = this.#entries[at]
      if (entry === undefined || !matches(entry.value)) continue
      total += 1
      if (at < behind && found.length < limit) found.push(entry)
    }
    return { found, total }
  }

  /** Where that key stands, or would. */
  #placeOf(key: string): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle]?.key ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
