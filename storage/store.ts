/** What the node needs from a database, so that every user of it runs on disk and in memory alike. */

export interface Put {
  readonly type: 'put'
  readonly key: string
  readonly value: Uint8Array
}

export interface Delete {
  readonly type: 'del'
  readonly key: string
}

export type Operation = Put | Delete

/** Bounds of an iteration; without any, the whole database. */
export interface KeyRange {
  readonly gte?: string
  readonly gt?: string
  readonly lt?: string
}

export interface IterateOptions {
  /** At most so many entries. */
  readonly limit?: number
  /** How many the reader is likely to take: so many are read at once. */
  readonly likely?: number
  /** From the last key of the range to the first. */
  readonly reverse?: boolean
}

export type Entry = readonly [key: string, value: Uint8Array]

export interface CommitOptions {
  /** Whether the batch, and every one before it, is on disk before the promise resolves. */
  readonly sync: boolean
}

/**
 * Keys are well-formed strings in the order of their UTF-8 bytes; a key that is not well-formed is
 * a `TypeError`. Values are bytes that the Store copies. Every failure is a LumosError `STORE_*`.
 */
export interface Store {
  get(key: string): Promise<Uint8Array | undefined>
  /** Values in the order of `keys`. */
  getMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]>
  /**
   * Entries in key order, read page by page: a commit during the iteration may be seen or not, in
   * parts even, and an iteration that takes hours pins nothing on disk.
   */
  iterate(range: KeyRange, options?: IterateOptions): AsyncIterable<Entry>
  /**
   * Applies all `operations` or none. After a rejection it is unknown which, until
   * {@link Store.recover} or a new start: the bytes may have reached the disk before it failed.
   *
   * @throws STORE_FULL, STORE_FAILED: all later commits fail too until `recover` succeeds; reading goes on
   * @throws STORE_CLOSED
   */
  commit(operations: readonly Operation[], options: CommitOptions): Promise<void>
  /** Makes a Store that refused a commit writable again, or throws what still stands in the way. */
  recover(): Promise<void>
  /** Waits for commits under way. Closing twice is no error. */
  close(): Promise<void>
}

/** All keys that begin with `prefix` and go on. */
export function prefixRange(prefix: string): KeyRange {
  const end = successor(prefix)
  return { gte: prefix, ...(end !== undefined && { lt: end }) }
}

/** The order of UTF-8 bytes, which is not JavaScript's: that one puts U+1F600 before U+FF5E. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** @throws TypeError for text that UTF-8 cannot hold: two such keys would fall together. */
export function assertKeys(...keys: readonly (string | undefined)[]): void {
  for (const key of keys) {
    if (key?.isWellFormed() === false) throw new TypeError('a key holds half a surrogate pair')
  }
}

const LAST_CHARACTER = String.fromCodePoint(0x10ffff)
/** Of UTF-16: code points above it take two. */
const LAST_UNIT = 0xffff
const FIRST_SURROGATE = 0xd800
const LAST_SURROGATE = 0xdfff

/** The smallest key above all that begin with `prefix`; none when there is no such key. */
function successor(prefix: string): string | undefined {
  let rest = prefix
  while (rest.endsWith(LAST_CHARACTER)) rest = rest.slice(0, -LAST_CHARACTER.length)
  const isPair = (rest.codePointAt(rest.length - 2) ?? 0) > LAST_UNIT
  const at = rest.length - (isPair ? 2 : 1)
  const last = rest.codePointAt(at)
  if (last === undefined) return undefined
  const next = last + 1 === FIRST_SURROGATE ? LAST_SURROGATE + 1 : last + 1
  return rest.slice(0, at) + String.fromCodePoint(next)
}

/** Surrogates stand for code points above all that fit into one unit. */
function rank(unit: number): number {
  return unit >= FIRST_SURROGATE && unit <= LAST_SURROGATE ? unit + 0x10000 : unit
}
