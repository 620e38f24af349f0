/** This node's own writes to a space: numbered, signed, and written in batches while more of them wait. */
import type { EventEmitter } from 'node:events'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { createJudgement } from '../spaces/policy.ts'
import type { Space } from '../spaces/space.ts'
import type { Changeset } from './changeset.ts'
import type { MemoryId, MemoryRecord } from './record.ts'
import { encodeRecord, previousOf } from './record.ts'
import type { ReplicaState } from './replica-state.ts'
import type { ReplicaEvents } from './replica.ts'
import { greatest, NOTHING } from './sequence-set.ts'
import { writerId } from './writer.ts'

/** What is to be written: a value, or that the key is deleted. In a sealed space both are sealed. */
export interface Draft {
  readonly key: string
  /** `undefined` deletes. */
  readonly value: Uint8Array | undefined
  /** Milliseconds since the epoch. */
  readonly expires?: number
  /** Instead: milliseconds that it lives from its own time on, which may be ahead of the clock. */
  readonly ttlMs?: number
}

export interface LocalWriter {
  write(draft: Draft): Promise<MemoryRecord>
}

interface Waiting {
  readonly draft: Draft
  readonly resolve: (record: MemoryRecord) => void
  readonly reject: (error: unknown) => void
}

export function createLocalWriter(
  state: ReplicaState,
  events: EventEmitter<ReplicaEvents>
): LocalWriter {
  let waiting: Waiting[] = []
  let isQueued = false

  /**
   * One turn for all who wait. With one for each draft those who go on writing would put ever more turns before
   * everybody else's: each would find what came meanwhile, and nobody would ever compare replicas.
   */
  function queueTurn(): void {
    if (isQueued) return
    isQueued = true
    state.exclusive(writeBatch).catch((error: unknown) => {
      // It could not even begin, since the database takes no writes.
      isQueued = false
      for (const item of waiting.splice(0)) item.reject(error)
    })
  }

  async function writeBatch(): Promise<void> {
    isQueued = false
    const batch = waiting.slice(0, LIMITS.memoryBatchRecords.value)
    waiting = waiting.slice(batch.length)
    if (waiting.length > 0) queueTurn()
    try {
      const keys = batch
        .map(({ draft }) => draft.key)
        .filter((key) => state.recent?.lacks(key) !== true)
      const changes = state.change(await state.winners(keys))
      const written = signAll(state, changes, batch)
      const outcome = await state.commit(changes, { sync: true })
      for (const { resolve, record } of written) resolve(record)
      if (outcome.changes.length > 0) events.emit('changed', outcome.changes)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return {
    write(draft) {
      const { promise, resolve, reject } = Promise.withResolvers<MemoryRecord>()
      if (waiting.length >= LIMITS.memoryWriteQueue.value) {
        return Promise.reject(
          new LumosError('STORE_BUSY', { details: { waiting: waiting.length } })
        )
      }
      waiting.push({ draft, resolve, reject })
      queueTurn()
      return promise
    }
  }
}

interface Signed extends Waiting {
  readonly record: MemoryRecord
}

/** Numbers, signs and merges the drafts; those that may not be written are rejected at once. */
function signAll(state: ReplicaState, changes: Changeset, batch: readonly Waiting[]): Signed[] {
  let place = nextPlace(state)
  return batch.flatMap((item) => {
    try {
      // A grant after a revocation is for another writer, wherever this one was cut: no grant mends a cut.
      if (state.access.isCut({ ...place, sequence: Infinity })) {
        state.renameWriter()
        place = nextPlace(state)
      }
      const record = sign(state, changes, { ...item.draft, ...place })
      place = { ...place, sequence: place.sequence + 1 }
      return [{ ...item, record }]
    } catch (error) {
      item.reject(error)
      return []
    }
  })
}

interface Place {
  readonly writer: MemoryId
  readonly sequence: number
}

function nextPlace({ space, writer: name, entries }: ReplicaState): Place {
  const writer = writerId(space.id, name)
  return { writer, sequence: greatest(entries.get(writer)?.covered ?? NOTHING) + 1 }
}

function sign(
  { space, writer: name, access, hlc, components: { signer } }: ReplicaState,
  changes: Changeset,
  { writer, sequence, key, value, ttlMs, ...draft }: Draft & Place
): MemoryRecord {
  const current = changes.winner(key)
  const time = hlc.tick(current?.time)
  const expires = ttlMs === undefined ? draft.expires : Math.ceil(time.ms + ttlMs)
  const body = {
    space: space.id,
    writer,
    sequence,
    time,
    previous: previousOf(current),
    key,
    value: value ?? new Uint8Array(),
    deleted: value === undefined,
    ...(expires !== undefined && { expires }),
    sealed: space.sealed
  }
  const record = encodeRecord(body, signer.sign)
  const refusal = createJudgement(space, access)(signer.author, record)
  if (refusal === 'misfit') throw denied(space, key, 'the value is too large for it')
  if (refusal === 'denied') throw denied(space, key, 'there is no grant')
  if (changes.put(name, record, { own: true }) === 'quota') {
    throw full(space)
  }
  return record
}

function full({ name }: Space): LumosError {
  const reason = 'this node holds as much there as one may'
  const details = { space: name, reason, fix: 'delete what is not needed: lumos memory rm KEY' }
  return new LumosError('SPACE_FULL', { details })
}

function denied({ name }: Space, key: string, reason: string): LumosError {
  return new LumosError('WRITE_DENIED', { details: { key, space: name, reason } })
}
