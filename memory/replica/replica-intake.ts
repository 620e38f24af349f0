/** What other replicas send: decoded, verified, judged, merged, and only then counted as done with. */
import type { EventEmitter } from 'node:events'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { KnownAuthors } from '../spaces/known-authors.ts'
import type { Refusal } from '../spaces/policy.ts'
import { createJudgement, FINAL_REFUSALS } from '../spaces/policy.ts'
import type { Changeset } from './changeset.ts'
import { hourOf, removalHour } from './merge.ts'
import type { AuthorKey, MemoryId, MemoryRecord } from './record.ts'
import { decodeRecord, signatureOf, signedPart } from './record.ts'
import type { ReplicaState } from './replica-state.ts'
import { createRefusedWriters } from './refused-writers.ts'
import type { RefusedWriters } from './refused-writers.ts'
import type { Receipt, RecordBatch, Refused, ReplicaEvents, Vector } from './replica.ts'
import type { SequenceRange, SequenceSet } from './sequence-set.ts'
import { difference, greatest, NOTHING, withRange } from './sequence-set.ts'
import type { WriterName } from './writer.ts'
import { writerId } from './writer.ts'
import { createWriterRoom } from './writer-room.ts'
import type { WriterRoom } from './writer-room.ts'

export interface Intake {
  receive(batch: RecordBatch): Promise<Receipt>
  noteVector(vector: Vector): void
  /** Writers for whom there was no room, here or at a peer. */
  readonly refused: RefusedWriters
}

export interface IntakeComponents {
  readonly state: ReplicaState
  readonly events: EventEmitter<ReplicaEvents>
  readonly known: KnownAuthors
}

export function createIntake({ state, events, known }: IntakeComponents): Intake {
  const { clock } = state.components
  const room = createWriterRoom(state, known)
  const refused = createRefusedWriters({ clock, space: state.space.id, known })
  let renamedAt = -Infinity

  /** Somebody knows a number of ours that we do not: we were restored from a backup, or copied. */
  function noteNumber(writer: MemoryId, number: number, proof: 'signed' | 'claimed'): void {
    const own = writerId(state.space.id, state.writer)
    if (writer !== own || number <= greatest(state.entries.get(own)?.covered ?? NOTHING)) return
    if (proof === 'claimed') {
      // Anybody can claim it at any time, and each new name costs everybody a few bytes for ever.
      if (clock.now() - renamedAt < LIMITS.memoryRename.value) return
      renamedAt = clock.now()
    }
    rename()
  }

  function rename(): void {
    state.renameWriter()
    events.emit('renamed', state.writer)
  }

  /** Whether there is no room for the writer of a batch: it rests then. */
  function lacksRoom(batch: RecordBatch): boolean {
    const { writer: name, records, from = '' } = batch
    if (isOwn(state, name)) return false
    if (room.admits({ name, isSigned: records.length > 0, from })) return false
    // What only claims costs little, and its records may yet find room.
    if (records.length > 0) refused.note(from, batch)
    return true
  }

  return {
    refused,
    async receive(batch) {
      const { writer: name, records, complete, from = '' } = batch
      const writer = writerId(state.space.id, name)
      const decoded = decodeAll(writer, records)
      // A signature is dearer than a look at the table.
      if (lacksRoom(batch)) return refusedAll(decoded)
      await verifyAll(state, name.author, decoded)
      const { receipt, outcome } = await state.exclusive(async () => {
        const changes = state.change(await state.winners(decoded.map(({ key }) => key)))
        const numbers = decoded.map(({ sequence }) => sequence)
        noteNumber(writer, Math.max(0, ...numbers), 'signed')
        noteNumber(writer, complete?.[1] ?? 0, 'claimed')
        const isNew = !state.entries.has(writer)
        const merged = merge(state, changes, { name, records: decoded, complete, from, room })
        // What it wrote is here, or lost here against something greater: a clone goes by its name.
        if (merged.applied > 0 && isOwn(state, name)) rename()
        const committed = await state.commit(changes, { sync: false })
        const isHere = state.entries.has(writer)
        if (isNew && isHere) {
          room.note(name, from)
          refused.forget(writer)
        }
        // What came at the same time may have taken the last place.
        if (!isHere) lacksRoom(batch)
        return { receipt: merged, outcome: committed }
      })
      if (outcome.changes.length > 0) events.emit('changed', outcome.changes)
      for (const conflict of outcome.conflicts) events.emit('conflict', conflict)
      return receipt
    },
    noteVector(vector) {
      for (const [writer, numbers] of vector) noteNumber(writer, greatest(numbers), 'claimed')
    }
  }
}

interface Batch {
  readonly name: WriterName
  readonly records: readonly MemoryRecord[]
  readonly complete: SequenceRange | undefined
  readonly from: string
  readonly room: WriterRoom
}

/** Merges what may be merged, and says how the batch fared. */
function merge(
  state: ReplicaState,
  changes: Changeset,
  { name, records, complete, from, room }: Batch
): Receipt {
  const refused: Refused[] = []
  const hasRoom = room.admits({ name, isSigned: records.length > 0, from })
  const quota = room.quotaOf(name.author)
  let applied = 0
  let repeated = 0
  for (const record of records) {
    const { sequence } = record
    const refusal = refusalOf(state, name.author, record)
    const fits = hasRoom && quota.takes(record, changes.winner(record.key))
    const fate = refusal ?? (fits ? changes.put(name, record) : 'quota')
    if (refusal !== undefined || fate === 'quota') {
      refused.push({ sequence, reason: refusal ?? 'quota' })
      continue
    }
    state.hlc.observe(record.time)
    if (fate === 'applied') applied += 1
    if (fate === 'repeated') repeated += 1
  }
  if (hasRoom && mayClaim(state, name)) {
    const writer = writerId(state.space.id, name)
    const covered = greatest(state.entries.get(writer)?.covered ?? NOTHING)
    const head = Math.max(covered, ...records.map(({ sequence }) => sequence))
    const now = state.components.clock.now()
    const claim = { writer, author: name.author, from, head, now }
    for (const range of doneWith(refused, complete)) {
      const [first, last] = state.agreement.believed(range, claim)
      if (first <= last) changes.claim(name, [first, last])
    }
  }
  return { applied, repeated, refused }
}

function decodeAll(writer: MemoryId, records: RecordBatch['records']): MemoryRecord[] {
  const decoded = records.map(decodeRecord)
  if (decoded.some((record) => record.writer !== writer)) {
    throw invalid('it is of another writer than was said')
  }
  return decoded
}

function refusedAll(records: readonly MemoryRecord[]): Receipt {
  const refused = records.map(({ sequence }) => ({ sequence, reason: 'quota' }) as const)
  return { applied: 0, repeated: 0, refused }
}

/**
 * Anybody can invent writers, and a vector full of them would have no room for real ones. And nobody
 * can tell a writer what it has written itself: its numbers would be used up by a lie.
 */
function mayClaim({ space, writer, entries, access }: ReplicaState, name: WriterName): boolean {
  if (isOwn({ writer }, name)) return false
  return entries.has(writerId(space.id, name)) || access.mayWriteSomething(name.author)
}

/** Whether this replica writes under `name` itself. */
function isOwn({ writer }: Pick<ReplicaState, 'writer'>, { author, nonce }: WriterName): boolean {
  return author === writer.author && nonce === writer.nonce
}

function refusalOf(
  { space, access, hlc, components: { clock } }: ReplicaState,
  author: AuthorKey,
  record: MemoryRecord
): Refusal | undefined {
  const judged = createJudgement(space, access)(author, record)
  if (judged !== undefined) return judged
  const gone = removalHour(record, space)
  if (gone !== undefined && gone <= hourOf(clock.now())) return 'expired'
  return hlc.isFuture(record.time) ? 'future' : undefined
}

/**
 * The numbers that need not come again: those refused for ever, and those claimed to be complete
 * without those that were refused for now.
 */
function doneWith(refused: readonly Refused[], complete: RecordBatch['complete']): SequenceSet {
  let done = complete === undefined ? NOTHING : withRange(NOTHING, complete)
  for (const { sequence, reason } of refused) {
    if (FINAL_REFUSALS.has(reason)) done = withRange(done, [sequence, sequence])
  }
  for (const { sequence, reason } of refused) {
    if (!FINAL_REFUSALS.has(reason)) done = difference(done, [[sequence, sequence]])
  }
  return done
}

/** Signatures of records that are here already, byte for byte, are not checked again. */
async function verifyAll(
  state: ReplicaState,
  author: AuthorKey,
  records: readonly MemoryRecord[]
): Promise<void> {
  const { verify } = state.components
  const winners = await state.winners(records.map(({ key }) => key))
  const unknown = records.filter(({ key, id }) => winners.get(key)?.record.id !== id)
  const valid = await Promise.all(
    unknown.map(({ bytes }) => verify(author, signedPart(bytes), signatureOf(bytes)))
  )
  if (valid.includes(false)) throw invalid('its signature is not its author’s')
}

function invalid(reason: string): LumosError {
  return new LumosError('RECORD_INVALID', { details: { reason } })
}
