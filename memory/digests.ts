/** Digests by which replicas find where they differ: of blocks of a writer's numbers, of writers, of all. */
import { createHash, hash } from 'node:crypto'
import type { Store } from '../storage/store.ts'
import type { MemoryId } from './record.ts'
import { ID_BYTES } from './record.ts'
import type { MemoryRows, RecordName } from './rows.ts'
import type { SequenceSet } from './sequence-set.ts'

/** First 16 bytes of a SHA-256 in hex. */
export type Digest = string

export interface Digests {
  /** Says that the log rows of a number changed. */
  touch(writer: MemoryId, sequence: number): void
  /** Forgets everything that was worked out: the database may hold something else. */
  forget(): void
  /** Digests of those blocks of `writer` that are not empty. */
  blocks(writer: MemoryId): Promise<ReadonlyMap<number, Digest>>
  /** Digests of those of `writers` of whom something is held. */
  writers(writers: Iterable<MemoryId>): Promise<ReadonlyMap<MemoryId, Digest>>
}

/** Numbers of one writer in a block: one differing record costs a list of at most 22 KiB. */
export const BLOCK_NUMBERS = 1024

function blockOf(sequence: number): number {
  return Math.floor(sequence / BLOCK_NUMBERS)
}

interface Known {
  readonly blocks: Map<number, Digest>
  readonly dirty: Set<number>
  /** Of the whole writer, if nothing changed since: with thousands of them it is most of the work. */
  all: Digest | undefined
}

/**
 * SHA-256 over sorted lists, and not sums or XORs of hashes: a writer who can make many records
 * could choose them so that these come out equal.
 */
export function createDigests({
  store,
  rows
}: {
  readonly store: Pick<Store, 'iterate'>
  readonly rows: MemoryRows
}): Digests {
  const known = new Map<MemoryId, Known>()

  async function readAll(writer: MemoryId): Promise<Known> {
    const lists = createBlockHashes()
    for await (const [row] of store.iterate(rows.logWriter(writer))) lists.add(rows.nameOf(row))
    const fresh: Known = { blocks: lists.end(), dirty: new Set(), all: undefined }
    known.set(writer, fresh)
    return fresh
  }

  async function refresh({ blocks, dirty }: Known, writer: MemoryId): Promise<void> {
    for (const block of dirty) {
      const lists = createBlockHashes()
      const first = block * BLOCK_NUMBERS
      const range = rows.logRange(writer, [first, first + BLOCK_NUMBERS - 1])
      for await (const [row] of store.iterate(range)) lists.add(rows.nameOf(row))
      const digest = lists.end().get(block)
      if (digest === undefined) blocks.delete(block)
      else blocks.set(block, digest)
    }
    dirty.clear()
  }

  async function current(writer: MemoryId): Promise<Known> {
    const entry = known.get(writer) ?? (await readAll(writer))
    if (entry.dirty.size > 0) await refresh(entry, writer)
    return entry
  }

  return {
    touch(writer, sequence) {
      const entry = known.get(writer)
      if (entry === undefined) return
      entry.dirty.add(blockOf(sequence))
      entry.all = undefined
    },
    forget: () => known.clear(),
    blocks: async (writer) => (await current(writer)).blocks,
    async writers(writers) {
      const digests = new Map<MemoryId, Digest>()
      for (const writer of writers) {
        const entry = await current(writer)
        if (entry.blocks.size > 0) digests.set(writer, (entry.all ??= digestOfBlocks(entry.blocks)))
      }
      return digests
    }
  }
}

/** The digest of all: equal on replicas that hold the same records. */
export function rootOf(writers: ReadonlyMap<MemoryId, Digest>): Digest {
  const sorted = [...writers].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return shorten(hash('sha256', Buffer.from(sorted.flat().join(''), 'hex'), 'hex'))
}

/** The digest of a version vector: equal where replicas have done with the same numbers. */
export function digestOfVector(vector: ReadonlyMap<MemoryId, SequenceSet>): Digest {
  const sum = createHash('sha256')
  for (const [writer, covered] of [...vector].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    sum.update(writer, 'hex')
    for (const [first, last] of covered) {
      sum.update(number48(first))
      sum.update(number48(last))
    }
  }
  return shorten(sum.digest('hex'))
}

function digestOfBlocks(blocks: ReadonlyMap<number, Digest>): Digest {
  const sum = createHash('sha256')
  for (const [block, digest] of [...blocks].toSorted(([a], [b]) => a - b)) {
    sum.update(number48(block))
    sum.update(digest, 'hex')
  }
  return shorten(sum.digest('hex'))
}

interface BlockHashes {
  /** In the order of the rows. */
  add(name: RecordName): void
  end(): Map<number, Digest>
}

function createBlockHashes(): BlockHashes {
  const digests = new Map<number, Digest>()
  let sum = createHash('sha256')
  let current: number | undefined

  function finish(): void {
    if (current !== undefined) digests.set(current, shorten(sum.digest('hex')))
    sum = createHash('sha256')
  }

  return {
    add({ sequence, id }) {
      const block = blockOf(sequence)
      if (block !== current) finish()
      current = block
      sum.update(number48(sequence))
      sum.update(id, 'hex')
    },
    end() {
      finish()
      return digests
    }
  }
}

function number48(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(6)
  bytes.writeUIntBE(value, 0, 6)
  return bytes
}

function shorten(hex: string): Digest {
  return hex.slice(0, 2 * ID_BYTES)
}
