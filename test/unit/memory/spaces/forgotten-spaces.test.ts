/** A space that this node does not want any more: it is gone at once and for good, until it is joined again. */
import { expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { Secret } from '../../../../core/secret.ts'
import { createForgottenSpaces } from '../../../../memory/spaces/forgotten-spaces.ts'
import { createSharedMemory } from '../../../../memory/spaces/open-spaces.ts'
import { createSigner } from '../../../../memory/replica/record-signature.ts'
import type { MemorySpace, Position } from '../../../../memory/shared-memory.ts'
import { createSpace, DEFAULT_QUOTAS } from '../../../../memory/spaces/space.ts'
import type { Space } from '../../../../memory/spaces/space.ts'
import { createMemoryStore } from '../../../../storage/memory-store.ts'
import type { Fault, MemoryStore } from '../../../../storage/memory-store.ts'
import { createBlame } from '../../../../trust/blame.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'
import { SessionNetwork } from '../../../support/session-network.ts'

const signerOf = (seed: number) => createSigner(new Secret(new Uint8Array(32).fill(seed)))
const ADA = signerOf(2)

function spaceOf(number: number, name = `team ${number}`): Space {
  const genesis = { ...DEFAULT_QUOTAS, name, mode: 'open', sealed: false } as const
  const nonce = number.toString(16).padStart(32, '0')
  return createSpace({ ...genesis, nonce, owner: ADA.author }, ADA)
}

const TEAM = spaceOf(1, 'team')

/** A node whose disk is `store`, and what its peer `ada` can call. */
async function setup(store: MemoryStore = createMemoryStore()) {
  const clock = new ManualClock()
  const sessions = new SessionNetwork(clock).add('m')
  const seed = new Secret(new Uint8Array(32).fill(1))
  const memory = createSharedMemory(
    {
      clock,
      random: seededRandom(1),
      logger: silentLogger,
      store: () => store,
      signer: createSigner(seed),
      seed,
      authorsOf: () => [ADA.author],
      listedAuthors: { all: () => new Set([ADA.author]), onChanged: () => () => undefined },
      sessions,
      pubsub: undefined,
      blame: createBlame({ clock, logger: silentLogger })
    },
    { self: 'm', swarm: 'home', isWhole: () => true }
  )
  await memory.start()
  await memory.exchange.start()
  const stop = async (): Promise<void> => {
    await memory.exchange.stop()
    await memory.stop()
  }
  onTestFinished(stop)
  const context = { headers: {}, signal: new AbortController().signal, remainingMs: () => 1000 }
  const call = async (method: string, body: Uint8Array) =>
    sessions.handlers.get(method)?.(body, { ...context, peer: 'ada' })
  const offer = async (...spaces: readonly Space[]): Promise<void> => {
    const parts = spaces.flatMap(({ bytes }) => [Uint8Array.of(0, bytes.length), bytes])
    await call('memory.offer', Buffer.concat([Uint8Array.of(0, spaces.length), ...parts]))
  }
  const names = () => memory.spaces().map(({ space }) => space.name)
  return { memory, store, call, offer, names, stop }
}

type Node = Awaited<ReturnType<typeof setup>>

async function filled(node: Node, records: number): Promise<void> {
  const space = node.memory.space('team')
  const puts = Array.from({ length: records }, (_, at) => space.put(`k/${at}`, Buffer.from('1')))
  await Promise.all(puts)
}

async function positionOf(space: MemorySpace): Promise<Position> {
  for await (const { type, position } of space.watch()) if (type === 'ready') return position
  throw new Error('it was not ready')
}

function numbersOf({ statements }: MemorySpace): readonly number[] {
  return statements.map(({ number }) => number).toSorted((a, b) => a - b)
}

async function rowsOf(store: MemoryStore, { id }: Space): Promise<number> {
  let rows = 0
  for await (const [key] of store.iterate({})) if (key.startsWith(`mem/${id}/`)) rows += 1
  return rows
}

const unknown = expect.objectContaining({ code: 'SPACE_UNKNOWN' })

test('a forgotten space is gone for its user and for peers, and no row of it stays', async () => {
  const node = await setup()
  const { memory, store, call, offer, names, stop } = node
  await offer(TEAM)
  await filled(node, 400)
  const held = memory.space('team')
  const derived = memory.storeOf(TEAM.id)
  const summary = () => call('memory.summary', Buffer.from(TEAM.id, 'hex'))
  expect(await summary()).toBeDefined()

  expect(await memory.forget('team')).toMatchObject({ id: TEAM.id })
  expect(names()).toEqual(['shared'])
  expect(memory.forgotten()).toMatchObject([{ id: TEAM.id }])
  await expect(summary()).rejects.toEqual(unknown)
  // Neither does anybody bring a row back who still has it in hand.
  await expect(held.put('late', Buffer.from('1'))).rejects.toEqual(unknown)
  const late = [{ type: 'put', key: `mem/${TEAM.id}/late`, value: new Uint8Array() }] as const
  await expect(derived.commit(late, { sync: false })).rejects.toEqual(unknown)
  expect(() => memory.storeOf(TEAM.id)).toThrow(unknown)
  await stop()
  // What the stop cut off is deleted by the next start.
  const again = await setup(store)
  await expect.poll(() => rowsOf(store, TEAM)).toBe(0)
  expect(again.names()).toEqual(['shared'])
})

test('no offer brings it back, before a restart or after', async () => {
  const { memory, store, offer, names, stop } = await setup()
  await offer(TEAM)
  await memory.forget(TEAM.id)
  await offer(TEAM, spaceOf(2))
  expect(names()).toEqual(['shared', 'team 2'])
  await stop()
  const again = await setup(store)
  await again.offer(TEAM)
  expect(again.names()).toEqual(['shared', 'team 2'])
})

test('a process killed in the middle of it has forgotten the space, and the next one deletes the rest', async () => {
  let commits = Infinity
  const store = createMemoryStore({
    commit: () => {
      commits -= 1
      return commits < 0 ? 'failed' : undefined
    }
  })
  const node = await setup(store)
  await node.offer(TEAM)
  await filled(node, 400)
  await node.memory.exchange.stop()
  const all = await rowsOf(store, TEAM)
  // That it is forgotten, one page of rows, and no more.
  commits = 2
  await node.memory.forget('team')
  await expect.poll(() => commits).toBeLessThan(0)
  const disk = store.crash(seededRandom(1))
  const left = await rowsOf(disk, TEAM)
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThanOrEqual(all)

  const again = await setup(disk)
  expect(again.names()).toEqual(['shared'])
  await expect.poll(() => rowsOf(disk, TEAM)).toBe(0)
})

test('a disk on which it lies beside the word that it is forgotten has forgotten it', async () => {
  const { memory, store, offer, stop } = await setup()
  await offer(TEAM)
  const row = `mem/spaces/${TEAM.id}`
  const genesis = (await store.get(row)) ?? new Uint8Array()
  await memory.forget('team')
  expect(await store.get(row)).toBeUndefined()
  await stop()
  await store.commit([{ type: 'put', key: row, value: genesis }], { sync: true })
  expect((await setup(store)).names()).toEqual(['shared'])
})

test('what is joined again begins empty, whatever was left of it, and is there after a restart', async () => {
  const node = await setup()
  const { memory, store, offer, names, stop } = node
  await offer(TEAM)
  await filled(node, 400)
  const before = await positionOf(memory.space('team'))
  await memory.forget('team')
  await expect(memory.join('nobody')).rejects.toEqual(unknown)
  const [joined, twice] = await Promise.all([memory.join('team'), memory.join(TEAM.id)])
  expect(twice).toBe(joined)
  expect({ names: names(), forgotten: memory.forgotten() }).toEqual({
    names: ['shared', 'team'],
    forgotten: []
  })
  expect(await Array.fromAsync(joined.list())).toEqual([])
  // A position of before must not hide what comes now.
  expect((await positionOf(joined)).epoch).toBeGreaterThan(before.epoch)
  await joined.put('new', Buffer.from('2'))
  await stop()
  const again = await setup(store)
  const keys = await Array.fromAsync(again.memory.space('team').list())
  expect(keys.map(({ key }) => key)).toEqual(['new'])
})

test('the room that it took is for others', async () => {
  const { memory, offer, names } = await setup()
  const most = LIMITS.memorySpacesPerOwner.value
  for (let number = 1; number <= most; number += 1) await offer(spaceOf(number))
  await offer(spaceOf(most + 1))
  expect(names()).not.toContain(`team ${most + 1}`)
  await memory.forget('team 1')
  await offer(spaceOf(1), spaceOf(most + 1))
  expect(names()).toContain(`team ${most + 1}`)
  expect(names()).toHaveLength(1 + most)
})

test('the space of everybody stays, and one of this node’s own unless that is meant', async () => {
  const { memory, names } = await setup()
  const { space } = await memory.create({ name: 'mine', mode: 'members', sealed: true })
  await expect(memory.forget('shared', { force: true })).rejects.toMatchObject({
    code: 'SPACE_OF_EVERYBODY'
  })
  await expect(memory.forget('mine')).rejects.toMatchObject({ code: 'SPACE_OWNED' })
  expect(names()).toEqual(['shared', 'mine'])
  await memory.forget('mine', { force: true })
  expect(names()).toEqual(['shared'])
  expect((await memory.join(space.id)).space.name).toBe('mine')
})

test('of its own space a node keeps what it has said: a number or a secret is never given out twice', async () => {
  const { memory, store, stop } = await setup()
  const mine = await memory.create({ name: 'mine', mode: 'members', sealed: true })
  await mine.put('plan', Buffer.from('1'))
  await mine.grant(ADA.author, { role: 'write', prefix: '' })
  const said = numbersOf(mine)
  expect(said.length).toBeGreaterThan(2)
  await memory.forget('mine', { force: true })
  await stop()
  const again = await setup(store)
  const joined = await again.memory.join('mine')
  expect(numbersOf(joined)).toEqual(said)
  expect(await Array.fromAsync(joined.list())).toEqual([])
  await joined.put('plan', Buffer.from('2'))
  expect(numbersOf(joined)).toEqual(said)
  await joined.revoke(ADA.author)
  const fresh = numbersOf(joined).slice(said.length)
  expect(Math.min(...fresh)).toBeGreaterThan(Math.max(...said))
})

test('what is being read of it fails: rows that are deleted must not be taken for there being none', async () => {
  const node = await setup()
  await node.offer(TEAM)
  await filled(node, 400)
  const reading = node.memory.space('team').list()[Symbol.asyncIterator]()
  await reading.next()
  const rest = (async () => {
    for (;;) if ((await reading.next()).done === true) return 'whole'
  })()
  await node.memory.forget('team')
  await expect(rest).rejects.toEqual(unknown)
})

/** A list of so many, of which it knows that rows of them may be left in `store`. */
async function forgetting(store: MemoryStore, count: number) {
  const dropped: string[] = []
  const forgotten = createForgottenSpaces({
    clock: new ManualClock(),
    logger: silentLogger,
    self: '',
    store: () => store,
    shelf: () => ({
      forgotten: async () => [],
      add: async () => undefined,
      forget: async (_, init) => void dropped.push(...init.dropped),
      rowsOf: () => []
    })
  })
  await forgotten.start()
  onTestFinished(() => forgotten.stop())
  const rows = { sendAlong: () => undefined }
  for (let id = 0; id < count; id += 1) {
    await forgotten.add({ space: { ...TEAM, id: String(id) }, epoch: 0 }, rows)
  }
  return { forgotten, dropped }
}

test('so many are known to be forgotten: then the first of them is no more', async () => {
  const most = LIMITS.memorySpacesForgotten.value
  const { forgotten, dropped } = await forgetting(createMemoryStore(), most + 1)
  expect(dropped).toEqual(['0'])
  expect([forgotten.has('0'), forgotten.has('1'), forgotten.all.length]).toEqual([
    false,
    true,
    most
  ])
})

test('the one that is known no more leaves no row behind', async () => {
  const most = LIMITS.memorySpacesForgotten.value
  const store = createMemoryStore()
  const row = { type: 'put', key: 'mem/0/d/left', value: new Uint8Array() } as const
  await store.commit([row], { sync: true })
  await forgetting(store, most)
  expect(await rowsOf(store, { ...TEAM, id: '0' })).toBe(1)
  await forgetting(store, most + 1)
  expect(await rowsOf(store, { ...TEAM, id: '0' })).toBe(0)
})

test('what is written after it could not be forgotten is there, whatever comes to light of that', async () => {
  const faults: Fault[] = []
  const store = createMemoryStore({ commit: () => faults.shift() })
  const { memory, offer, names, stop } = await setup(store)
  await offer(TEAM)
  faults.push('unknown')
  await expect(memory.forget('team')).rejects.toMatchObject({ code: 'STORE_FAILED' })
  await store.recover()
  await memory.space('team').put('new', Buffer.from('1'))
  expect(names()).toEqual(['shared', 'team'])
  await stop()
  const again = await setup(store)
  expect(again.names()).toEqual(['shared', 'team'])
  expect(await again.memory.space('team').get('new')).toBeDefined()
})
