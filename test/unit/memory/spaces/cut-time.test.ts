/** Numbers can be used again: who was cut off is held to the time of what its owner had seen. */
import { expect, test } from 'vitest'
import { encodeRecord, NO_PREVIOUS } from '../../../../memory/replica/record.ts'
import type { MemoryRecord } from '../../../../memory/replica/record.ts'
import type { Replica } from '../../../../memory/replica/replica.ts'
import { createSpaceOwner } from '../../../../memory/spaces/space-owner.ts'
import { createSpace, DEFAULT_QUOTAS } from '../../../../memory/spaces/space.ts'
import { writerId } from '../../../../memory/replica/writer.ts'
import type { WriterName } from '../../../../memory/replica/writer.ts'
import { testReplica } from '../../../support/memory-replica.ts'
import { toySigner } from '../../../support/memory-world.ts'
import { copy } from '../../../support/replica-space.ts'

const OWNER = toySigner('owner')
const BOB = toySigner('bob').author
const value = Buffer.from('1')

async function setup() {
  const genesis = { ...DEFAULT_QUOTAS, name: 'team', mode: 'members', sealed: false } as const
  const space = createSpace({ ...genesis, nonce: '01'.repeat(16), owner: OWNER.author }, OWNER)
  const { replica } = await testReplica({ name: 'owner', space })
  const { replica: bob } = await testReplica({ name: 'bob', space })
  const owner = createSpaceOwner({ replica, signer: OWNER })
  const tell = (): Promise<void> => bob.admit(replica.statements.map(({ bytes }) => bytes))
  return { replica, bob, owner, tell }
}

/** Signed by who may not write any more, in the name it wrote under. */
function again(
  replica: Replica,
  { writer, sequence, ms }: { writer: WriterName; sequence: number; ms: number }
): MemoryRecord {
  return encodeRecord(
    {
      space: replica.space.id,
      writer: writerId(replica.space.id, writer),
      sequence,
      time: { ms, counter: 0 },
      previous: NO_PREVIOUS,
      key: 'before',
      value: Buffer.from('again'),
      deleted: false,
      sealed: false
    },
    toySigner('bob').sign
  )
}

test('what was taken back is not got round with numbers that were used', async () => {
  const { bob, replica, owner, tell } = await setup()
  await owner.grant(BOB, { role: 'write', prefix: '' })
  await tell()
  const { sequence, time } = await bob.write({ key: 'before', value })
  await copy(bob, replica)
  const { writer } = bob
  await owner.revoke(BOB)
  const forged = again(replica, { writer, sequence, ms: time.ms + 1 })
  const { refused } = await replica.receive({ writer, records: [forged.bytes] })
  expect(refused).toEqual([{ sequence, reason: 'denied' }])
  expect((await replica.get('before'))?.value).toEqual(value)
})

test('nor by a number that is far ahead, and a grant lets its author write again', async () => {
  const { bob, replica, owner, tell } = await setup()
  await owner.grant(BOB, { role: 'write', prefix: '' })
  await tell()
  const { time } = await bob.write({ key: 'before', value })
  await copy(bob, replica)
  const { writer } = bob
  const last = 2 ** 48 - 1
  const far = again(replica, { writer, sequence: last, ms: time.ms + 1 })
  await replica.receive({ writer, records: [far.bytes] })
  await owner.revoke(BOB)
  const later = again(replica, { writer, sequence: last - 1, ms: time.ms + 2 })
  expect(await replica.receive({ writer, records: [later.bytes] })).toMatchObject({ applied: 0 })
  await owner.grant(BOB, { role: 'write', prefix: '' })
  await tell()
  await bob.write({ key: 'after', value })
  expect(bob.writer).not.toEqual(writer)
  await copy(bob, replica)
  expect(await replica.get('after')).toBeDefined()
})

test('what the owner has not seen yet stays when it is older, and comes late', async () => {
  const { bob, replica, owner, tell } = await setup()
  await owner.grant(BOB, { role: 'write', prefix: '' })
  await tell()
  const late = await bob.write({ key: 'late', value })
  const seen = await bob.write({ key: 'seen', value })
  await replica.receive({ writer: bob.writer, records: [seen.bytes] })
  await owner.revoke(BOB)
  expect(await replica.receive({ writer: bob.writer, records: [late.bytes] })).toMatchObject({
    applied: 1
  })
})
