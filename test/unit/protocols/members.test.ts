/** Which members list a node takes from a peer while itself has none, and how much a peer may say about it. */
import { afterEach, expect, test, vi } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { LIMITS } from '../../../core/limits.ts'
import { toLumosError } from '../../../core/errors.ts'
import { encode } from '../../../protocols/membership/codec.ts'
import { MEMBER_METHODS } from '../../../protocols/membership/constants.ts'
import { createMembersExchange } from '../../../protocols/membership/exchange.ts'
import { createSessions } from '../../../protocols/session/sessions.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemoryStreams } from '../../support/memory-streams.ts'
import { PATIENCE } from '../../support/patience.ts'
import { seededRandom } from '../../support/random.ts'
import { testIdentity } from '../../support/identity.ts'
import { KEY, person, rollOf, SWARM } from '../../support/swarm-people.ts'
import type { Person } from '../../support/swarm-people.ts'

const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

const codeOf = (error: unknown): string => toLumosError(error).code

type Ours = Parameters<typeof createMembersExchange>[0]['swarm']

async function setup(ours: Ours) {
  const clock = new ManualClock()
  const network = new MemoryStreams(clock)
  const [one, other] = [await person(1), await person(2)]
  const home = { swarm: SWARM, name: 'home' }
  const [asker, asked] = [await start(one, home, 1), await start(other, ours, 2)]
  await one.book.found({ swarm: SWARM, key: KEY, members: [{ peer: other.peer, name: '' }] })
  return { clock, one, other, asker, asked, listen }

  async function listen({ peer }: Person['identity'], random = seededRandom(3)) {
    const sessions = createSessions({
      clock,
      logger: silentLogger,
      random,
      host: network.host(peer),
      permit: () => undefined,
      hello: () => ({ swarm: 'test', name: 'n', version: '0.0.0', fields: {} })
    })
    stops.push(async () => {
      const stopping = sessions.stop()
      await clock.advance(60_000)
      await stopping
    })
    return sessions
  }

  async function start({ identity, peer, book }: Person, swarm: Ours, seed: number) {
    const heard: string[] = []
    const logger = { ...silentLogger, warn: (text: string) => void heard.push(text) }
    const random = seededRandom(seed)
    const sessions = await listen(identity, random)
    const blamed: string[] = []
    const blame = { add: (who: string) => void blamed.push(who) }
    const parts = { clock, random, logger, sessions, book, blame, swarm, self: peer }
    const exchange = createMembersExchange(parts)
    await exchange.start()
    await sessions.start()
    stops.push(async () => {
      const stopping = exchange.stop()
      await clock.advance(60_000)
      await stopping
    })
    return { sessions, heard, blamed }
  }
}

test('a list begins at a node that hears of it and is on it', async () => {
  const { one, other, asker } = await setup({ swarm: SWARM, name: 'home' })
  await asker.sessions.connect(other.peer)
  await vi.waitFor(() => expect(other.book.roll?.digest).toBe(one.book.roll?.digest), PATIENCE)
})

test.each<[string, Ours]>([
  ['in an open swarm', undefined],
  ['of another swarm', { swarm: 'ffffffffffffffff', name: 'home' }],
  ['of another name', { swarm: SWARM, name: 'work' }]
])('nobody takes a list %s', async (_, ours) => {
  const { other, asker, asked } = await setup(ours)
  await asker.sessions.connect(other.peer)
  await vi.waitFor(
    () => expect(asked.heard).toContain('what a peer said about members was not taken'),
    PATIENCE
  )
  expect(other.book.roll).toBeUndefined()
})

/** Both have the list; what one then tells the other by hand. */
async function telling() {
  const parts = await setup({ swarm: SWARM, name: 'home' })
  const { one, other, asker } = parts
  const session = await asker.sessions.connect(other.peer)
  await vi.waitFor(() => expect(other.book.roll?.digest).toBe(one.book.roll?.digest), PATIENCE)
  const { charter } = rollOf(one)
  const tell = (statements: readonly object[]): Promise<Uint8Array> =>
    session.request(
      MEMBER_METHODS.tell,
      encode({ charter: { ...charter }, statements: statements.map((each) => ({ ...each })) })
    )
  return { ...parts, session, tell }
}

test('who brings a forged statement is blamed; one of another shape may be of a newer version', async () => {
  const { one, asked, tell } = await telling()
  const [statement] = rollOf(one).statements()
  await tell([{ ...statement, kind: 'vote', sig: 'x' }])
  expect(asked.blamed).toEqual([])
  await tell([
    { ...statement, at: 7, sig: statement?.sig.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')) }
  ])
  expect(asked.blamed).toEqual([one.peer])
})

test('what one peer says about members is read no faster than it may say it', async () => {
  const { clock, one, session } = await telling()
  const { charter } = rollOf(one)
  const many = Array.from({ length: LIMITS.membersBatch.value }, () => ({
    ...rollOf(one).statements()[0]
  }))
  const body = encode({ charter: { ...charter }, statements: many })
  const said = async (): Promise<string> =>
    session.request(MEMBER_METHODS.tell, body).then(() => 'heard', codeOf)
  const answers: string[] = []
  while (answers.at(-1) !== 'OVERLOADED') answers.push(await said())
  expect(answers.length).toBeLessThanOrEqual(1 + LIMITS.membersHeardBurst.value / body.length)
  await clock.advance((1000 * body.length) / LIMITS.membersHeardRate.value)
  expect(await said()).toBe('heard')
})

test('nor are more ids compared', async () => {
  const { session } = await telling()
  const known = Buffer.alloc(8 * 17 * LIMITS.swarmMembers.value).toString('base64')
  const sync = encode({ digest: '0'.repeat(16), known })
  const compared = () => session.request(MEMBER_METHODS.sync, sync).then(() => 'compared', codeOf)
  expect([await compared(), await compared(), await compared()]).toEqual([
    'compared',
    'compared',
    'OVERLOADED'
  ])
})

test('nor is more of the list told', async () => {
  const { one, session } = await telling()
  // As many as one answer holds, each of 400 bytes.
  for (let made = 0; made < 40; made++) {
    await one.book.admit({ peer: (await testIdentity(100 + made)).peer, name: '' }, 'member')
  }
  const sync = encode({ digest: '0'.repeat(16), known: '' })
  let told = 0
  const asked = async (): Promise<string> =>
    session.request(MEMBER_METHODS.sync, sync).then((answer) => {
      told += answer.length
      return 'told'
    }, codeOf)
  const answers = [await asked()]
  while (answers.at(-1) === 'told') answers.push(await asked())
  expect(answers.at(-1)).toBe('OVERLOADED')
  expect(told).toBeLessThan(LIMITS.membersHeardBurst.value + 40_000)
})

/** A member whose answers about members are none, connected to a node that has the list of neither and no key. */
async function withLiar() {
  const parts = await setup({ swarm: SWARM, name: 'home' })
  const { other, asked, listen } = parts
  const liar = await person(3)
  const sessions = await listen(liar.identity)
  const questions: string[] = []
  for (const method of [MEMBER_METHODS.sync, MEMBER_METHODS.key]) {
    sessions.methods.request(method, () => {
      questions.push(method)
      return new TextEncoder().encode('{"charter": 1, "key": 2}')
    })
  }
  await sessions.start()
  await asked.sessions.connect(liar.peer)
  return { ...parts, other, questions }
}

/** In steps in which answers come. */
async function advanceGently(clock: ManualClock, ms: number): Promise<void> {
  for (let past = 0; past < ms; past += 200) await clock.advance(200)
}

test('who answers nonsense about members is asked again: others are, too', async () => {
  const { clock, questions } = await withLiar()
  await advanceGently(clock, 5 * LIMITS.membersSync.value)
  expect(questions.length).toBeGreaterThanOrEqual(5)
})

test('who answers nonsense when asked for the key keeps nobody from getting it of others', async () => {
  const { clock, one, other, asker, questions } = await withLiar()
  await asker.sessions.connect(other.peer)
  await vi.waitFor(() => expect(other.book.roll?.digest).toBe(one.book.roll?.digest), PATIENCE)
  await vi.waitFor(() => expect(questions).toContain(MEMBER_METHODS.key), PATIENCE)
  await advanceGently(clock, 3 * LIMITS.membersSync.value)
  expect(other.book.hasKey).toBe(true)
})
