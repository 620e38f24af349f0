import { EventEmitter } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import {
  ANNOUNCE_INTERVAL_MS,
  createCapabilityDht,
  KEEPERS,
  skillCid
} from '../../../../discovery/dht/capability-dht.ts'
import type { ProviderRecords } from '../../../../discovery/dht/capability-dht.ts'
import type { CardBookEvents } from '../../../../discovery/cards/card-book.ts'
import type { VerifiedCard } from '../../../../trust/card-signature.ts'
import { testCard, testIdentity, testSkill, verifiedCard } from '../../../support/identity.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { seededRandom } from '../../../support/random.ts'
import { PATIENCE } from '../../../support/patience.ts'

async function setup(...skills: string[]) {
  const clock = new ManualClock()
  const identity = await testIdentity(1)
  const events = new EventEmitter<CardBookEvents>()
  const state: {
    cards: VerifiedCard[]
    providers: string[]
    hang: boolean
    holders: ReadonlyMap<string, number>
    nodes: number
    metAt: number | undefined
  } = {
    cards: [],
    holders: new Map(),
    nodes: 1,
    metAt: -Infinity,
    providers: [],
    hang: false
  }
  const records = {
    provide: vi.fn<ProviderRecords['provide']>(async () => KEEPERS),
    cancelReprovide: vi.fn<ProviderRecords['cancelReprovide']>(async () => undefined),
    async *findProviders() {
      for (const id of state.providers) yield { id }
      if (state.hang) await new Promise(() => undefined)
    }
  }
  async function sign(...ids: string[]): Promise<void> {
    const extra = { skills: ids.map((id) => testSkill(id)) }
    state.cards =
      ids.length === 0 ? [] : [await verifiedCard(identity, testCard(identity.peer, 'a', extra))]
    events.emit('signed', state.cards)
  }
  const dht = createCapabilityDht({
    records,
    book: { cards: () => state.cards, events },
    holders: (skill) => state.holders.get(skill) ?? 0,
    nodes: () => state.nodes,
    sessions: {
      all: () => (state.metAt === undefined ? [] : [{ openedAt: state.metAt }])
    },
    clock,
    random: seededRandom(1),
    logger: silentLogger
  })
  await sign(...skills)
  onTestFinished(async () => dht.stop())
  const announced = () => records.provide.mock.calls.map(([cid]) => cid.toString())
  return { clock, dht, records, sign, state, announced }
}

async function cids(...skills: string[]): Promise<string[]> {
  return Promise.all(skills.map(async (skill) => (await skillCid(skill)).toString()))
}

/** Hashing takes real time, which the clock does not wait for. */
async function settle(check: () => void): Promise<void> {
  await vi.waitFor(check, PATIENCE)
}

async function collect(found: AsyncIterable<string>): Promise<string[]> {
  const peers: string[] = []
  for await (const peer of found) peers.push(peer)
  return peers
}

test('the key of a skill never changes', async () => {
  expect((await skillCid('vision.caption')).toString()).toBe(
    'bafkreifdxyqpgbb3bii3hnxt3exjkmaitktgxnek6gryntasgu5bj2wjr4'
  )
  expect(await cids('ECHO')).toEqual(await cids('echo'))
})

test('skills and their branches are announced at the start and before records expire', async () => {
  const { clock, dht, announced } = await setup('vision.caption', 'echo')
  await dht.start()
  const expected = await cids('vision.caption', 'echo', 'vision')
  await settle(() => expect(announced()).toEqual(expect.arrayContaining(expected)))
  expect(announced()).toHaveLength(3)
  await clock.advance(ANNOUNCE_INTERVAL_MS)
  await settle(() => expect(announced()).toHaveLength(6))
})

test('a failed announcement is repeated soon', async () => {
  const { clock, dht, records, announced } = await setup('echo')
  records.provide.mockRejectedValueOnce(new Error('no peers'))
  await dht.start()
  await settle(() => expect(announced()).toHaveLength(1))
  await clock.advance(15_000)
  await settle(() => expect(announced()).toHaveLength(2))
})

test('what few nodes keep is announced again, ever less often', async () => {
  const { clock, dht, records, state, announced } = await setup('echo')
  state.nodes = 9
  records.provide.mockResolvedValueOnce(3).mockResolvedValueOnce(3).mockResolvedValueOnce(4)
  await dht.start()
  await settle(() => expect(announced()).toHaveLength(1))
  await clock.advance(15_000)
  await settle(() => expect(announced()).toHaveLength(2))
  await clock.advance(15_000)
  expect(announced()).toHaveLength(2)
  await clock.advance(15_000)
  await settle(() => expect(announced()).toHaveLength(3))
  await clock.advance(ANNOUNCE_INTERVAL_MS / 2)
  expect(announced()).toHaveLength(3)
})

test('in a swarm that has doubled, skills are announced again: others are closest now', async () => {
  const { clock, dht, state, announced } = await setup('echo')
  state.nodes = 4
  await dht.start()
  await settle(() => expect(announced()).toHaveLength(1))
  state.nodes = 7
  await clock.advance(60_000)
  expect(announced()).toHaveLength(1)
  state.nodes = 8
  await clock.advance(30_000)
  await settle(() => expect(announced()).toHaveLength(2))
})

test('the first peers of the routing table are told at once', async () => {
  const { clock, dht, announced } = await setup('echo')
  await dht.start()
  await settle(() => expect(announced()).toHaveLength(1))
  await clock.advance(1)
  dht.refresh()
  await settle(() => expect(announced()).toHaveLength(2))
})

test('a new skill is announced at once, and one that went is withdrawn', async () => {
  const { clock, dht, records, sign, announced } = await setup('echo')
  await dht.start()
  await settle(() => expect(announced()).toHaveLength(1))
  await clock.advance(1)
  await sign('calc')
  const [echo, calc] = await cids('echo', 'calc')
  await settle(() => expect(announced()).toContain(calc))
  await settle(() => expect(records.cancelReprovide.mock.lastCall?.[0].toString()).toBe(echo))
})

test('an announcement that outlasts its agent is withdrawn', async () => {
  const { dht, records, sign } = await setup('echo')
  const announcing = Promise.withResolvers<number>()
  records.provide.mockImplementationOnce(async () => announcing.promise)
  await dht.start()
  await settle(() => expect(records.provide).toHaveBeenCalledOnce())
  await sign()
  await settle(() => expect(records.cancelReprovide).toHaveBeenCalledOnce())
  announcing.resolve(KEEPERS)
  await settle(() => expect(records.cancelReprovide).toHaveBeenCalledTimes(2))
})

test('stop waits for nothing that hangs and leaves nothing running', async () => {
  const { clock, dht, records } = await setup('echo')
  records.provide.mockImplementation(
    async (_, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason))
      )
  )
  await dht.start()
  await settle(() => expect(records.provide).toHaveBeenCalled())
  await dht.stop()
  const calls = records.provide.mock.calls.length
  await clock.advance(2 * ANNOUNCE_INTERVAL_MS)
  expect(records.provide).toHaveBeenCalledTimes(calls)
})

test('providers come once each, and no more than asked', async () => {
  const { dht, state } = await setup()
  state.providers = ['a', 'b', 'a', ...Array.from({ length: 100 }, (_, index) => `p${index}`)]
  const found = await collect(dht.providers('echo'))
  expect(found.slice(0, 3)).toEqual(['a', 'b', 'p0'])
  expect(found).toHaveLength(LIMITS.dhtProviders.value)
})

test('a search that hangs ends with its budget and keeps what it found', async () => {
  const { clock, dht, state } = await setup()
  state.providers = ['a']
  state.hang = true
  const found = collect(dht.providers('echo'))
  await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(0), PATIENCE)
  await clock.advance(LIMITS.dhtFind.value)
  expect(await found).toEqual(['a'])
})

test('whoever has enough ends a search at once', async () => {
  const { dht, state } = await setup()
  state.hang = true
  const enough = new AbortController()
  const found = collect(dht.providers('echo', enough.signal))
  enough.abort()
  expect(await found).toEqual([])
})

test('what thousands have is announced by some of them at a time, and withdrawn by the others', async () => {
  const common = Array.from({ length: 60 }, (_, at) => `common${at}`)
  const { dht, records, state, announced } = await setup('rare', ...common)
  const enough = LIMITS.dhtProviders.value / 2
  state.holders = new Map([['rare', enough], ...common.map((id) => [id, 2 * enough] as const)])
  await dht.start()
  await settle(() => expect(dht.announcing().announcedAt).toBeDefined())
  const withdrawn = records.cancelReprovide.mock.calls.map(([cid]) => cid.toString())
  const [rare] = await cids('rare')
  expect(announced()).toContain(rare)
  // A half, by lot: five deviations about it.
  expect(withdrawn.length).toBeGreaterThan(10)
  expect(withdrawn.length).toBeLessThan(50)
  expect(new Set([...announced(), ...withdrawn])).toEqual(new Set(await cids('rare', ...common)))
  expect(dht.announcing()).toMatchObject({ keys: 61, failed: 0 })
})

test('a crowd that starts at once announces over some time, each node at a moment of its own', async () => {
  const { clock, dht, state, announced } = await setup('vision')
  state.nodes = 110
  await dht.start()
  // Longer than the one hash that announcing needs.
  for (let round = 0; round < 5; round += 1) await cids('another')
  expect(announced()).toEqual([])
  await clock.advance(100 * 1200)
  await settle(() => expect(announced()).toHaveLength(1))
})

test('as long as sessions open, nothing is announced, for a minute at most', async () => {
  const { clock, dht, state, announced } = await setup('vision')
  state.metAt = clock.now()
  await dht.start()
  for (let second = 0; second < 20; second += 1) {
    await clock.advance(1000)
    state.metAt = clock.now()
  }
  await cids('another')
  expect(announced()).toEqual([])
  await clock.advance(5000)
  await settle(() => expect(announced()).toHaveLength(1))

  dht.refresh()
  for (let second = 0; second < 60; second += 1) {
    await clock.advance(1000)
    state.metAt = clock.now()
  }
  await settle(() => expect(announced()).toHaveLength(2))
})

test('without peers nothing is announced, and with the first one soon', async () => {
  const { clock, dht, state, announced } = await setup('vision')
  state.metAt = undefined
  await dht.start()
  await clock.advance(60_000)
  await cids('another')
  expect(announced()).toEqual([])
  expect(dht.announcing().announcedAt).toBeUndefined()
  state.metAt = clock.now()
  dht.refresh()
  await clock.advance(6000)
  await settle(() => expect(announced()).toHaveLength(1))
})
