/** What every index over the records of a space offers, whatever it compares. */

export interface IndexHit {
  readonly key: string
  /** Higher is better; comparable within one answer only. */
  readonly score: number
}

export interface FindOptions {
  /** What keys begin with. */
  readonly prefix?: string
  readonly limit: number
}

/**
 * One content for each key. Pure and synchronous: it lives in the search thread, where a long
 * question delays nobody but other searches.
 */
export interface SearchIndex<Content> {
  readonly count: number
  /** What has to be bounded: characters, or floats. */
  readonly size: number
  /** In place of what the key had. */
  put(key: string, content: Content): void
  delete(key: string): void
  /** Best first; equal scores in the order of their keys, so that equal indexes answer alike. */
  find(wanted: Content, options: FindOptions): readonly IndexHit[]
  /** What the index's own opener reads again. */
  save(): Uint8Array
}

export function compareHits(a: IndexHit, b: IndexHit): number {
  if (a.score !== b.score) return b.score - a.score
  return a.key < b.key ? -1 : 1
}
