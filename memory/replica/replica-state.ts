/** What a replica holds in memory of its space, kept equal to what is on its disk whatever that does. */
import { hash } from 'node:crypto'
import type { Clock } from '../../core/clock.ts'
import type { Random } from '../../core/random.ts'
import type { Operation, Store } from '../../storage/store.ts'
import type { Access } from '../spaces/access.ts'
import { createAccess } from '../spaces/access.ts'
import { createAgreement } from '../repair/agreement.ts'
import type { Space } from '../spaces/space.ts'
import type { Statement } from '../spaces/statement.ts'
import { decodeStatement } from '../spaces/statement.ts'
import type { Changeset, Outcome, Usage } from './changeset.ts'
import { createChangeset } from './changeset.ts'
import type { Digests } from './digests.ts'
import { BLOCK_NUMBERS, createDigests } from './digests.ts'
import type { HybridClock } from './hlc.ts'
import { createHybridClock } from './hlc.ts'
import type { RecentPages } from './recent-pages.ts'
import { createRecentPages } from './recent-pages.ts'
import { rebuildRows } from './rebuild.ts'
import type { AuthorKey, MemoryId } from './record.ts'
import { ID_BYTES } from './record.ts'
import type { Signer, Verify } from './record-signature.ts'
import type { MemoryRows, StoredRecord, WriterEntry } from './rows.ts'
import {
  decodeEntry,
  decodeMark,
  decodeName,
  decodeStored,
  decodeTime,
  encodeMark,
  encodeName,
  encodeTime,
  memoryRows
} from './rows.ts'
import type { WriterName } from './writer.ts'
import { newWriter } from './writer.ts'

export interface ReplicaComponents {
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  readonly store: Pick<Store, 'get' | 'getMany' | 'iterate' | 'commit'>
  readonly signer: Signer
  readonly verify: Verify
}

export interface ReplicaInit {
  readonly space: Space
  /**
   * Whether the disk can be trusted to hold the last of all numbers, each of which was synced, and rows that
   * fit each other. If not, all that follows from the records is worked out anew.
   */
  readonly continueWriter: boolean
  /** Of a replica of the space that this node had before; an empty one begins beyond it. */
  readonly lastEpoch?: number
}

export interface CommitInit {
  readonly sync: boolean
  /** Written together with the changes. */
  readonly also?: readonly Operation[]
  /** Records vanish that had not had their time. */
  readonly newEpoch?: boolean
}

/** @throws STORE_CORRUPT, STORE_CLOSED, STORE_FAILED */
export async function loadState(
  components: ReplicaComponents,
  init: ReplicaInit
): Promise<ReplicaState> {
  const rows = memoryRows(init.space.id)
  const { store } = components
  const isCutOff = (await store.get(rows.rebuilding)) !== undefined
  if (isCutOff || !init.continueWriter) await rebuild(components, init, rows)
  const held = await readHeld(components, init.space, rows)
  const epoch = Math.max(held.mark.epoch, (init.lastEpoch ?? -1) + 1)
  return new ReplicaState(components, init, { ...held, mark: { ...held.mark, epoch } })
}

export class ReplicaState {
  readonly components: ReplicaComponents
  readonly space: Space
  readonly rows: MemoryRows
  readonly digests: Digests
  readonly hlc: HybridClock
  readonly agreement = createAgreement()
  #held: Held
  #writer: WriterName
  #queue: Promise<unknown> = Promise.resolve()
  #recent: RecentPages | undefined = createRecentPages()
  /** After a failed commit nobody knows what is on disk, until it takes writes again. */
  #inDoubt = false

  constructor(components: ReplicaComponents, { space, continueWriter }: ReplicaInit, held: Held) {
    const { clock, random, store, signer } = components
    this.components = components
    this.space = space
    this.rows = memoryRows(space.id)
    this.digests = createDigests({ store, rows: this.rows })
    this.hlc = createHybridClock({ clock }, { mark: held.mark.time })
    this.#held = held
    // A database may come with the key of another node: whoever copied it, or lost the old one.
    const goesOn = continueWriter && held.writer?.author === signer.author
    this.#writer = (goesOn && held.writer) || newWriter(signer.author, random)
  }

  get entries(): ReadonlyMap<MemoryId, WriterEntry> {
    return this.#held.entries
  }

  get access(): Access {
    return this.#held.access
  }

  get statements(): ReadonlyMap<MemoryId, Statement> {
    return this.#held.statements
  }

  /** The same array until there are others. */
  get statementList(): readonly Statement[] {
    return this.#held.statementList
  }

  get statementsDigest(): string {
    return digestOf(this.#held.statements)
  }

  get lsn(): number {
    return this.#held.mark.lsn
  }

  get epoch(): number {
    return this.#held.mark.epoch
  }

  /** When this replica was last known to be equal to one that is not stale. */
  get verifiedAt(): number {
    return this.#held.verifiedAt
  }

  /** As whom this replica writes. */
  get writer(): WriterName {
    return this.#writer
  }

  /** Becomes another writer, from the next write on. */
  renameWriter(): void {
    const { signer, random } = this.components
    this.#writer = newWriter(signer.author, random)
  }

  /** `undefined` while nobody knows what is on the disk. */
  get recent(): RecentPages | undefined {
    return this.#recent
  }

  /** One at a time, and never on a state that a failed commit has left in doubt. */
  exclusive<T>(action: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(() => this.#settle()).then(action)
    this.#queue = run.catch(() => undefined)
    return run
  }

  /** The greatest records of `keys`. */
  async winners(keys: Iterable<string>): Promise<ReadonlyMap<string, StoredRecord>> {
    const wanted = [...new Set(keys)]
    const rows = wanted.map((key) => this.rows.data(key))
    const values = await this.components.store.getMany(rows)
    const winners = new Map<string, StoredRecord>()
    for (const [index, key] of wanted.entries()) {
      const value = values[index]
      if (value !== undefined) winners.set(key, decodeStored(value))
    }
    return winners
  }

  /** A changeset over `winners`, the greatest records of all keys that it will touch. */
  change(winners: ReadonlyMap<string, StoredRecord>): Changeset {
    const { entries, usage, mark } = this.#held
    const { space, rows } = this
    return createChangeset({ space, rows, entries, usage, lsn: mark.lsn, winners })
  }

  /** Inside {@link exclusive} only. */
  async commit(
    changes: Changeset,
    { sync, also = [], newEpoch = false }: CommitInit
  ): Promise<Outcome> {
    const outcome = changes.outcome()
    const operations = [...outcome.operations, ...this.digests.outdated(outcome.touched), ...also]
    if (operations.length === 0) return outcome
    const epoch = this.#held.mark.epoch + (newEpoch ? 1 : 0)
    const mark = { time: this.hlc.mark, lsn: outcome.lsn, epoch }
    operations.push(
      { type: 'put', key: this.rows.mark, value: encodeMark(mark) },
      { type: 'put', key: this.rows.writer, value: encodeName(this.#writer) }
    )
    await this.#write(operations, sync)
    this.#held = { ...this.#held, mark }
    for (const [id, entry] of outcome.entries) this.#held.entries.set(id, entry)
    for (const [author, used] of outcome.usage) this.#held.usage.set(author, used)
    for (const [id, sequence] of outcome.touched) this.digests.touch(id, sequence)
    this.#recent?.apply(outcome.changes)
    return outcome
  }

  /** The statements that count from now on; they are on disk. */
  setStatements(statements: ReadonlyMap<MemoryId, Statement>): void {
    const access = createAccess(this.space, statements.values())
    this.#held = { ...this.#held, statements, statementList: [...statements.values()], access }
  }

  /** Inside {@link exclusive} only. */
  async setVerifiedAt(at: number): Promise<void> {
    await this.#write([{ type: 'put', key: this.rows.verified, value: encodeTime(at) }], false)
    this.#held = { ...this.#held, verifiedAt: at }
  }

  /**
   * Saves digests, so that the next start need not read all rows for them. Inside {@link exclusive}
   * only. Nothing is in doubt when it fails.
   */
  async saveDigests(): Promise<void> {
    for (const operations of this.digests.save()) {
      await this.components.store.commit(operations, { sync: false })
    }
  }

  /** Believes nothing that is saved of a block. Inside {@link exclusive} only. */
  async recheck(writer: MemoryId, block: number): Promise<void> {
    const numbers = [[writer, block * BLOCK_NUMBERS]] as const
    const operations = this.digests.outdated(numbers)
    if (operations.length > 0) await this.#write(operations, false)
    this.digests.touch(writer, block * BLOCK_NUMBERS)
  }

  async #write(operations: readonly Operation[], sync: boolean): Promise<void> {
    try {
      await this.components.store.commit(operations, { sync })
    } catch (error) {
      this.#inDoubt = true
      this.#recent = undefined
      throw error
    }
  }

  async #settle(): Promise<void> {
    if (!this.#inDoubt) return
    // Reading sooner could miss a batch that comes to light when the database recovers.
    await this.#write([{ type: 'put', key: this.rows.probe, value: new Uint8Array() }], true)
    this.#held = await readHeld(this.components, this.space, this.rows)
    this.digests.forget()
    this.#recent = createRecentPages()
    this.#inDoubt = false
  }
}

interface Held {
  readonly entries: Map<MemoryId, WriterEntry>
  readonly usage: Map<AuthorKey, Usage>
  readonly statements: ReadonlyMap<MemoryId, Statement>
  readonly statementList: readonly Statement[]
  readonly access: Access
  readonly mark: ReturnType<typeof decodeMark>
  readonly writer: WriterName | undefined
  readonly verifiedAt: number
}

/** A repaired database may hold old rows beside new ones, and lack others. */
async function rebuild(
  { store, clock }: ReplicaComponents,
  { space }: ReplicaInit,
  rows: MemoryRows
): Promise<void> {
  await store.commit(
    [
      { type: 'put', key: rows.rebuilding, value: new Uint8Array() },
      // Numbers may be lost that peers have seen: no later start goes on with them either.
      { type: 'del', key: rows.writer },
      // What was found equal is no more: old rows may show whose deletion is lost.
      { type: 'put', key: rows.verified, value: encodeTime(0) }
    ],
    { sync: true }
  )
  await dropDigests(store, rows)
  await rebuildRows({ store, space, rows }, firstMark(clock.now()))
  await store.commit([{ type: 'del', key: rows.rebuilding }], { sync: false })
}

async function dropDigests(
  store: ReplicaComponents['store'],
  { allDigests }: MemoryRows
): Promise<void> {
  const operations: Operation[] = []
  for await (const [key] of store.iterate(allDigests)) operations.push({ type: 'del', key })
  if (operations.length > 0) await store.commit(operations, { sync: false })
}

/** Of a disk that is empty. Its epoch is another than before it was, or old positions would be taken for its own. */
function firstMark(now: number): Held['mark'] {
  return { time: { ms: 0, counter: 0 }, lsn: 0, epoch: Math.floor(now / 1000) % 2 ** 31 }
}

async function readHeld(
  { clock, store, verify }: ReplicaComponents,
  space: Space,
  rows: MemoryRows
): Promise<Held> {
  const [mark, writer, verified] = await store.getMany([rows.mark, rows.writer, rows.verified])
  const entries = new Map<MemoryId, WriterEntry>()
  const usage = new Map<AuthorKey, Usage>()
  for await (const [row, value] of store.iterate(rows.entries)) {
    const entry = decodeEntry(value)
    entries.set(rows.writerOf(row), entry)
    const { records = 0, bytes = 0 } = usage.get(entry.name.author) ?? {}
    usage.set(entry.name.author, {
      records: records + entry.records,
      bytes: bytes + entry.bytes
    })
  }
  const statements = new Map<MemoryId, Statement>()
  for await (const [, value] of store.iterate(rows.statements)) {
    const statement = await decodeStatement(space, value, verify)
    statements.set(statement.id, statement)
  }
  return {
    entries,
    usage,
    statements,
    statementList: [...statements.values()],
    access: createAccess(space, statements.values()),
    mark: mark === undefined ? firstMark(clock.now()) : decodeMark(mark),
    writer: writer && decodeName(writer),
    // One that is empty brings nothing back: it counts as fresh.
    verifiedAt: verified === undefined ? clock.now() : decodeTime(verified)
  }
}

function digestOf(statements: ReadonlyMap<MemoryId, Statement>): string {
  const ids = [...statements.keys()].toSorted().join('')
  return hash('sha256', Buffer.from(ids, 'hex'), 'hex').slice(0, 2 * ID_BYTES)
}
