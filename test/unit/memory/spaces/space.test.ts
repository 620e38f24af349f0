/** Spaces and what their owners say: bytes as literals, and who may write what. */
import { describe, expect, test, vi } from 'vitest'
import { sample } from 'fast-check'
import { Secret } from '../../../../core/secret.ts'
import { cornerOf, createAccess } from '../../../../memory/spaces/access.ts'
import type { WriteClaim } from '../../../../memory/spaces/access.ts'
import { createJudgement } from '../../../../memory/spaces/policy.ts'
import { createSigner, createVerifier } from '../../../../memory/replica/record-signature.ts'
import type { Verify } from '../../../../memory/replica/record-signature.ts'
import type { Genesis } from '../../../../memory/spaces/space.ts'
import {
  createSpace,
  decodeSpace,
  DEFAULT_QUOTAS,
  isStale,
  sharedSpace
} from '../../../../memory/spaces/space.ts'
import type { StatementBody } from '../../../../memory/spaces/statement.ts'
import {
  createStatement,
  decodeNewStatements,
  decodeStatement
} from '../../../../memory/spaces/statement.ts'
import { someRecord, SPACE } from '../../../support/memory-arbitraries.ts'

const OWNER = createSigner(new Secret(Buffer.alloc(32, 1)))
const MEMBER = createSigner(new Secret(Buffer.alloc(32, 2)))
const STRANGER = createSigner(new Secret(Buffer.alloc(32, 3)))
const verify = createVerifier()

const GENESIS = {
  ...DEFAULT_QUOTAS,
  mode: 'members',
  sealed: false,
  owner: OWNER.author,
  nonce: '0f'.repeat(16),
  name: 'plans'
} as const satisfies Genesis

const space = createSpace(GENESIS, OWNER)

const GRANT: StatementBody = {
  kind: 'grant',
  number: 1,
  author: MEMBER.author,
  role: 'write',
  prefix: 'a/'
}
const WRITER = 'aa'.repeat(16)
const REVOCATION: StatementBody = {
  kind: 'revocation',
  number: 2,
  author: MEMBER.author,
  endsGrants: true,
  cuts: [{ writer: WRITER, sequence: 5 }]
}

function accessOf(bodies: readonly StatementBody[], genesis: Genesis = GENESIS) {
  return createAccess(
    genesis,
    bodies.map((body) => createStatement(space.id, body, OWNER))
  )
}

function claim(key: string, changes: Partial<WriteClaim> = {}): WriteClaim {
  return { writer: WRITER, sequence: 1, key, time: { ms: 1000, counter: 0 }, ...changes }
}

/** Put together by another program, from docs/protocols/memory.md. */
describe('golden vectors', () => {
  test('a genesis', () => {
    expect({ id: space.id, bytes: Buffer.from(space.bytes).toString('hex') }).toEqual({
      id: '4609980ceac17b9dcb272baa25330f94',
      bytes: [
        '0102008a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c0f0f0f0f0f',
        '0f0f0f0f0f0f0f0f0f0f0f05706c616e7300008000000f424000004000000000009a7ec8007244a7',
        '03cd9571ea89c24980fe9382900645af97d6dab089b14a4b47f5e7b991cc18ea29b5d85b2cdfe786',
        '9a51b7b46eb303e1423fd65a83e22ce9f00862d904'
      ].join('')
    })
  })

  test('the shared space of a swarm', () => {
    expect(sharedSpace('0123456789abcdef').id).toBe('8562f645a0cdd45d87119f7cd9cccc8d')
  })

  test('a grant', () => {
    const { id, bytes } = createStatement(space.id, GRANT, OWNER)
    expect({ id, bytes: Buffer.from(bytes).toString('hex') }).toEqual({
      id: 'f426710bcbbe16361f32de25a45e5331',
      bytes: [
        '01014609980ceac17b9dcb272baa25330f940000000000018139770ea87d175f56a35466c34c7ecc',
        'cb8d8a91b4ee37a25df60f5b8fc9b394020000000000000002612f1d4c3bcaf7dd6dff14f862b614',
        '45fe02e64f1abca1085ec9ad1eaf1f5709376f022a62446a5c315c66998fe39d0e3a5472c2516453',
        'abec2a3bee87c052f72c03'
      ].join('')
    })
  })

  test('a revocation', () => {
    const { id, bytes } = createStatement(space.id, REVOCATION, OWNER)
    expect({ id, bytes: Buffer.from(bytes).toString('hex') }).toEqual({
      id: '2714b01d94cb9e5f0381685170fa5ad9',
      bytes: [
        '01024609980ceac17b9dcb272baa25330f940000000000028139770ea87d175f56a35466c34c7ecc',
        'cb8d8a91b4ee37a25df60f5b8fc9b394010001aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0000000000',
        '05c1462978df0d299700f43e798d1749071ef0d1041d2491ae071827af9b96cbb07e6c246658edb3',
        '247ec63eb31029585d00df63e44c0336a7379afd086195d300'
      ].join('')
    })
  })
})

describe('a genesis', () => {
  test('is read back as it was written', async () => {
    expect(await decodeSpace(space.bytes, verify)).toEqual(space)
    const shared = sharedSpace('swarm')
    expect(await decodeSpace(shared.bytes, verify)).toEqual(shared)
  })

  test('of somebody else’s signature is refused', async () => {
    const forged = createSpace(GENESIS, STRANGER)
    await expect(decodeSpace(forged.bytes, verify)).rejects.toMatchObject({ code: 'SPACE_INVALID' })
  })

  test.for([
    ['without a name', { name: '' }],
    ['with a line break in its name', { name: 'a\nb' }],
    ['with values that no record can hold', { valueBytes: 40_000 }],
    ['in which nobody may write', { authorRecords: 0 }],
    ['that forgets deletions at once', { tombstoneMs: 1000 }]
  ] as const)('%s cannot be made', ([, changes]) => {
    expect(() => createSpace({ ...GENESIS, ...changes }, OWNER)).toThrow(/memory space/)
  })

  test('without an owner is open, unsealed and unsigned', async () => {
    const { bytes } = sharedSpace('swarm')
    const closed = Buffer.from(bytes)
    closed[1] = 2
    await expect(decodeSpace(closed, verify)).rejects.toMatchObject({ code: 'SPACE_INVALID' })
    const signed = Buffer.from(bytes)
    signed[signed.length - 1] = 1
    await expect(decodeSpace(signed, verify)).rejects.toMatchObject({ code: 'SPACE_INVALID' })
  })

  test('a replica that was alone for nine tenths of the tombstones’ time is stale', () => {
    const { tombstoneMs } = GENESIS
    expect(isStale(GENESIS, 0, tombstoneMs * 0.9)).toBe(false)
    expect(isStale(GENESIS, 0, tombstoneMs * 0.9 + 1)).toBe(true)
  })
})

describe('a statement', () => {
  test.for([GRANT, { ...GRANT, role: 'read', notAfter: 5 } as const, REVOCATION])(
    'is read back as it was written: %o',
    async (body) => {
      const statement = createStatement(space.id, body, OWNER)
      expect(await decodeStatement(space, statement.bytes, verify)).toEqual(statement)
    }
  )

  test('of another space, or not of the owner, is refused', async () => {
    const other = createStatement(SPACE.id, GRANT, OWNER)
    const forged = createStatement(space.id, GRANT, MEMBER)
    for (const { bytes } of [other, forged]) {
      await expect(decodeStatement(space, bytes, verify)).rejects.toMatchObject({
        code: 'SPACE_INVALID'
      })
    }
  })

  test('in a space without owner is nobody’s', async () => {
    const { bytes } = createStatement(SPACE.id, GRANT, OWNER)
    await expect(decodeStatement(SPACE, bytes, verify)).rejects.toMatchObject({
      code: 'SPACE_INVALID'
    })
  })

  test('cannot grant half a segment', () => {
    expect(() => createStatement(space.id, { ...GRANT, prefix: 'user1' }, OWNER)).toThrow(/prefix/)
  })
})

describe('who may write', () => {
  test('in a space of members: the owner, and whom it granted that, below the prefix', () => {
    const access = accessOf([GRANT])
    expect(access.mayWrite(OWNER.author, claim('b'))).toBe(true)
    expect(access.mayWrite(MEMBER.author, claim('a/x'))).toBe(true)
    expect(access.mayWrite(MEMBER.author, claim('b'))).toBe(false)
    expect(access.mayWrite(STRANGER.author, claim('a/x'))).toBe(false)
  })

  test('a corner is for its author alone, who needs a grant for anything', () => {
    const access = accessOf([GRANT])
    const corner = `${cornerOf(MEMBER.author)}x`
    expect(access.mayWrite(MEMBER.author, claim(corner))).toBe(true)
    expect(access.mayWrite(OWNER.author, claim(corner))).toBe(false)
    expect(access.mayWrite(STRANGER.author, claim(`${cornerOf(STRANGER.author)}x`))).toBe(false)
    expect(access.mayWrite(OWNER.author, claim('~'))).toBe(false)
  })

  test('a grant to read is none to write, and one that ends counts by the time of the record', () => {
    const read = accessOf([{ ...GRANT, role: 'read' }])
    expect(read.mayWrite(MEMBER.author, claim('a/x'))).toBe(false)
    const ending = accessOf([{ ...GRANT, notAfter: 1000 }])
    expect(ending.mayWrite(MEMBER.author, claim('a/x'))).toBe(true)
    const late = claim('a/x', { time: { ms: 1001, counter: 0 } })
    expect(ending.mayWrite(MEMBER.author, late)).toBe(false)
  })

  test('a revoked author keeps what its writers wrote up to their cut, whenever that was', () => {
    const access = accessOf([REVOCATION, GRANT])
    expect(access.mayWrite(MEMBER.author, claim('a/x', { sequence: 5 }))).toBe(true)
    expect(access.mayWrite(MEMBER.author, claim('a/x', { sequence: 6 }))).toBe(false)
    expect(access.mayWrite(MEMBER.author, claim('a/x', { writer: 'bb'.repeat(16) }))).toBe(false)
  })

  test('a later grant lets the author write again, but not the writer that was cut', () => {
    const access = accessOf([GRANT, REVOCATION, { ...GRANT, number: 3 }])
    expect(access.mayWrite(MEMBER.author, claim('a/x', { writer: 'bb'.repeat(16) }))).toBe(true)
    expect(access.mayWrite(MEMBER.author, claim('a/x', { sequence: 6 }))).toBe(false)
  })

  test('a cut alone ends a writer, not its author', () => {
    const access = accessOf([GRANT, { ...REVOCATION, endsGrants: false }])
    expect(access.mayWrite(MEMBER.author, claim('a/x', { sequence: 6 }))).toBe(false)
    expect(access.mayWrite(MEMBER.author, claim('a/x', { writer: 'bb'.repeat(16) }))).toBe(true)
  })

  test('in an open space everybody, until revoked; in an owner-only space the owner', () => {
    const open = accessOf([REVOCATION], { ...GENESIS, mode: 'open' })
    expect(open.mayWrite(STRANGER.author, claim('x'))).toBe(true)
    expect(open.mayWrite(MEMBER.author, claim('x', { sequence: 6 }))).toBe(false)
    const single = accessOf([GRANT], { ...GENESIS, mode: 'owner-only' })
    expect(single.mayWrite(OWNER.author, claim('x'))).toBe(true)
    expect(single.mayWrite(MEMBER.author, claim('a/x'))).toBe(false)
  })

  test('the order in which statements came does not matter', () => {
    const bodies = [GRANT, REVOCATION, { ...GRANT, number: 3, prefix: '' }]
    const claims = ['a/x', 'b'].flatMap((key) =>
      [1, 5, 6].map((sequence) => claim(key, { sequence }))
    )
    const answers = [bodies, bodies.toReversed()].map((some) => {
      const access = accessOf(some)
      return claims.map((one) => access.mayWrite(MEMBER.author, one))
    })
    expect(answers[0]).toEqual(answers[1])
  })
})

test('a space of members is read by members, an open one by everybody', () => {
  const access = accessOf([{ ...GRANT, role: 'read', notAfter: 1000 }])
  expect(access.mayRead(MEMBER.author, 1000)).toBe(true)
  expect(access.mayRead(MEMBER.author, 1001)).toBe(false)
  expect(access.mayRead(STRANGER.author, 0)).toBe(false)
  expect(accessOf([GRANT, REVOCATION]).mayRead(MEMBER.author, 0)).toBe(false)
  expect(accessOf([], { ...GENESIS, mode: 'open' }).mayRead(STRANGER.author, 0)).toBe(true)
})

test('what does not fit a space is told apart from what is not granted', () => {
  const [record] = sample(someRecord, { numRuns: 1, seed: 3 })
  if (record === undefined) throw new TypeError('no sample')
  const judge = createJudgement(SPACE, createAccess(SPACE, []))
  expect(judge(STRANGER.author, record)).toBeUndefined()
  expect(judge(STRANGER.author, { ...record, sealed: true })).toBe('misfit')
  expect(judge(STRANGER.author, { ...record, space: space.id })).toBe('misfit')
  const narrow = createJudgement({ ...SPACE, valueBytes: 2 }, createAccess(SPACE, []))
  expect(narrow(STRANGER.author, { ...record, value: Buffer.alloc(3) })).toBe('misfit')
  expect(judge(STRANGER.author, { ...record, key: '~' })).toBe('denied')
})

test('statements that are known, or come twice, are not verified; those behind a forged one neither', async () => {
  const said = Array.from({ length: 200 }, (_, index) =>
    createStatement(space.id, { ...GRANT, number: index + 1 }, OWNER)
  )
  const all = said.map(({ bytes }) => bytes)
  const known = new Map(said.slice(0, 150).map((statement) => [statement.id, statement]))
  const counting = vi.fn<Verify>(verify)
  const read = (some: readonly Uint8Array[]) =>
    decodeNewStatements(space, some, { known, verify: counting })
  const fresh = await read([...all, ...all])
  expect(fresh).toEqual(said.slice(150))
  expect(counting).toHaveBeenCalledTimes(50)
  counting.mockClear()
  const strange = createStatement(space.id, { ...GRANT, number: 999 }, STRANGER).bytes
  await expect(read([strange, ...all.slice(150)])).rejects.toMatchObject({ code: 'SPACE_INVALID' })
  expect(counting.mock.calls.length).toBeLessThan(50)
})
