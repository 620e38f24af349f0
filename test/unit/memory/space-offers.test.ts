/** Offers of spaces: who is told of which, what is believed, and how little a hostile member gains. */
import { EventEmitter } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { createSpaceOffers } from '../../../memory/space-offers.ts'
import type { Farewell } from '../../../memory/space-offers.ts'
import { createSpace, DEFAULT_QUOTAS } from '../../../memory/space.ts'
import type { Space } from '../../../memory/space.ts'
import type { RequestHandler, Session, SessionEvents } from '../../../protocols/session/session.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { toySigner, toyVerify } from '../../support/memory-world.ts'

const OWNER = toySigner('owner')

function spaceOf(nonce: string): Space {
  const genesis = { ...DEFAULT_QUOTAS, mode: 'open', sealed: false, name: 'team' } as const
  return createSpace({ ...genesis, owner: OWNER.author, nonce: nonce.repeat(16) }, OWNER)
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

function setup(spaces: readonly Space[] = [], farewells: readonly Farewell[] = []) {
  const handlers = new Map<string, RequestHandler>()
  const events = new EventEmitter<SessionEvents>()
  const asked: Asked[] = []
  const adopted: Space[] = []
  const blamed: string[] = []
  const all: Session[] = []
  const offers = createSpaceOffers({
    clock: new ManualClock(),
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
    verify: toyVerify,
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
  const hear = async (body: Uint8Array): Promise<void> => {
    await handlers.get('memory.offer')?.(body, context)
  }
  return { offers, asked, adopted, blamed, all, events, session, hear }
}

/** What a node says that knows of `spaces`. */
async function offerOf(spaces: readonly Space[]): Promise<Uint8Array> {
  const { offers, asked, all, session } = setup(spaces)
  all.push(session('x'))
  await offers.start()
  await expect.poll(() => asked.length).toBe(1)
  return asked[0]?.body ?? new Uint8Array()
}

test('who is there, who comes, and everybody after a grant is told', async () => {
  const { offers, asked, all, events, session } = setup([spaceOf('01')])
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
  const { offers, asked, all, session } = setup([], [{ space: '0f'.repeat(16), statements }])
  all.push(session('bob'))
  await offers.start()
  await expect.poll(() => asked.map(({ method }) => method)).toEqual(['memory.admit'])
})
