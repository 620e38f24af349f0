/** The owner of a space speaks: what its statements come to on other replicas. */
import { expect, test } from 'vitest'
import { createSpaceOwner, currentGrants } from '../../../memory/space-owner.ts'
import { createSpace, DEFAULT_QUOTAS } from '../../../memory/space.ts'
import type { Space, SpaceMode } from '../../../memory/space.ts'
import { testReplica } from '../../support/memory-replica.ts'
import { toySigner } from '../../support/memory-world.ts'
import { copy } from '../../support/replica-space.ts'

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

test('nobody but the owner can say anything', async () => {
  const { bob } = await setup()
  const other = createSpaceOwner({ replica: bob, signer: toySigner('bob') })
  const refused = expect.objectContaining({ code: 'SPACE_NOT_OWNED' })
  await expect(other.grant(BOB, { role: 'write', prefix: '' })).rejects.toEqual(refused)
  await expect(other.revoke(BOB)).rejects.toEqual(refused)
  expect(bob.statements).toEqual([])
})
