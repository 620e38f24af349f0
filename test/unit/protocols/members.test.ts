/** Which members list a node takes from a peer that has one while itself has none. */
import { afterEach, expect, test, vi } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { createMembersExchange } from '../../../protocols/membership/exchange.ts'
import { createSessions } from '../../../protocols/session/sessions.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemoryStreams } from '../../support/memory-streams.ts'
import { PATIENCE } from '../../support/patience.ts'
import { seededRandom } from '../../support/random.ts'
import { KEY, person, SWARM } from '../../support/swarm-people.ts'
import type { Person } from '../../support/swarm-people.ts'

const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

type Ours = Parameters<typeof createMembersExchange>[0]['swarm']

async function setup(ours: Ours) {
  const clock = new ManualClock()
  const network = new MemoryStreams(clock)
  const [one, other] = [await person(1), await person(2)]
  const home = { swarm: SWARM, name: 'home' }
  const [asker, asked] = [await start(one, home, 1), await start(other, ours, 2)]
  await one.book.found({ swarm: SWARM, key: KEY, members: [{ peer: other.peer, name: '' }] })
  return { clock, one, other, asker, asked }

  async function start({ identity, peer, book }: Person, swarm: Ours, seed: number) {
    const heard: string[] = []
    const logger = { ...silentLogger, warn: (text: string) => void heard.push(text) }
    const random = seededRandom(seed)
    const sessions = createSessions({
      clock,
      logger: silentLogger,
      random,
      host: network.host(identity.peer),
      permit: () => undefined,
      hello: () => ({ swarm: 'test', name: 'n', version: '0.0.0', fields: {} })
    })
    const parts = { clock, random, logger, sessions, book, swarm, self: peer }
    const exchange = createMembersExchange(parts)
    await exchange.start()
    await sessions.start()
    stops.push(async () => {
      const stopping = Promise.all([exchange.stop(), sessions.stop()])
      await clock.advance(60_000)
      await stopping
    })
    return { sessions, heard }
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
