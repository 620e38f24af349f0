/** The indexes of one space: words, and vectors by their length, within bounds of memory. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { LIMITS } from '../../core/limits.ts'
import type { IndexDocument } from './document.ts'
import type { FindOptions, IndexHit, SearchIndex } from './search-index.ts'
import { compareHits } from './search-index.ts'
import { createTextIndex, openTextIndex } from './text-index.ts'
import { createVectorIndex, openVectorIndex } from './vector-index.ts'
import type { UnitVector } from './vector-table.ts'

export interface IndexChange {
  readonly key: string
  /** `undefined`: nothing is there any more. */
  readonly document: IndexDocument | undefined
  /** Milliseconds since the epoch from which on nobody finds it. */
  readonly expires?: number
}

/** With both, what either finds, best first by its places in the two answers. */
export interface SpaceQuery extends FindOptions {
  readonly text?: string
  readonly vector?: UnitVector
}

export interface SpaceIndexState {
  readonly documents: number
  readonly vectors: number
  /** Documents that will expire. */
  readonly expiring: number
  /** Something was left out because the index is as large as it may be. */
  readonly full: boolean
}

export interface SpaceIndex {
  readonly state: SpaceIndexState
  apply(changes: readonly IndexChange[]): void
  /** Forgets what expires until `now`. */
  expire(now: number): void
  find(query: SpaceQuery): readonly IndexHit[]
  save(): Uint8Array
}

/** Reciprocal rank fusion (Cormack and others, 2009): 60 is the constant of the paper. */
const FUSION = 60
/** How deep both answers are looked into, at least. */
const FUSED = 100

export function createSpaceIndex(): SpaceIndex {
  return new Indexes({
    text: createTextIndex(),
    vectors: new Map(),
    expiring: new Map(),
    full: false
  })
}

/** @throws Error for bytes that `save` did not make */
export function openSpaceIndex(bytes: Uint8Array): SpaceIndex {
  const buffer = Buffer.from(bytes)
  const start = 4 + buffer.readUInt32LE(0)
  // Only what `save` wrote comes here: snapshots carry a digest.
  const saved: SavedIndexes = JSON.parse(buffer.toString('utf8', 4, start))
  let end = start + saved.text
  const text = openTextIndex(gunzipSync(buffer.subarray(start, end)))
  const vectors = saved.vectors.map(([dimensions, length]) => {
    const part = buffer.subarray(end, (end += length))
    return [dimensions, openVectorIndex(initOf(dimensions), part)] as const
  })
  const { full, expiring } = saved
  return new Indexes({ text, vectors: new Map(vectors), expiring: new Map(expiring), full })
}

interface SavedIndexes {
  readonly full: boolean
  readonly expiring: readonly (readonly [key: string, at: number])[]
  /** Bytes. */
  readonly text: number
  readonly vectors: readonly (readonly [dimensions: number, bytes: number])[]
}

interface Parts {
  readonly text: SearchIndex<string>
  /** By dimensions: those of different models have nothing to do with each other. */
  readonly vectors: Map<number, SearchIndex<UnitVector>>
  /** When, by key. */
  readonly expiring: Map<string, number>
  readonly full: boolean
}

class Indexes implements SpaceIndex {
  readonly #text: SearchIndex<string>
  readonly #vectors: Map<number, SearchIndex<UnitVector>>
  readonly #expiring: Map<string, number>
  #full: boolean

  constructor({ text, vectors, expiring, full }: Parts) {
    this.#text = text
    this.#vectors = vectors
    this.#expiring = expiring
    this.#full = full
  }

  get state(): SpaceIndexState {
    return {
      documents: this.#text.count,
      vectors: this.#vectorCount,
      expiring: this.#expiring.size,
      full: this.#full
    }
  }

  get #vectorCount(): number {
    return [...this.#vectors.values()].reduce((sum, { count }) => sum + count, 0)
  }

  get #floats(): number {
    return [...this.#vectors.values()].reduce((sum, { size }) => sum + size, 0)
  }

  apply(changes: readonly IndexChange[]): void {
    for (const { key, document, expires } of changes) {
      this.#delete(key)
      if (document !== undefined) this.#put(key, document)
      if (document !== undefined && expires !== undefined) this.#expiring.set(key, expires)
    }
  }

  expire(now: number): void {
    for (const [key, expires] of this.#expiring) if (expires <= now) this.#delete(key)
  }

  find({ text, vector, ...options }: SpaceQuery): readonly IndexHit[] {
    const deep = { ...options, limit: Math.max(options.limit, FUSED) }
    const words = text === undefined ? undefined : this.#text.find(text, deep)
    const near = vector && (this.#vectors.get(vector.length)?.find(vector, deep) ?? [])
    const found = words && near ? fused([words, near]) : (words ?? near ?? [])
    return found.slice(0, options.limit)
  }

  save(): Uint8Array {
    const text = gzipSync(this.#text.save(), { level: 1 })
    const parts = Array.from(this.#vectors, ([dimensions, index]) => {
      return { dimensions, bytes: index.save() }
    })
    const saved: SavedIndexes = {
      full: this.#full,
      expiring: [...this.#expiring],
      text: text.length,
      vectors: parts.map(({ dimensions, bytes }) => [dimensions, bytes.length])
    }
    const head = Buffer.from(JSON.stringify(saved))
    const start = Buffer.alloc(4)
    start.writeUInt32LE(head.length)
    return Buffer.concat([start, head, text, ...parts.map(({ bytes }) => bytes)])
  }

  #delete(key: string): void {
    this.#expiring.delete(key)
    this.#text.delete(key)
    for (const [dimensions, index] of this.#vectors) {
      index.delete(key)
      if (index.count === 0) this.#vectors.delete(dimensions)
    }
  }

  #put(key: string, { text, vector }: IndexDocument): void {
    const characters = this.#text.size + key.length + text.length
    if (characters <= LIMITS.searchCharacters.value) this.#text.put(key, text)
    else this.#full = true
    if (vector === undefined) return
    if (this.#hasRoomFor(vector)) this.#vectorsLike(vector).put(key, vector)
    else this.#full = true
  }

  #hasRoomFor({ length }: UnitVector): boolean {
    return (
      this.#vectorCount < LIMITS.searchVectors.value &&
      this.#floats + length <= LIMITS.searchFloats.value &&
      (this.#vectors.has(length) || this.#vectors.size < LIMITS.searchModels.value)
    )
  }

  #vectorsLike({ length }: UnitVector): SearchIndex<UnitVector> {
    const index = this.#vectors.get(length) ?? createVectorIndex(initOf(length))
    this.#vectors.set(length, index)
    return index
  }
}

function initOf(dimensions: number): { dimensions: number; flatVectors: number } {
  return { dimensions, flatVectors: LIMITS.searchFlatVectors.value }
}

function fused(answers: readonly (readonly IndexHit[])[]): readonly IndexHit[] {
  const scores = new Map<string, number>()
  for (const answer of answers) {
    for (const [rank, { key }] of answer.entries()) {
      scores.set(key, (scores.get(key) ?? 0) + 1 / (FUSION + rank + 1))
    }
  }
  return Array.from(scores, ([key, score]): IndexHit => ({ key, score })).toSorted(compareHits)
}
