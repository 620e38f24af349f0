/** Writers for whom there is no room: they do not cost the same again at each repair, and come when there is room. */
import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import type { KnownAuthors } from '../../../../memory/spaces/known-authors.ts'
import { encodeRecord, NO_PREVIOUS } from '../../../../memory/replica/record.ts'
import type { Verify } from '../../../../memory/replica/record-signature.ts'
import type { RepairPeer } from '../../../../memory/repair/repair.ts'
import { createResponder, repair } from '../../../../memory/repair/repair.ts'
import type { RecordBatch, Replica } from '../../../../memory/replica/replica.ts'
import { encodeTime, memoryRows } from '../../../../memory/replica/rows.ts'
import type { WriterName } from '../../../../memory/replica/writer.ts'
import { writerId } from '../../../../memory/replica/writer.ts'
import { NOON, SPACE } from '../../../support/memory-arbitraries.ts'
import { foundEqual, testReplica } from '../../../support/memory-replica.ts'
import { toySigner, toyVerify } from '../../../support/memory-world.ts'

const ROOM = LIMITS.memoryWritersPerAuthor.value
const BEYOND = 8
const REST_MS = 600_000

function nameOf(author: string): WriterName {
  return { author: toySigner(author).author, nonce: '00'.repeat(16) }
}

function batchOf(author: string): RecordBatch {
  const body = {
    space: SPACE.id,
    writer: writerId(SPACE.id, nameOf(author)),
    sequence: 1,
    time: { ms: NOON, counter: 0 },
    previous: NO_PREVIOUS,
    key: author,
    value: Buffer.from('1'),
    deleted: false,
    sealed: false
  }
  const { bytes } = encodeRecord(body, toySigner(author).sign)
  return { writer: nameOf(author), records: [bytes], complete: [1, 1] }
}

/** What `replica` answers, with what it brings and is asked in an audit. */
function watched(replica: Replica, id: string) {
  const responder = createResponder(replica)
  const seen = { pulled: 0, pushed: 0, audited: 0 }
  const peer: RepairPeer = {
    ...responder,
    id,
    async *pull(vector) {
      for await (const batch of responder.pull(vector)) {
        seen.pulled += batch.records.length
        yield { ...batch, from: id }
      }
    },
    push(batch) {
      seen.pushed += batch.records.length
      return responder.push(batch)
    },
    names(writer, block) {
      seen.audited += 1
      return responder.names(writer, block)
    }
  }
  return { peer, seen }
}

/** One that was there before the members list, and one that came later and has no room for all who are gone. */
async function setup() {
  const listed = new Set(['old', 'late', 'third'].map((name) => toySigner(name).author))
  const known: KnownAuthors = { listed: true, isKnown: (author) => listed.has(author) }
  const verify = vi.fn<Verify>(toyVerify)
  const old = await testReplica({ name: 'old' })
  const gone = Array.from({ length: ROOM + BEYOND }, (_, index) => `gone ${index}`)
  for (const author of gone) await old.replica.receive(batchOf(author))
  const late = await testReplica({ name: 'late', known, verify })
  const third = await testReplica({ name: 'third', known })
  const lacking = () =>
    gone.filter((author) => late.replica.covered(writerId(SPACE.id, nameOf(author))).length === 0)
  return { old, late, third, listed, verify, lacking }
}

test('who asks verifies nothing of theirs, and is not brought it again at each repair', async () => {
  const { old, late, verify, lacking } = await setup()
  const { peer, seen } = watched(old.replica, 'old')
  await repair(late.replica, peer)
  expect(seen).toEqual({ pulled: ROOM + BEYOND, pushed: 0, audited: 0 })
  // Of those that move at the same time some find room only as long as the others are not in.
  expect(verify.mock.calls.length).toBeLessThan(ROOM + LIMITS.memoryBatchesMoving.value)
  await repair(late.replica, peer)
  expect(seen).toEqual({ pulled: ROOM + BEYOND, pushed: 0, audited: 0 })
  expect(lacking()).toHaveLength(BEYOND)
})

test('who would bring it does not do so at each repair', async () => {
  const { old, late, lacking } = await setup()
  const { peer, seen } = watched(late.replica, 'late')
  for (let times = 0; times < 3; times += 1) await repair(old.replica, peer)
  expect(seen).toEqual({ pulled: 0, pushed: ROOM + BEYOND, audited: 0 })
  expect(lacking()).toHaveLength(BEYOND)
})

test('what others write comes all the same', async () => {
  const { old, late } = await setup()
  const { peer } = watched(old.replica, 'old')
  await repair(late.replica, peer)
  await old.replica.write({ key: 'new', value: Buffer.from('1') })
  await late.replica.write({ key: 'mine', value: Buffer.from('1') })
  expect(await repair(late.replica, peer)).toMatchObject({ pulled: 1, pushed: 1 })
})

test('who gets on the list comes with the next repair, and the others after a while', async () => {
  const { old, late, listed, lacking } = await setup()
  const { peer, seen } = watched(old.replica, 'old')
  await repair(late.replica, peer)
  const [author = ''] = lacking()
  listed.add(toySigner(author).author)
  await repair(late.replica, peer)
  expect(lacking()).toHaveLength(BEYOND - 1)
  seen.pulled = 0
  for (const { clock } of [old, late]) clock.at += REST_MS
  await repair(late.replica, peer)
  expect(seen.pulled).toBe(BEYOND - 1)
})

test('what found room with another peer rests with nobody', async () => {
  const { old, late, listed, lacking } = await setup()
  await repair(late.replica, watched(old.replica, 'old').peer)
  const [author = ''] = lacking()
  const writer = writerId(SPACE.id, nameOf(author))
  const { author: key } = nameOf(author)
  expect(late.replica.refused.of('old').has(writer)).toBe(true)
  listed.add(key)
  await late.replica.receive({ ...batchOf(author), from: 'another' })
  listed.delete(key)
  expect(late.replica.refused.of('old').has(writer)).toBe(false)
})

test('what two have refused is not taken for deleted by one that was alone', async () => {
  const { old, late, third } = await setup()
  const others = [watched(late.replica, 'late').peer, watched(third.replica, 'third').peer]
  for (const { replica } of [late, third]) await repair(replica, watched(old.replica, 'old').peer)
  for (const { clock } of [old, late, third]) clock.at += SPACE.tombstoneMs
  for (const { replica } of [late, third]) await foundEqual(replica)
  await old.store.commit(
    [{ type: 'put', key: memoryRows(SPACE.id).verified, value: encodeTime(0) }],
    { sync: true }
  )
  const alone = await old.reopen()
  expect((await alone.summary()).stale).toBe(true)
  for (const peer of [...others, ...others]) {
    expect(await repair(alone, peer)).toMatchObject({ dropped: 0 })
  }
})
