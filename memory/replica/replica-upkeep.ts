/** What a replica forgets by rule: records whose time is over, and those that a revocation made invalid. */
import type { EventEmitter } from 'node:events'
import { LIMITS } from '../../core/limits.ts'
import type { InTurn } from '../../protocols/replication/schema.ts'
import type { Operation } from '../../storage/store.ts'
import { createAccess } from '../spaces/access.ts'
import { createJudgement } from '../spaces/policy.ts'
import type { Statement } from '../spaces/statement.ts'
import { decodeNewStatements } from '../spaces/statement.ts'
import type { Outcome } from './changeset.ts'
import { hourOf, removalHour } from './merge.ts'
import type { AuthorKey, MemoryId, MemoryRecord } from './record.ts'
import type { ReplicaState } from './replica-state.ts'
import type { ReplicaEvents } from './replica.ts'
import type { RecordName } from './rows.ts'

export interface Upkeep {
  /**
   * Runs `read` when all that had its time is gone: only then can digests be compared; and when nearly
   * all digests of `writers` are known, as nobody writes meanwhile.
   */
  fresh<T>(read: () => Promise<T>, writers?: () => Iterable<MemoryId>): Promise<T>
  /** Saves digests for the next start. */
  rest(): Promise<void>
  admit(statements: readonly Uint8Array[], inTurn?: InTurn): Promise<void>
  drop(writer: MemoryId, names: readonly RecordName[]): Promise<void>
  horizon(): number
}

/** Keys that one batch forgets. */
const AT_ONCE = 256
/** Blocks that are read while nobody writes: a millisecond or two each. */
const FEW_BLOCKS = 8
/** Under a storm of writes more blocks may change while some are read: no more than so many turns. */
const MOST_TURNS = 4
/** Saving as many digests at once costs little, and not saving them a second at the next start. */
const SAVED_AT_ONCE = 64
const NOBODY = (): readonly MemoryId[] => []

export function createUpkeep(state: ReplicaState, events: EventEmitter<ReplicaEvents>): Upkeep {
  const { space, rows } = state
  const { clock, verify, signer } = state.components
  const own = signer.author

  async function admitAll(said: readonly Statement[]): Promise<void> {
    const before = state.statements
    const after = lowest([...before.values(), ...said])
    const changed = [...before.values(), ...after.values()].filter(
      ({ id }) => before.has(id) !== after.has(id)
    )
    if (changed.length === 0) return
    // Records first: a crash in between leaves the statements to come again, and to be acted on.
    const judge = createJudgement(space, createAccess(space, after.values()))
    const authors = affected(changed, state)
    for (const [writer, { name, records }] of state.entries) {
      if (records === 0 || !authors.has(name.author)) continue
      const isGone = (record: MemoryRecord): boolean => judge(name.author, record) !== undefined
      for await (const names of pagesOf(state, writer))
        await forget(state, events, { writer, names, isGone })
    }
    const also = changed.map(({ id, bytes }): Operation => {
      const key = rows.statement(id)
      return after.has(id) ? { type: 'put', key, value: bytes } : { type: 'del', key }
    })
    // With a secret this node reads what it could not read before.
    const newEpoch = changed.some(({ kind, author }) => kind === 'secret' && author === own)
    await state.commit(state.change(new Map()), { sync: true, also, newEpoch })
    state.setStatements(after)
    events.emit('admitted')
  }

  return {
    ...createFreshness(state, events),
    async admit(bytes, inTurn = (_, part) => part()) {
      const known = state.statements
      const said = await decodeNewStatements(space, bytes, { known, verify, inTurn })
      // All together: between a revocation and the grant after it records would be invalid that are not.
      await inTurn(0, () => state.exclusive(() => admitAll(said)))
    },
    drop: (writer, names) =>
      state.exclusive(() => forget(state, events, { writer, names, isGone: () => true })),
    horizon: () => clock.now() - space.tombstoneMs + LIMITS.memorySkew.value
  }
}

function createFreshness(
  state: ReplicaState,
  events: EventEmitter<ReplicaEvents>
): Pick<Upkeep, 'fresh' | 'rest'> {
  const { space, rows, digests } = state
  const { clock, store } = state.components
  let sweptHour = -1

  async function sweep(): Promise<void> {
    const hour = hourOf(clock.now())
    if (hour === sweptHour) return
    for (;;) {
      const due: string[] = []
      for await (const [row] of store.iterate(rows.dueUntil(hour), { limit: AT_ONCE })) {
        due.push(row)
      }
      if (due.length === 0) break
      const winners = await state.winners(due.map((row) => rows.dueKeyOf(row)))
      const changes = state.change(winners)
      for (const { record } of winners.values()) {
        if ((removalHour(record, space) ?? Infinity) <= hour) changes.remove(record)
      }
      const also = due.map((row): Operation => ({ type: 'del', key: row }))
      tell(events, await state.commit(changes, { sync: false, also }))
    }
    sweptHour = hour
  }

  async function prepared<T>(
    read: () => Promise<T>,
    writers: () => Iterable<MemoryId>
  ): Promise<T> {
    for (let turn = 1; ; turn += 1) {
      await digests.prepare(writers())
      const result = await state.exclusive(async () => {
        await sweep()
        if (turn < MOST_TURNS && digests.missing(writers()) > FEW_BLOCKS) return undefined
        return { value: await read() }
      })
      if (result !== undefined) return result.value
    }
  }

  return {
    async fresh(read, writers = NOBODY) {
      const value = await prepared(read, writers)
      if (digests.unsaved >= SAVED_AT_ONCE) {
        // On a disk that takes no writes replicas are compared all the same.
        await state.exclusive(() => state.saveDigests()).catch(() => undefined)
      }
      return value
    },
    rest: () => state.exclusive(() => state.saveDigests())
  }
}

interface Forgetting {
  readonly writer: MemoryId
  readonly names: readonly RecordName[]
  readonly isGone: (record: MemoryRecord) => boolean
}

/** Forgets those of the named records that are gone. */
async function forget(
  state: ReplicaState,
  events: EventEmitter<ReplicaEvents>,
  { writer, names, isGone }: Forgetting
): Promise<void> {
  const { rows, components } = state
  const logged = await components.store.getMany(names.map((name) => rows.log(writer, name)))
  const keys = logged.flatMap((key) => (key === undefined ? [] : [Buffer.from(key).toString()]))
  const winners = await state.winners(keys)
  const ids = new Set(names.map(({ id }) => id))
  const changes = state.change(winners)
  for (const { record } of winners.values()) {
    if (ids.has(record.id) && isGone(record)) changes.remove(record)
  }
  tell(events, await state.commit(changes, { sync: false, newEpoch: true }))
}

async function* pagesOf(
  { rows, components }: ReplicaState,
  writer: MemoryId
): AsyncIterable<readonly RecordName[]> {
  let page: RecordName[] = []
  for await (const [row] of components.store.iterate(rows.logWriter(writer))) {
    page.push(rows.nameOf(row))
    if (page.length < AT_ONCE) continue
    yield page
    page = []
  }
  yield page
}

function tell(events: EventEmitter<ReplicaEvents>, { changes }: Outcome): void {
  if (changes.length > 0) events.emit('changed', changes)
}

/** Whose records have to be judged anew: a cut may name the writer of anybody. */
function affected(changed: readonly Statement[], { entries }: ReplicaState): Set<AuthorKey> {
  const authors = new Set(changed.map(({ author }) => author))
  for (const statement of changed) {
    if (statement.kind !== 'revocation') continue
    for (const { writer } of statement.cuts) {
      const author = entries.get(writer)?.name.author
      if (author !== undefined) authors.add(author)
    }
  }
  return authors
}

/** The same of any set on every replica, in whatever order it came. */
function lowest(statements: readonly Statement[]): ReadonlyMap<MemoryId, Statement> {
  const sorted = statements.toSorted((a, b) => a.number - b.number || (a.id < b.id ? -1 : 1))
  const all = new Map(sorted.map((statement) => [statement.id, statement]))
  return new Map([...all].slice(0, LIMITS.memoryStatements.value))
}
