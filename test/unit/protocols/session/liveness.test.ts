import { expect, onTestFinished, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import { createSessions } from '../../../../protocols/session/sessions.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { MemoryStreams } from '../../../support/memory-streams.ts'
import { seededRandom } from '../../../support/random.ts'

const BEAT = LIMITS.heartbeatInterval.value
const DEAD = LIMITS.heartbeatDead.value

function setup() {
  const clock = new ManualClock()
  const network = new MemoryStreams(clock)
  const seen: string[] = []
  const create = async (peer: string, instance: string) => {
    const sessions = createSessions(
      {
        clock,
        logger: silentLogger,
        random: seededRandom(1),
        host: network.host(peer),
        permit: () => undefined,
        hello: () => ({ swarm: 'test', name: instance, version: '0.0.0', fields: {} })
      },
      { instance }
    )
    sessions.events.on('opened', ({ hello }) => seen.push(`${instance} opened ${hello.instance}`))
    sessions.events.on('closed', ({ hello }, { code }) =>
      seen.push(`${instance} closed ${hello.instance} ${code}`)
    )
    sessions.events.on('refused', (by, { code }) => seen.push(`${instance} refused ${by} ${code}`))
    sessions.methods.request('echo', (body) => body)
    await sessions.start()
    onTestFinished(async () => {
      const stopped = sessions.stop()
      await clock.advance(2 * (LIMITS.sessionDrain.value + LIMITS.streamClose.value))
      await stopped
    })
    return sessions
  }
  const settle = async () => {
    for (let turns = 0; turns < 8; turns++) await clock.advance(0)
  }
  return { clock, network, seen, create, settle }
}

const echo = new Uint8Array([1, 2, 3])

test('a pulled cable is noticed by silence', async () => {
  const { clock, network, seen, create } = setup()
  const a = await create('a', 'instance-a')
  await create('b', 'instance-b')
  const session = await a.connect('b')
  await clock.advance(10 * DEAD)
  expect(seen.toSorted()).toEqual(['instance-a opened instance-b', 'instance-b opened instance-a'])
  const call = session.request('echo', echo, { timeoutMs: Infinity }).catch((error) => error)
  network.opened[0]?.raw.freeze()
  await clock.advance(DEAD - BEAT)
  expect(a.all()).toHaveLength(1)
  await clock.advance(2 * BEAT)
  expect(await call).toMatchObject({ code: 'SESSION_CLOSED', cause: { code: 'STREAM_IDLE' } })
  expect(seen).toContain('instance-a closed instance-b STREAM_IDLE')
})

test('a stall of our own event loop is not taken for a dead peer', async () => {
  const { clock, seen, create } = setup()
  const a = await create('a', 'instance-a')
  await create('b', 'instance-b')
  await a.connect('b')
  await clock.advance(BEAT)
  // As after a stall: timers are late, and what the peer sent has not been read yet.
  clock.jump(DEAD + BEAT)
  await clock.advance(BEAT)
  await clock.advance(BEAT)
  expect(a.all()).toHaveLength(1)
  expect(seen).toHaveLength(2)
})

test('a restarted peer replaces its old session at once', async () => {
  const { network, seen, create, settle } = setup()
  const a = await create('a', 'instance-a')
  const old = await create('b', 'instance-b1')
  await old.connect('a')
  await settle()
  network.opened[0]?.raw.freeze()
  const call = a
    .get('b')
    ?.request('echo', echo)
    .catch((error: unknown) => error)
  const restarted = await create('b', 'instance-b2')
  await restarted.connect('a')
  await settle()
  expect(await call).toMatchObject({ code: 'SESSION_CLOSED', retry: true })
  expect(seen.filter((event) => event.startsWith('instance-a'))).toEqual([
    'instance-a opened instance-b1',
    'instance-a closed instance-b1 SESSION_CLOSED',
    'instance-a opened instance-b2'
  ])
  expect(await a.get('b')?.request('echo', echo)).toEqual(echo)
})

test('a second process with the same key is told of its double', async () => {
  const { seen, create, settle } = setup()
  await create('a', 'instance-a')
  const first = await create('b', 'instance-b1')
  await first.connect('a')
  const second = await create('b', 'instance-b2')
  await second.connect('a')
  await settle()
  expect(seen).toContain('instance-b1 refused a DUPLICATE_KEY')
  expect(seen).toContain('instance-b1 closed instance-a DUPLICATE_KEY')
})

test('of a simultaneous dial, the stream of the smaller peer id survives on both sides', async () => {
  const { clock, network, create, settle } = setup()
  const [a, b] = [await create('a', 'instance-a'), await create('b', 'instance-b')]
  await Promise.all([a.connect('b'), b.connect('a')])
  await settle()
  const open = network.opened.map(({ from, raw }) => [from, raw.open])
  expect(Object.fromEntries(open)).toEqual({ a: true, b: false })
  await clock.advance(2 * DEAD)
  expect([a.all().length, b.all().length]).toEqual([1, 1])
})

test('calls on the losing stream are finished there', async () => {
  const { network, create, settle } = setup()
  const [a, b] = [await create('a', 'instance-a'), await create('b', 'instance-b')]
  let answer: (() => void) | undefined
  a.methods.request('slow', (body) => {
    return new Promise((resolve) => {
      answer = () => resolve(body)
    })
  })
  const connecting = [b.connect('a'), a.connect('b')] as const
  const call = (await connecting[0]).request('slow', echo)
  await connecting[1]
  await settle()
  answer?.()
  expect(await call).toEqual(echo)
  await settle()
  expect(network.opened.filter(({ raw }) => raw.open)).toHaveLength(1)
})

test('a peer that lost its stream unnoticed gets a new one at once', async () => {
  const { clock, network, seen, create, settle } = setup()
  const [a, b] = [await create('a', 'instance-a'), await create('b', 'instance-b')]
  await a.connect('b')
  await clock.advance(LIMITS.sessionHello.value + 1)
  await settle()
  const [stream] = network.opened
  // Only a notices: its end dies, b's is frozen.
  stream?.raw.freeze()
  stream?.raw.vanish()
  await a.connect('b')
  await settle()
  expect(await b.get('a')?.request('echo', echo)).toEqual(echo)
  expect(seen.filter((event) => event.startsWith('instance-b'))).toEqual([
    'instance-b opened instance-a'
  ])
  await clock.advance(2 * DEAD + LIMITS.sessionRetire.value)
  expect(await b.get('a')?.request('echo', echo)).toEqual(echo)
})

test('who waits for a peer that stands still is told within a second, and when it is heard again', async () => {
  const { clock, network, create } = setup()
  const a = await create('a', 'instance-a')
  await create('b', 'instance-b')
  const session = await a.connect('b')
  await clock.advance(BEAT)
  const told: boolean[] = []
  const stop = session.watchSilence((isSilent) => told.push(isSilent))
  // It answers when it is asked.
  await clock.advance(BEAT - 1)
  expect(told).toEqual([])
  network.opened[0]?.raw.freeze()
  await clock.advance(1000)
  expect(told).toEqual([true])
  expect(a.all()).toHaveLength(1)
  stop()
})
