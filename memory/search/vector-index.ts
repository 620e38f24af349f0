/**
 * Which vectors point where a given one points. Up to `flatVectors` every one is compared: exact.
 * Beyond, vectors lie in lists of neighbours, and only the lists nearest to the question are read.
 *
 * A list that has grown too long is split in two by 2-means over its own members: no training pass
 * over all vectors ever holds up the thread, and an index that grows slowly needs no rebuilding
 * (the idea of SPFresh's LIRE, without its moving of neighbours: reading a few more lists does as well).
 */
import { createNearest } from './nearest.ts'
import type { FindOptions, IndexHit, SearchIndex } from './search-index.ts'
import { centreOf, halvesOf } from './vector-halves.ts'
import type { UnitVector, VectorTable } from './vector-table.ts'
import { cosine, createVectorTable } from './vector-table.ts'

export interface VectorIndexInit {
  readonly dimensions: number
  /** How many vectors are compared one by one. */
  readonly flatVectors: number
}

/** Vectors that point into one direction, more or less. */
interface VectorList {
  readonly centre: UnitVector
  readonly slots: number[]
}

/** Where a list is split: reading half of it takes a tenth of a millisecond. */
const LIST_LENGTH = 512
/** Share of all vectors that a question is compared with, and at least so many (bench/memory-search.ts). */
const PROBED_SHARE = 0.1
const PROBED_LEAST = 4096

export function createVectorIndex(init: VectorIndexInit): SearchIndex<UnitVector> {
  return new VectorIndex(init)
}

/** @throws Error for bytes that `save` did not make */
export function openVectorIndex(init: VectorIndexInit, bytes: Uint8Array): SearchIndex<UnitVector> {
  const index = new VectorIndex(init)
  index.load(bytes)
  return index
}

class VectorIndex implements SearchIndex<UnitVector> {
  readonly #table: VectorTable
  readonly #flatVectors: number
  #lists: readonly VectorList[]
  /** By slot. */
  readonly #listOf: VectorList[] = []

  constructor({ dimensions, flatVectors }: VectorIndexInit) {
    this.#table = createVectorTable(dimensions)
    this.#flatVectors = flatVectors
    this.#lists = [{ centre: new Float32Array(dimensions), slots: [] }]
  }

  get count(): number {
    return this.#table.count
  }

  get size(): number {
    return this.#table.count * this.#table.dimensions
  }

  put(key: string, vector: UnitVector): void {
    this.delete(key)
    const list = this.#nearest(vector)
    if (list === undefined) return
    this.#join(list, this.#table.add(key, vector))
    this.#splitIfLong(list)
  }

  delete(key: string): void {
    const slot = this.#table.slotOf(key)
    if (slot === undefined) return
    const list = this.#listOf[slot]
    list?.slots.splice(list.slots.indexOf(slot), 1)
    this.#table.delete(key)
    if (this.#lists.length > 1 && list?.slots.length === 0) {
      this.#lists = this.#lists.filter((other) => other !== list)
    }
  }

  find(wanted: UnitVector, { prefix = '', limit }: FindOptions): readonly IndexHit[] {
    const nearest = createNearest(limit)
    const enough = Math.max(PROBED_LEAST, PROBED_SHARE * this.count, 2 * limit)
    let compared = 0
    for (const { slots } of this.#ranked(wanted)) {
      if (compared >= enough) break
      for (const slot of slots) {
        const key = this.#table.keyAt(slot)
        if (!key.startsWith(prefix)) continue
        compared += 1
        const score = this.#table.cosine(slot, wanted)
        if (score >= nearest.threshold) nearest.add({ key, score })
      }
    }
    return nearest.take()
  }

  save(): Uint8Array {
    const slots = this.#lists.flatMap((list) => list.slots)
    const saved: SavedVectors = {
      lengths: this.#lists.map((list) => list.slots.length),
      keys: slots.map((slot) => this.#table.keyAt(slot))
    }
    const head = Buffer.from(JSON.stringify(saved))
    const start = Buffer.alloc(4)
    start.writeUInt32LE(head.length)
    const vectors = slots.map((slot) => bytesOf(this.#table.vectorAt(slot)))
    return Buffer.concat([start, head, ...vectors])
  }

  load(bytes: Uint8Array): void {
    const buffer = Buffer.from(bytes)
    const start = 4 + buffer.readUInt32LE(0)
    // Only what `save` wrote comes here: snapshots carry a digest.
    const { lengths, keys }: SavedVectors = JSON.parse(buffer.toString('utf8', 4, start))
    const width = Float32Array.BYTES_PER_ELEMENT * this.#table.dimensions
    const slots = keys.map((key, at) =>
      this.#table.add(key, floatsOf(buffer.subarray(start + at * width, start + (at + 1) * width)))
    )
    let end = 0
    this.#lists = lengths.map((length) => this.#list(slots.slice(end, (end += length))))
  }

  #join(list: VectorList, slot: number): void {
    list.slots.push(slot)
    this.#listOf[slot] = list
  }

  #list(slots: readonly number[]): VectorList {
    const list: VectorList = { centre: centreOf(this.#table, slots), slots: [] }
    for (const slot of slots) this.#join(list, slot)
    return list
  }

  #nearest(vector: UnitVector): VectorList | undefined {
    let [found] = this.#lists
    let highest = -Infinity
    if (this.#lists.length === 1) return found
    for (const list of this.#lists) {
      const score = cosine(list.centre, vector)
      if (score > highest) [found, highest] = [list, score]
    }
    return found
  }

  /** Lists, nearest first. */
  #ranked(wanted: UnitVector): readonly VectorList[] {
    if (this.#lists.length === 1) return this.#lists
    return this.#lists
      .map((list) => ({ list, score: cosine(list.centre, wanted) }))
      .toSorted((a, b) => b.score - a.score)
      .map(({ list }) => list)
  }

  #splitIfLong(list: VectorList): void {
    if (this.count <= this.#flatVectors || list.slots.length <= LIST_LENGTH) return
    const parts = halvesOf(this.#table, list.slots).map((slots) => this.#list(slots))
    this.#lists = [...this.#lists.filter((other) => other !== list), ...parts]
    for (const part of parts) this.#splitIfLong(part)
  }
}

interface SavedVectors {
  /** Of the lists. */
  readonly lengths: readonly number[]
  /** List by list; the vectors follow in the same order. */
  readonly keys: readonly string[]
}

function bytesOf(vector: UnitVector): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}

/** A copy: the bytes may lie where no float may begin. */
function floatsOf(bytes: Uint8Array): UnitVector {
  return new Float32Array(Uint8Array.from(bytes).buffer)
}
