/** The owner of a space speaks: what its statements come to on other replicas. */
import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { createSpaceOwner, currentGrants } from '../../../../memory/spaces/space-owner.ts'
import { createSpace, DEFAULT_QUOTAS } from '../../../../memory/spaces/space.ts'
import type { Space, SpaceMode } from '../../../../memory/spaces/space.ts'
import { createStatement } from '../../../../memory/spaces/statement.ts'
import { writerId } from '../../../../memory/replica/writer.ts'
import { testReplica } from '../../../support/memory-replica.ts'
import { toySigner } from '../../../support/memory-world.ts'
import { copy } from '../../../support/replica-space.ts'

const OWNER = toySigner('owner')
const BOB = toySigner('bob').author
const value = Buffer.from('1')

function spaceOf(mode: SpaceMode): Space {
  const nonce = '01'.repeat(16)
  const genesis = { ...DEFAULT_QUOTAS, name: 'team', mode, sealed: false, nonce }
  return createSpace({ ...genesis, owner: OWNER.author }, OWNER)
}

async function setup(mode: SpaceMode = 'members') {
  const space = spaceOf(mode)
  const { replica } = await testReplica({ name: 'owner', space })
  const { replica: bob } = await testReplica({ name: 'bob', space })
  const owner = createSpaceOwner({ replica, signer: OWNER })
  const tell = (): Promise<void> => bob.admit(replica.statements.map(({ bytes }) => bytes))
  return { replica, bob, owner, tell }
}

test('who is granted a prefix may write there, and nowhere else', async () => {
  const { bob, owner, tell } = await setup()
  await owner.grant(BOB, { role: 'write', prefix: 'bob/' })
  await tell()
  await bob.write({ key: 'bob/x', value })
  await expect(bob.write({ key: 'ada/x', value })).rejects.toMatchObject({ code: 'WRITE_DENIED' })
})

test('statements said at the same time have numbers of their own', async () => {
  const { replica, owner } = await setup()
  await Promise.all([
    owner.grant(BOB, { role: 'write', prefix: 'a/' }),
    owner.grant(BOB, { role: 'read', prefix: '' }),
    owner.revoke(BOB)
  ])
  expect(new Set(replica.statements.map(({ number }) => number))).toEqual(new Set([1, 2, 3]))
})

test('who is revoked keeps what was written, and writes no more', async () => {
  const { replica, bob, owner, tell } = await setup()
  await owner.grant(BOB, { role: 'write', prefix: '' })
  await tell()
  await bob.write({ key: 'before', value })
  await copy(bob, replica)
  await bob.write({ key: 'unseen', value })
  await owner.revoke(BOB)
  await copy(bob, replica)
  expect(await replica.get('before')).toBeDefined()
  expect(await replica.get('unseen')).toBeUndefined()
  await tell()
  await expect(bob.write({ key: 'after', value })).rejects.toMatchObject({ code: 'WRITE_DENIED' })
})

test('who is granted again writes on as another writer, also what waits with it', async () => {
  const { replica, bob, owner, tell } = await setup()
  await owner.grant(BOB, { role: 'write', prefix: '' })
  await tell()
  const before = await bob.write({ key: 'before', value })
  await copy(bob, replica)
  await owner.revoke(BOB)
  await tell()
  await owner.grant(BOB, { role: 'write', prefix: '' })
  await tell()
  const after = await Promise.all(['x', 'y'].map((key) => bob.write({ key, value })))
  expect(after[0]?.writer).not.toBe(before.writer)
  expect(after.map(({ sequence }) => sequence)).toEqual([1, 2])
  expect(new Set(after.map(({ writer }) => writer)).size).toBe(1)
  await copy(bob, replica)
  for (const key of ['before', 'x', 'y']) expect(await replica.get(key)).toBeDefined()
})

test('who is cut ahead of its own numbers is another writer at once', async () => {
  const { replica, bob, owner, tell } = await setup()
  await owner.grant(BOB, { role: 'write', prefix: '' })
  const { writer } = bob
  const cuts = [{ writer: writerId(replica.space.id, writer), sequence: 1 }]
  const body = { kind: 'revocation', number: 2, author: BOB, endsGrants: false, cuts } as const
  await replica.admit([createStatement(replica.space.id, body, OWNER).bytes])
  await tell()
  const written = await Promise.all(['x', 'y'].map((key) => bob.write({ key, value })))
  expect(written.map(({ sequence }) => sequence)).toEqual([1, 2])
  await copy(bob, replica)
  for (const key of ['x', 'y']) expect(await replica.get(key)).toBeDefined()
})

test('who claims to have written far ahead is cut where its records end', async () => {
  const { replica, bob, owner, tell } = await setup()
  await owner.grant(BOB, { role: 'write', prefix: '' })
  await tell()
  await bob.write({ key: 'before', value })
  await copy(bob, replica)
  await replica.receive({ writer: bob.writer, records: [], complete: [1, 2 ** 48 - 1] })
  await bob.write({ key: 'after', value })
  await owner.revoke(BOB)
  await copy(bob, replica)
  expect(await replica.get('before')).toBeDefined()
  expect(await replica.get('after')).toBeUndefined()
})

test('an open space can shut out who has never written', async () => {
  const { bob, owner, tell } = await setup('open')
  await owner.revoke(BOB)
  await tell()
  await expect(bob.write({ key: 'x', value })).rejects.toMatchObject({ code: 'WRITE_DENIED' })
})

test('what counts is what was said last', async () => {
  const { replica, owner } = await setup()
  await owner.grant(BOB, { role: 'write', prefix: 'old/' })
  await owner.revoke(BOB)
  expect(currentGrants(replica.statements)).toEqual({ grants: [], revoked: [BOB] })
  await owner.grant(BOB, { role: 'read', prefix: '' })
  expect(currentGrants(replica.statements)).toMatchObject({
    grants: [{ author: BOB, role: 'read', prefix: '' }],
    revoked: []
  })
})

/** A space that holds `count` statements, which let in whoever `authorOf` says. */
async function filled(count: number, authorOf: (index: number) => string) {
  const parts = await setup()
  const grant = { kind: 'grant', role: 'write', prefix: '' } as const
  const said = Array.from({ length: count }, (_, index) => {
    const body = { ...grant, author: authorOf(index), number: index + 1 }
    return createStatement(parts.replica.space.id, body, OWNER).bytes
  })
  await parts.replica.admit(said)
  return parts
}

const MOST = LIMITS.memoryStatements.value

test('in a full space grants can be taken back, and no more given', async () => {
  const { replica, owner } = await filled(MOST - 1, () => BOB)
  const refused = owner.grant(BOB, { role: 'write', prefix: '' })
  await expect(refused).rejects.toMatchObject({
    code: 'SPACE_FULL',
    hint: 'go on in a new space: lumos spaces create NAME'
  })
  await owner.revoke(BOB)
  expect(currentGrants(replica.statements).revoked).toEqual([BOB])
  // Now nothing more can be said, and it is not said to be done.
  await expect(owner.revoke(BOB)).rejects.toMatchObject({ code: 'SPACE_FULL' })
  expect(replica.statements).toHaveLength(MOST)
})

test('each who was let in can be put out, however many there are', async () => {
  const names = Array.from({ length: 3 }, (_, index) => toySigner(`holder ${index}`).author)
  const { replica, owner } = await filled(MOST - 4, (index) => names[index % 3] ?? '')
  await expect(owner.grant(BOB, { role: 'read', prefix: '' })).rejects.toMatchObject({
    code: 'SPACE_FULL'
  })
  for (const author of names) await owner.revoke(author)
  expect(currentGrants(replica.statements)).toEqual({ grants: [], revoked: names })
})

test('who has written as many does not take the room of others', async () => {
  const eve = toySigner('eve')
  const { replica, owner } = await filled(MOST - 2, (index) => (index === 0 ? BOB : eve.author))
  for (let made = 0; made <= LIMITS.memoryCuts.value; made += 1) {
    const nonce = made.toString(16).padStart(32, '0')
    await replica.receive({ writer: { author: eve.author, nonce }, records: [], complete: [1, 1] })
  }
  expect(replica.writersOf(eve.author)).toHaveLength(LIMITS.memoryCuts.value + 1)
  await owner.revoke(eve.author)
  await owner.revoke(BOB)
  expect(currentGrants(replica.statements).grants).toEqual([])
})

test('where there is no room for another secret, grants are taken back all the same, and the owner is told', async () => {
  const { replica } = await filled(MOST - 1, () => BOB)
  const envelope = new Uint8Array(80)
  const onSaid = vi.fn<() => void>()
  const owner = createSpaceOwner({
    replica,
    signer: OWNER,
    onSaid,
    secrets: {
      isEmpty: false,
      allFor: async () => [],
      next: async (readers) =>
        Array.from(readers, (author) => ({ kind: 'secret', secret: 2, envelope, author }))
    }
  })
  await expect(owner.revoke(BOB)).rejects.toMatchObject({
    code: 'SPACE_FULL',
    details: { reason: 'the grants are taken back, but its values go on under the old secret' }
  })
  expect(currentGrants(replica.statements).revoked).toEqual([BOB])
  expect(onSaid).toHaveBeenCalledTimes(1)
})

test('nobody but the owner can say anything', async () => {
  const { bob } = await setup()
  const other = createSpaceOwner({ replica: bob, signer: toySigner('bob') })
  const refused = expect.objectContaining({ code: 'SPACE_NOT_OWNED' })
  await expect(other.grant(BOB, { role: 'write', prefix: '' })).rejects.toEqual(refused)
  await expect(other.revoke(BOB)).rejects.toEqual(refused)
  expect(bob.statements).toEqual([])
})
