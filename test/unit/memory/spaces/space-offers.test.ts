/** Offers of spaces: who is told of which, what is believed, and how little a hostile member gains. */
import { EventEmitter } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { silentLogger } from '../../../../core/logger.ts'
import type { Verify } from '../../../../memory/replica/record-signature.ts'
import { createSpaceOffers } from '../../../../memory/spaces/space-offers.ts'
import type { Farewell } from '../../../../memory/spaces/space-offers.ts'
import { ALL_KNOWN } from '../../../../memory/spaces/known-authors.ts'
import type { KnownAuthors } from '../../../../memory/spaces/known-authors.ts'
import { createSpace, DEFAULT_QUOTAS } from '../../../../memory/spaces/space.ts'
import type { Space } from '../../../../memory/spaces/space.ts'
import { createServingGate } from '../../../../protocols/replication/serving-gate.ts'
import type {
  RequestHandler,
  Session,
  SessionEvents
} from '../../../../protocols/session/session.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { toySigner, toyVerify } from '../../../support/memory-world.ts'

const OWNER = toySigner('owner')

function spaceOf(nonce: string, owner = OWNER): Space {
  const genesis = { ...DEFAULT_QUOTAS, mode: 'open', sealed: false, name: 'team' } as const
  return createSpace({ ...genesis, owner: owner.author, nonce: nonce.repeat(16) }, owner)
}

/** Each of an owner that nobody ever was. */
function madeUp(count: number, from = ''): Space[] {
  return Array.from({ length: count }, (_, index) => spaceOf('01', toySigner(`${from}${index}`)))
}

function knows(listed: boolean, ...authors: readonly string[]): KnownAuthors {
  return { listed, isKnown: (author) => authors.includes(author) }
}

const context = {
  peer: 'them',
  headers: {},
  signal: new AbortController().signal,
  remainingMs: () => 1000
}

interface Asked {
  readonly peer: string
  readonly method: string
  readonly body: Uint8Array
}

interface Setup {
  /** What this node has, all of which others may read. */
  readonly spaces?: readonly Space[]
  /** What its user does not want. */
  readonly forgotten?: readonly Space[]
  readonly farewells?: readonly Farewell[]
  readonly known?: KnownAuthors
}

function setup({ spaces = [], forgotten = [], farewells = [], known = ALL_KNOWN }: Setup = {}) {
  const clock = new ManualClock()
  const verify = vi.fn<Verify>(toyVerify)
  const list = new EventEmitter<{ changed: [] }>()
  const handlers = new Map<string, RequestHandler>()
  const events = new EventEmitter<SessionEvents>()
  const asked: Asked[] = []
  const adopted: Space[] = []
  const blamed: string[] = []
  const all: Session[] = []
  const offers = createSpaceOffers({
    clock,
    gate: createServingGate({ clock }),
    known,
    onListChanged: (listener) => {
      list.on('changed', listener)
      return () => void list.off('changed', listener)
    },
    spaces: () => [...spaces, ...adopted],
    isForgotten: (space) => forgotten.some(({ id }) => id === space),
    logger: silentLogger,
    sessions: {
      events,
      all: () => all,
      methods: {
        request: (method, handler) => handlers.set(method, handler),
        stream: () => undefined
      }
    },
    blame: { add: (peer) => blamed.push(peer) },
    verify,
    spacesFor: () => spaces,
    farewellsTo: () => farewells,
    adopt: async (space) => {
      adopted.push(space)
    }
  })
  onTestFinished(() => offers.stop())
  function session(peer: string): Session {
    return {
      peer,
      hello: { protocol: '1.0', swarm: '', name: peer, clock: 0, fields: {} } as Session['hello'],
      openedAt: 0,
      path: 'direct',
      roundTripMs: undefined,
      watchSilence: () => () => undefined,
      request: async (method, body) => {
        asked.push({ peer, method, body })
        return new Uint8Array()
      },
      stream: () => {
        throw new Error('nothing is streamed')
      }
    }
  }
  const hear = async (body: Uint8Array, peer = 'them'): Promise<void> => {
    await handlers.get('memory.offer')?.(body, { ...context, peer })
  }
  return { offers, asked, adopted, blamed, all, events, session, hear, verify, clock, list }
}

/** What a node says that knows of `spaces`. */
async function offerOf(spaces: readonly Space[]): Promise<Uint8Array> {
  const { offers, asked, all, session } = setup({ spaces })
  all.push(session('x'))
  await offers.start()
  await expect.poll(() => asked.length).toBe(1)
  return asked[0]?.body ?? new Uint8Array()
}

test('who is there, who comes, and everybody after a grant is told', async () => {
  const { offers, asked, all, events, session } = setup({ spaces: [spaceOf('01')] })
  all.push(session('ada'))
  await offers.start()
  events.emit('opened', session('bob'))
  offers.tellAll()
  expect(asked.map(({ peer, method }) => [peer, method])).toEqual([
    ['ada', 'memory.offer'],
    ['bob', 'memory.offer'],
    ['ada', 'memory.offer']
  ])
})

test('nobody is told of nothing', async () => {
  const { offers, asked, all, session } = setup()
  all.push(session('ada'))
  await offers.start()
  expect(asked).toEqual([])
})

test('what is offered is taken up, once its owner’s signature is seen', async () => {
  const spaces = [spaceOf('01'), spaceOf('02')]
  const { offers, adopted, hear } = setup()
  await offers.start()
  await hear(await offerOf(spaces))
  expect(adopted).toEqual(spaces)
})

test('what was forgotten is passed over without a look at its signature, and the rest is taken up', async () => {
  const [old, other] = [spaceOf('01'), spaceOf('02')]
  const { offers, adopted, blamed, hear, verify } = setup({ forgotten: [old] })
  await offers.start()
  await hear(await offerOf([old, other]))
  expect({ adopted, blamed }).toEqual({ adopted: [other], blamed: [] })
  expect(verify).toHaveBeenCalledOnce()
})

test('what is forgotten while its signature is looked at is not taken up', async () => {
  const forgotten: Space[] = []
  const { offers, adopted, hear, verify } = setup({ forgotten })
  await offers.start()
  verify.mockImplementation(async (...signed) => {
    forgotten.push(spaceOf('01'))
    return toyVerify(...signed)
  })
  await hear(await offerOf([spaceOf('01')]))
  expect(adopted).toEqual([])
})

test('an offer that no honest node makes is held against the peer', async () => {
  const { offers, adopted, blamed, hear } = setup()
  await offers.start()
  const honest = await offerOf([spaceOf('01')])
  const forged = honest.map((byte, index) => (index === honest.length - 1 ? byte ^ 1 : byte))
  for (const body of [
    forged,
    honest.subarray(1),
    Uint8Array.of(...honest, 0),
    Uint8Array.of(9, 9)
  ]) {
    await expect(hear(body)).rejects.toMatchObject({ code: 'SPACE_INVALID' })
  }
  expect({ adopted, blamed }).toEqual({ adopted: [], blamed: Array(4).fill('them') })
})

test('before the start and after the stop nothing is taken up', async () => {
  const { offers, adopted, hear } = setup()
  const body = await offerOf([spaceOf('01')])
  await hear(body)
  await offers.start()
  await offers.stop()
  await hear(body)
  expect(adopted).toEqual([])
})

test('who was put out is told so', async () => {
  const statements = [Uint8Array.of(1)]
  const { offers, asked, all, session } = setup({
    farewells: [{ space: '0f'.repeat(16), statements }]
  })
  all.push(session('bob'))
  await offers.start()
  await expect.poll(() => asked.map(({ method }) => method)).toEqual(['memory.admit'])
})

test('with a members list, made-up owners get no space here, and cost no look at a signature', async () => {
  const { offers, adopted, blamed, hear, verify } = setup({ known: knows(true, OWNER.author) })
  await offers.start()
  await hear(await offerOf(madeUp(LIMITS.memorySpaces.value - 1)))
  expect(verify).not.toHaveBeenCalled()
  const honest = spaceOf('02')
  await hear(await offerOf([honest]))
  expect({ adopted, blamed }).toEqual({ adopted: [honest], blamed: [] })
})

test('without a list one peer brings a few strangers, all of them half of what there is room for', async () => {
  const { offers, adopted, blamed, hear } = setup({ known: knows(false, OWNER.author) })
  await offers.start()
  const share = LIMITS.memorySpacesPerTeller.value
  await hear(await offerOf(madeUp(LIMITS.memorySpaces.value - 1)), 'liar')
  expect(adopted).toHaveLength(share)
  for (let peer = 0; peer < 32; peer += 1) {
    await hear(await offerOf(madeUp(share, `${peer}/`)), `peer ${peer}`)
  }
  expect(adopted).toHaveLength(LIMITS.memorySpaces.value / 2)
  const honest = spaceOf('02')
  await hear(await offerOf([honest]), 'liar')
  expect(adopted.at(-1)).toEqual(honest)
  expect(blamed).toEqual([])
})

test('no owner fills this node, known or not', async () => {
  const { offers, adopted, hear } = setup()
  await offers.start()
  const many = Array.from({ length: 20 }, (_, index) => spaceOf((16 + index).toString(16)))
  await hear(await offerOf(many))
  expect(adopted).toHaveLength(LIMITS.memorySpacesPerOwner.value)
})

test('what is known already is not verified again, also told twice in one offer', async () => {
  const spaces = [spaceOf('01'), spaceOf('02')]
  const { offers, hear, verify } = setup({ spaces })
  await offers.start()
  const known = await offerOf(spaces)
  await hear(known)
  expect(verify).not.toHaveBeenCalled()
  await hear(await offerOf([spaceOf('03'), spaceOf('03')]))
  expect(verify).toHaveBeenCalledTimes(1)
})

test('nothing behind a forged space is looked at', async () => {
  const { offers, blamed, hear, verify } = setup()
  await offers.start()
  const spaces = madeUp(100).map((space, index) =>
    index === 1
      ? { ...space, bytes: space.bytes.map((byte, at) => (at > 100 ? byte ^ 1 : byte)) }
      : space
  )
  await expect(hear(await offerOf(spaces))).rejects.toMatchObject({ code: 'SPACE_INVALID' })
  expect(verify.mock.calls.length).toBeLessThanOrEqual(2)
  expect(blamed).toEqual(['them'])
})

test('a flood of offers is paid for like any repair', async () => {
  const { offers, clock, hear } = setup()
  await offers.start()
  const offer = await offerOf([spaceOf('01')])
  let heard = 0
  const calls = Array.from({ length: LIMITS.memoryServeBurst.value / 8 }, () => hear(offer))
  const results = calls.map((call) =>
    call.then(
      () => (heard += 1),
      (error: { code: string }) => error.code
    )
  )
  await clock.advance(0)
  expect(await Promise.all(results)).toContain('OVERLOADED')
  expect(heard).toBeLessThanOrEqual(LIMITS.memoryCallsPerPeer.value)
})

test('who is heard of as a member later has its spaces taken up then', async () => {
  const members = new Set<string>()
  const known = { listed: true, isKnown: (author: string) => members.has(author) }
  const { offers, adopted, hear, list } = setup({ known })
  await offers.start()
  const space = spaceOf('01')
  await hear(await offerOf([space, ...madeUp(3)]))
  list.emit('changed')
  members.add(OWNER.author)
  expect(adopted).toEqual([])
  list.emit('changed')
  await expect.poll(() => adopted).toEqual([space])
  await offers.stop()
  expect(list.listenerCount('changed')).toBe(0)
})

test('what one peer makes up does not push out what others told of', async () => {
  const members = new Set<string>()
  const known = { listed: true, isKnown: (author: string) => members.has(author) }
  const { offers, adopted, hear, list, clock } = setup({ known })
  await offers.start()
  const space = spaceOf('01')
  await hear(await offerOf([space]), 'honest')
  for (let round = 0; round < 5; round += 1) {
    const made = madeUp(254, `${round}/`)
    await hear(await offerOf(round === 0 ? [space, ...made] : made), 'liar')
    await clock.advance(1000)
  }
  members.add(OWNER.author)
  list.emit('changed')
  await expect.poll(() => adopted).toEqual([space])
})
