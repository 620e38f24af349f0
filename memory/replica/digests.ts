/** Digests by which replicas find where they differ: of blocks of a writer's numbers, of writers, of all. */
import { createHash, hash } from 'node:crypto'
import type { Operation, Store } from '../../storage/store.ts'
import { createSlices } from '../slices.ts'
import type { Outcome } from './changeset.ts'
import type { MemoryId } from './record.ts'
import { ID_BYTES } from './record.ts'
import type { MemoryRows, RecordName } from './rows.ts'
import { decodeDigest, encodeDigest } from './rows.ts'
import type { SequenceRange, SequenceSet } from './sequence-set.ts'

/** First 16 bytes of a SHA-256 in hex. */
export type Digest = string

export interface Digests {
  /** Says that the log rows of a number changed. */
  touch(writer: MemoryId, sequence: number): void
  /**
   * Takes back what is saved of the blocks in which `numbers` lie. Belongs into the batch that changes
   * them: so no crash leaves a digest on the disk that is not true.
   */
  outdated(numbers: Outcome['touched']): Operation[]
  /** Forgets everything that was worked out: the database may hold something else. */
  forget(): void
  /** Works out what is missing of `writers`, while they may change: little is left to do then. */
  prepare(writers: Iterable<MemoryId>): Promise<void>
  /** Blocks of `writers` that have to be read before their digests are known; Infinity for all of one. */
  missing(writers: Iterable<MemoryId>): number
  /** Digests of those blocks of `writer` that are not empty. */
  blocks(writer: MemoryId): Promise<ReadonlyMap<number, Digest>>
  /** Digests of those of `writers` of whom something is held. */
  writers(writers: Iterable<MemoryId>): Promise<ReadonlyMap<MemoryId, Digest>>
  /** How many digests are known and not saved, about. */
  readonly unsaved: number
  /**
   * What saves them, some at a time, if nothing changes until it is committed. They count as saved even if
   * that fails.
   */
  save(): Iterable<readonly Operation[]>
}

/** Digests that are saved in one batch: a writer who leaves gaps has a block for each record. */
const SAVED_AT_ONCE = 4096

/** Numbers of one writer in a block: one differing record costs a list of at most 22 KiB. */
export const BLOCK_NUMBERS = 1024

function blockOf(sequence: number): number {
  return Math.floor(sequence / BLOCK_NUMBERS)
}

interface Known {
  readonly blocks: Map<number, Digest>
  /** What must be read, by its last change: as {@link version} was then. */
  readonly dirty: Map<number, number>
  /** Those whose digests may be in the database. */
  readonly saved: Set<number>
  /** False while it is read for the first time. */
  whole: boolean
  /** Of the whole writer, if nothing changed since: with thousands of them it is most of the work. */
  all: Digest | undefined
  /** Counts changes: what was worked out while there were some is not kept. */
  version: number
}

interface DigestsComponents {
  readonly store: Pick<Store, 'iterate'>
  readonly rows: MemoryRows
}

/**
 * SHA-256 over sorted lists, and not sums or XORs of hashes: a writer who can make many records
 * could choose them so that these come out equal.
 */
export function createDigests(components: DigestsComponents): Digests {
  return new KnownDigests(components)
}

class KnownDigests implements Digests {
  readonly #store: Pick<Store, 'iterate'>
  readonly #rows: MemoryRows
  readonly #known = new Map<MemoryId, Known>()
  /** One reads at a time, or what was read first could be believed last. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ store, rows }: DigestsComponents) {
    this.#store = store
    this.#rows = rows
  }

  touch(writer: MemoryId, sequence: number): void {
    const known = this.#known.get(writer)
    if (known === undefined) return
    const block = blockOf(sequence)
    changed(known)
    known.dirty.set(block, known.version)
    known.saved.delete(block)
  }

  outdated(numbers: Outcome['touched']): Operation[] {
    const gone = new Set<string>()
    for (const [writer, sequence] of numbers) {
      const block = blockOf(sequence)
      const known = this.#known.get(writer)
      if (known?.whole && !known.saved.has(block)) continue
      gone.add(this.#rows.digest(writer, block))
    }
    return Array.from(gone, (key): Operation => ({ type: 'del', key }))
  }

  forget(): void {
    this.#known.clear()
  }

  async prepare(writers: Iterable<MemoryId>): Promise<void> {
    for (const writer of writers) await digestOf(await this.#current(writer))
  }

  missing(writers: Iterable<MemoryId>): number {
    let count = 0
    for (const writer of writers) {
      const known = this.#known.get(writer)
      count += known?.whole ? known.dirty.size : Infinity
    }
    return count
  }

  async blocks(writer: MemoryId): Promise<ReadonlyMap<number, Digest>> {
    return (await this.#current(writer)).blocks
  }

  async writers(writers: Iterable<MemoryId>): Promise<ReadonlyMap<MemoryId, Digest>> {
    const digests = new Map<MemoryId, Digest>()
    for (const writer of writers) {
      const known = await this.#current(writer)
      if (known.blocks.size > 0) digests.set(writer, known.all ?? (await digestOf(known)))
    }
    return digests
  }

  get unsaved(): number {
    let count = 0
    for (const { blocks, saved } of this.#known.values()) count += blocks.size - saved.size
    return count
  }

  *save(): Iterable<readonly Operation[]> {
    let operations: Operation[] = []
    for (const [writer, { whole, blocks, dirty, saved }] of this.#known) {
      if (!whole) continue
      for (const [block, digest] of blocks) {
        if (dirty.has(block) || saved.has(block)) continue
        const key = this.#rows.digest(writer, block)
        operations.push({ type: 'put', key, value: encodeDigest(digest) })
        // Before it is so: a commit that fails may come to light, and must then be taken back, too.
        saved.add(block)
        if (operations.length < SAVED_AT_ONCE) continue
        yield operations
        operations = []
      }
    }
    if (operations.length > 0) yield operations
  }

  #current(writer: MemoryId): Promise<Known> | Known {
    const known = this.#known.get(writer)
    if (known?.whole && known.dirty.size === 0) return known
    const read = this.#turn.then(() => this.#read(writer))
    this.#turn = read.catch(() => undefined)
    return read
  }

  async #read(writer: MemoryId): Promise<Known> {
    const known = this.#known.get(writer) ?? this.#begin(writer)
    if (!known.whole) await this.#readAll(writer, known)
    // Those of now: under a storm of writes there would be others without end.
    for (const block of Array.from(known.dirty.keys())) await this.#readBlock(writer, known, block)
    return known
  }

  /** Before anything is read: what changes from here on is noticed. */
  #begin(writer: MemoryId): Known {
    const known = {
      blocks: new Map(),
      dirty: new Map<number, number>(),
      saved: new Set<number>(),
      whole: false,
      all: undefined,
      version: 0
    }
    this.#known.set(writer, known)
    return known
  }

  async #readAll(writer: MemoryId, known: Known): Promise<void> {
    const { blocks, dirty, saved } = known
    blocks.clear()
    saved.clear()
    for await (const [row, value] of this.#store.iterate(this.#rows.digests(writer))) {
      const block = this.#rows.blockOf(row)
      if (dirty.has(block)) continue
      blocks.set(block, decodeDigest(value))
      saved.add(block)
    }
    let first = 0
    for (const block of [...saved, Infinity]) {
      if (block > first) {
        const numbers: SequenceRange = [first * BLOCK_NUMBERS, block * BLOCK_NUMBERS - 1]
        await this.#hash(writer, numbers, blocks)
      }
      first = block + 1
    }
    known.whole = true
  }

  async #readBlock(writer: MemoryId, known: Known, block: number): Promise<void> {
    const since = known.dirty.get(block)
    const first = block * BLOCK_NUMBERS
    const digests = new Map<number, Digest>()
    await this.#hash(writer, [first, first + BLOCK_NUMBERS - 1], digests)
    const digest = digests.get(block)
    changed(known)
    if (digest === undefined) known.blocks.delete(block)
    else known.blocks.set(block, digest)
    // Not before, or others would take the old one for true; and not if it has changed meanwhile.
    if (known.dirty.get(block) === since) known.dirty.delete(block)
  }

  async #hash(writer: MemoryId, numbers: SequenceRange, found: Map<number, Digest>): Promise<void> {
    const hashes = createBlockHashes(found)
    for await (const [row] of this.#store.iterate(this.#rows.logRange(writer, numbers))) {
      hashes.add(this.#rows.nameOf(row))
    }
    hashes.end()
  }
}

/** The digest of all: equal on replicas that hold the same records. */
export function rootOf(writers: ReadonlyMap<MemoryId, Digest>): Digest {
  const sorted = [...writers].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return shorten(hash('sha256', Buffer.from(sorted.flat().join(''), 'hex'), 'hex'))
}

/** The digest of a version vector: equal where replicas have done with the same numbers. */
export async function digestOfVector(vector: ReadonlyMap<MemoryId, SequenceSet>): Promise<Digest> {
  const slices = createSlices()
  const sum = createHash('sha256')
  for (const [writer, covered] of [...vector].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    sum.update(writer, 'hex')
    const ranges = Buffer.allocUnsafe(12 * covered.length)
    for (const [index, [first, last]] of covered.entries()) {
      ranges.writeUIntBE(first, 12 * index, 6)
      ranges.writeUIntBE(last, 12 * index + 6, 6)
    }
    sum.update(ranges)
    const pause = slices.spend(1 + covered.length)
    if (pause !== undefined) await pause
  }
  return shorten(sum.digest('hex'))
}

function changed(known: Known): void {
  known.all = undefined
  known.version += 1
}

async function digestOf(known: Known): Promise<Digest> {
  const { all, version } = known
  const digest = all ?? (await digestOfBlocks(known.blocks))
  if (known.version === version) known.all = digest
  return digest
}

async function digestOfBlocks(digests: ReadonlyMap<number, Digest>): Promise<Digest> {
  const slices = createSlices()
  const sum = createHash('sha256')
  // Mostly in order as they are.
  const blocks = [...digests.keys()].toSorted((a, b) => a - b)
  let list = ''
  for (const block of blocks) {
    list += hex48(block) + (digests.get(block) ?? '')
    const pause = slices.spend(1)
    if (pause === undefined) continue
    sum.update(list, 'hex')
    list = ''
    await pause
  }
  sum.update(list, 'hex')
  return shorten(sum.digest('hex'))
}

interface BlockHashes {
  /** In the order of the rows. */
  add(name: RecordName): void
  end(): void
}

/** Numbers that are used again and again make a block as long as somebody likes. */
const NAMES_AT_ONCE = 1024

function createBlockHashes(found: Map<number, Digest>): BlockHashes {
  /** In hex: one conversion for many instead of two a record. */
  let list = ''
  let names = 0
  let sum = createHash('sha256')
  let current: number | undefined

  function empty(): void {
    sum.update(list, 'hex')
    list = ''
    names = 0
  }

  function finish(): void {
    if (current === undefined) return
    empty()
    found.set(current, shorten(sum.digest('hex')))
    sum = createHash('sha256')
  }

  return {
    add({ sequence, id }) {
      const block = blockOf(sequence)
      if (block !== current) finish()
      else if (names >= NAMES_AT_ONCE) empty()
      current = block
      list += hex48(sequence) + id
      names += 1
    },
    end: finish
  }
}

function hex48(value: number): string {
  return value.toString(16).padStart(12, '0')
}

function shorten(hex: string): Digest {
  return hex.slice(0, 2 * ID_BYTES)
}
