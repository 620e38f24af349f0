/** Sealed spaces between an owner, a member and somebody who only relays: who reads what. */
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { Secret } from '../../../../core/secret.ts'
import { createSigner, createVerifier } from '../../../../memory/replica/record-signature.ts'
import { openReplica } from '../../../../memory/replica/replica.ts'
import type { Replica } from '../../../../memory/replica/replica.ts'
import { createCurrentSeal, createSealedSpace } from '../../../../memory/spaces/sealed-space.ts'
import { createSecretKeeper } from '../../../../memory/spaces/secret-keeper.ts'
import type { MemoryRecord } from '../../../../memory/replica/record.ts'
import type { MemoryEntry, MemorySpace, WatchQuery } from '../../../../memory/shared-memory.ts'
import { createSpaceOwner, currentGrants } from '../../../../memory/spaces/space-owner.ts'
import { sealSecret } from '../../../../memory/spaces/space-secrets.ts'
import { createSpace, DEFAULT_QUOTAS, sharedSpace } from '../../../../memory/spaces/space.ts'
import type { Space } from '../../../../memory/spaces/space.ts'
import type { Statement } from '../../../../memory/spaces/statement.ts'
import { watchSpace } from '../../../../memory/watch.ts'
import { createMemoryStore } from '../../../../storage/memory-store.ts'
import { NOON } from '../../../support/memory-arbitraries.ts'
import { seededRandom } from '../../../support/random.ts'
import { copy, replicaSpace } from '../../../support/replica-space.ts'

interface Key {
  readonly seed: Secret<Uint8Array>
  readonly author: string
}

function newKey(): Key {
  const { privateKey } = generateKeyPairSync('ed25519')
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  const seed = new Secret(new Uint8Array(der.subarray(-32)))
  return { seed, author: createSigner(seed).author }
}

const [OWNER, BOB, EVE] = [newKey(), newKey(), newKey()]

interface Member {
  readonly replica: Replica
  readonly memory: MemorySpace
}

const entryOf = (record: MemoryRecord): MemoryEntry => ({ ...record, author: '' })

async function member(space: Space, { seed, author }: Key, clock: { at: number }): Promise<Member> {
  const random = seededRandom(Number.parseInt(author.slice(0, 6), 16))
  const signer = createSigner(seed)
  const replica = await openReplica(
    {
      clock: { now: () => clock.at },
      random,
      store: createMemoryStore(),
      signer,
      verify: createVerifier()
    },
    { space, continueWriter: true }
  )
  const sealing = { random, replica, author, seed }
  const owner = createSpaceOwner({ replica, signer, secrets: createSecretKeeper(sealing) })
  const memory = createSealedSpace(
    { replica, author, seal: createCurrentSeal(sealing), begin: () => owner.begin() },
    Object.assign(replicaSpace(replica), owner, {
      watch: (query: WatchQuery = {}, signal = new AbortController().signal) =>
        watchSpace({ clock: { now: () => clock.at }, replica, entryOf }, query, signal)
    })
  )
  return { replica, memory }
}

/** Statements first, as in a repair. */
async function tell(from: Member, to: Member): Promise<void> {
  await to.replica.admit(from.replica.statements.map(({ bytes }) => bytes))
  await copy(from.replica, to.replica)
}

async function setup() {
  /** Moves with the hand. */
  const clock = { at: NOON }
  const genesis = { ...DEFAULT_QUOTAS, name: 'team', mode: 'members', sealed: true } as const
  const space = createSpace(
    { ...genesis, owner: OWNER.author, nonce: '01'.repeat(16) },
    createSigner(OWNER.seed)
  )
  const [owner, bob, eve] = [
    await member(space, OWNER, clock),
    await member(space, BOB, clock),
    await member(space, EVE, clock)
  ]
  return { owner, bob, eve, clock }
}

const text = (value: Uint8Array | undefined): string | undefined =>
  value && Buffer.from(value).toString()

const write = (to: Member, key: string, value: string) => to.memory.put(key, Buffer.from(value))

const keysOf = async (of: Member, query = {}): Promise<string[]> =>
  (await Array.fromAsync(of.memory.list(query))).map(({ key }) => key)

test('what is written is nowhere in the replica, and reads as it was written', async () => {
  const { owner } = await setup()
  const entry = await write(owner, 'plans/secret', 'buy the moon')
  expect([entry.key, text(entry.value)]).toEqual(['plans/secret', 'buy the moon'])
  for await (const { bytes } of owner.replica.entries({})) {
    expect(Buffer.from(bytes).toString('latin1')).not.toMatch(/plans|secret|moon/)
  }
  expect(text((await owner.memory.get('plans/secret'))?.value)).toBe('buy the moon')
  await owner.memory.delete('plans/secret')
  expect(await owner.memory.get('plans/secret')).toBeUndefined()
})

test('who is let in reads what was written before, and writes for others', async () => {
  const { owner, bob } = await setup()
  await write(owner, 'a/x', 'old')
  await owner.memory.grant(BOB.author, { role: 'write', prefix: 'a/' })
  await tell(owner, bob)
  expect(text((await bob.memory.get('a/x'))?.value)).toBe('old')
  await write(bob, 'a/y', 'of bob')
  await tell(bob, owner)
  expect(text((await owner.memory.get('a/y'))?.value)).toBe('of bob')
  await expect(write(bob, 'b/y', 'x')).rejects.toMatchObject({ code: 'WRITE_DENIED' })
  expect(currentGrants(bob.memory.statements).grants).toMatchObject([{ prefix: 'a/' }])
})

test('who is not let in holds records and reads nothing', async () => {
  const { owner, eve } = await setup()
  await write(owner, 'a/x', 'v')
  await tell(owner, eve)
  expect(await Array.fromAsync(eve.replica.entries({}))).toHaveLength(1)
  const broken = expect.objectContaining({ code: 'SEAL_BROKEN' })
  await expect(eve.memory.get('a/x')).rejects.toEqual(broken)
  await expect(write(eve, 'a/x', 'w')).rejects.toEqual(broken)
  await expect(eve.memory.grant(EVE.author, { role: 'read', prefix: '' })).rejects.toEqual(broken)
})

test('keys are listed in their own order, whatever that of the sealed ones is', async () => {
  const { owner } = await setup()
  const keys = ['a/1', 'a/10', 'a/2', 'a/ü', 'a/zz/1', 'ab', 'b/1']
  for (const key of keys.toReversed()) await write(owner, key, key)
  expect(await keysOf(owner)).toEqual(['a/1', 'a/10', 'a/2', 'a/zz/1', 'a/ü', 'ab', 'b/1'])
  expect(await keysOf(owner, { prefix: 'a' })).toHaveLength(6)
  expect(await keysOf(owner, { prefix: 'a/1' })).toEqual(['a/1', 'a/10'])
  expect(await keysOf(owner, { prefix: 'a/', after: 'a/10', limit: 2 })).toEqual(['a/2', 'a/zz/1'])
  const back = { prefix: 'a/', after: 'a/2', reverse: true }
  expect(await keysOf(owner, back)).toEqual(['a/10', 'a/1'])
})

test('who was put out does not read what is written afterwards', async () => {
  const { owner, bob, eve } = await setup()
  await owner.memory.grant(BOB.author, { role: 'read', prefix: '' })
  await owner.memory.grant(EVE.author, { role: 'read', prefix: '' })
  await write(owner, 'before', '1')
  await owner.memory.revoke(EVE.author)
  await write(owner, 'after', '2')
  // However it gets hold of it.
  await tell(owner, eve)
  await tell(owner, bob)
  expect(text((await bob.memory.get('after'))?.value)).toBe('2')
  expect(await keysOf(eve)).toEqual(['before'])
  await expect(eve.memory.get('after')).rejects.toMatchObject({ code: 'SEAL_BROKEN' })
})

test('nonsense among the records does not keep anybody from the rest', async () => {
  const { owner } = await setup()
  await write(owner, 'a', '1')
  await owner.replica.write({ key: 'no seal at all', value: Buffer.from('x') })
  expect(await keysOf(owner)).toEqual(['a'])
})

test('an owner reads that nothing is there before it has written anything', async () => {
  const { owner } = await setup()
  expect(await keysOf(owner)).toEqual([])
  expect(await owner.memory.get('a')).toBeUndefined()
})

/** What a watch tells until `until` says that it is enough. */
async function told(of: Member, until: (all: readonly string[]) => boolean): Promise<string[]> {
  const all: string[] = []
  for await (const event of of.memory.watch({ prefix: 'a/' })) {
    all.push(event.type === 'put' ? `put ${event.entry.key}` : event.type)
    if (until(all)) break
  }
  return all
}

test('a watch that began before a secret came tells all again when it comes', async () => {
  const { owner, bob } = await setup()
  await owner.memory.grant(BOB.author, { role: 'read', prefix: '' })
  await owner.memory.put('a/1', Buffer.from('1'))
  await copy(owner.replica, bob.replica)
  const first = Promise.withResolvers<void>()
  const watched = told(bob, (all) => {
    if (all.length === 1) first.resolve()
    return all.includes('put a/1')
  })
  await first.promise
  await tell(owner, bob)
  expect(await watched).toEqual(['ready', 'reset', 'put a/1'])
})

test('what came before the secret it is sealed with is told when that comes', async () => {
  const { owner, bob } = await setup()
  await owner.memory.grant(BOB.author, { role: 'read', prefix: '' })
  await owner.memory.put('a/1', Buffer.from('1'))
  await tell(owner, bob)
  const first = Promise.withResolvers<void>()
  const watched = told(bob, (all) => {
    if (all.includes('ready')) first.resolve()
    return all.includes('put a/2')
  })
  await first.promise
  await owner.memory.revoke(EVE.author)
  await owner.memory.put('a/2', Buffer.from('2'))
  // Gossip is faster than the owner's word.
  await copy(owner.replica, bob.replica)
  await tell(owner, bob)
  const all = await watched
  expect(all.slice(0, 3)).toEqual(['put a/1', 'ready', 'reset'])
  expect(all).toContain('put a/2')
})

test('whose grant has run out is given no new secret', async () => {
  const { owner, bob, clock } = await setup()
  await owner.memory.grant(BOB.author, { role: 'read', prefix: '', notAfter: NOON + 1000 })
  await write(owner, 'before', '1')
  clock.at += 2000
  await owner.memory.revoke(EVE.author)
  await write(owner, 'after', '2')
  await tell(owner, bob)
  expect(await keysOf(bob)).toEqual(['before'])
})

test('a secret that takes the place of another statement is noticed', () => {
  const random = seededRandom(1)
  const space = sharedSpace('home')
  const given = { space: space.id, author: BOB.author, secret: 1 }
  const stated = { author: BOB.author, number: 1, id: '01', bytes: new Uint8Array() }
  const secret = { ...stated, ...sealSecret({ random }, given, new Secret(new Uint8Array(32))) }
  const revocation = { ...stated, kind: 'revocation', endsGrants: true, cuts: [] } as const
  const replica: { space: Space; statements: readonly Statement[] } = {
    space,
    statements: [revocation]
  }
  const seal = createCurrentSeal({ ...BOB, random, replica })
  expect(seal()).toBeUndefined()
  replica.statements = [secret]
  expect(seal()).toBeDefined()
})

test('what the owner has said is the same list until there is more', async () => {
  const { owner } = await setup()
  const { statements } = owner.replica
  expect(owner.replica.statements).toBe(statements)
  await owner.memory.grant(BOB.author, { role: 'read', prefix: '' })
  expect(owner.replica.statements).not.toBe(statements)
  expect(owner.replica.statements).toBe(owner.replica.statements)
})
