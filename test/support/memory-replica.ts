/** A replica for tests, on a disk in memory that can be told to fail. */
import type { KnownAuthors } from '../../memory/spaces/known-authors.ts'
import type { MemoryRecord } from '../../memory/replica/record.ts'
import type { Verify } from '../../memory/replica/record-signature.ts'
import { encodeRecord, NO_PREVIOUS } from '../../memory/replica/record.ts'
import type { RecordBatch, Replica } from '../../memory/replica/replica.ts'
import { openReplica } from '../../memory/replica/replica.ts'
import type { Space } from '../../memory/spaces/space.ts'
import { writerId } from '../../memory/replica/writer.ts'
import type { Fault, MemoryStore } from '../../storage/memory-store.ts'
import { createMemoryStore } from '../../storage/memory-store.ts'
import { nameOf, NOON, SPACE } from './memory-arbitraries.ts'
import { toySigner, toyVerify } from './memory-world.ts'
import { seededRandom } from './random.ts'

export interface TestReplica {
  readonly replica: Replica
  readonly store: MemoryStore
  /** What the next commits come to. */
  readonly faults: (Fault | undefined)[]
  /** Moves with the hand. */
  readonly clock: { at: number }
  readonly reopen: (init?: { continueWriter?: boolean }) => Promise<Replica>
}

export interface TestReplicaInit {
  readonly name?: string
  readonly space?: Space
  /** Default: nobody is a stranger. */
  readonly known?: KnownAuthors
  readonly verify?: Verify
}

export async function testReplica({
  name = 'me',
  space = SPACE,
  known,
  verify = toyVerify
}: TestReplicaInit = {}): Promise<TestReplica> {
  const faults: (Fault | undefined)[] = []
  const store = createMemoryStore({ commit: () => faults.shift() })
  const clock = { at: NOON }
  const random = seededRandom(1)
  const reopen: TestReplica['reopen'] = ({ continueWriter = true } = {}) =>
    openReplica(
      {
        clock: { now: () => clock.at },
        random,
        store,
        signer: toySigner(name),
        verify,
        ...(known && { known })
      },
      { space, continueWriter }
    )
  return { replica: await reopen(), store, faults, clock, reopen }
}

export interface ForeignRecord {
  /** Which of the known authors: 0 to 2. */
  readonly by?: number
  readonly sequence: number
  readonly key: string
  readonly value?: string | undefined
  readonly ms?: number
  readonly previous?: string
  readonly expires?: number
  readonly space?: Space
}

/** What another node wrote. */
export function foreign({
  by = 0,
  key,
  sequence,
  value,
  ms = NOON,
  previous = NO_PREVIOUS,
  expires,
  space = SPACE
}: ForeignRecord): MemoryRecord {
  return encodeRecord(
    {
      space: space.id,
      writer: writerId(space.id, nameOf(by)),
      sequence,
      time: { ms, counter: 0 },
      previous,
      key,
      value: Buffer.from(value ?? ''),
      deleted: value === undefined,
      ...(expires !== undefined && { expires }),
      sealed: false
    },
    toySigner('abc'[by] ?? '').sign
  )
}

export function batch(records: readonly MemoryRecord[], init: Partial<RecordBatch> = {}) {
  return { writer: nameOf(0), records: records.map(({ bytes }) => bytes), ...init }
}

/** What readers see, as text. */
export async function contents(replica: Replica): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const { key, value } of replica.entries({})) found[key] = Buffer.from(value).toString()
  return found
}

/** Two that are not stale hold the same just now. */
export async function foundEqual(replica: Replica): Promise<void> {
  for (const peer of ['one that is equal', 'another one']) await replica.compared(peer, true)
}
