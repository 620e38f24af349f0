/** What sessions promise, whatever carries them: run over memory and over libp2p. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type {
  CallContext,
  Session,
  SessionEvents,
  Sessions
} from '../../protocols/session/session.ts'
import type { HelloFacts } from '../../protocols/session/sessions.ts'

export interface SessionNode {
  readonly peer: string
  readonly sessions: Sessions
}

export interface SessionPair {
  readonly a: SessionNode
  readonly b: SessionNode
  /** Lets time pass, by hand or really. */
  pass(ms: number): Promise<void>
  /** Breaks the way between the two without a word. */
  cut(): void
  stop(): Promise<void>
}

export interface SessionPairInit {
  readonly helloB?: Partial<HelloFacts>
}

export type CreatePair = (init?: SessionPairInit) => Promise<SessionPair>

type Seen = readonly [event: keyof SessionEvents, peer: string, code?: string]

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (body: Uint8Array): string => new TextDecoder().decode(body)

export function describeSessions(name: string, createPair: CreatePair): void {
  async function setup(init?: SessionPairInit) {
    const pair = await createPair(init)
    onTestFinished(() => pair.stop())
    const seenByA = record(pair.a.sessions)
    const seenByB = record(pair.b.sessions)
    const connect = (): Promise<Session> => pair.a.sessions.connect(pair.b.peer)
    /** Until `done`, for what has no promise of its own. */
    const until = async (done: () => boolean): Promise<void> => {
      for (let turns = 0; turns < 500 && !done(); turns++) await pair.pass(1)
      expect(done()).toBe(true)
    }
    return { ...pair, seenByA, seenByB, connect, until }
  }

  describe(`calls over ${name}`, () => callTests(setup))
  describe(`streams over ${name}`, () => streamTests(setup))
  describe(`the life of a session over ${name}`, () => lifeTests(setup))
}

type Setup = (init?: SessionPairInit) => Promise<
  SessionPair & {
    readonly seenByA: Seen[]
    readonly seenByB: Seen[]
    readonly connect: () => Promise<Session>
    readonly until: (done: () => boolean) => Promise<void>
  }
>

function record({ events }: Sessions): Seen[] {
  const seen: Seen[] = []
  events.on('opened', ({ peer }) => seen.push(['opened', peer]))
  events.on('closed', ({ peer }, { code }) => seen.push(['closed', peer, code]))
  events.on('refused', (peer, { code }) => seen.push(['refused', peer, code]))
  return seen
}

function callTests(setup: Setup): void {
  test('both sides ask and answer over one session', async () => {
    const { a, b, connect } = await setup()
    a.sessions.methods.request('whoami', () => bytes('a'))
    b.sessions.methods.request('whoami', async () => bytes('b'))
    const session = await connect()
    const back = await b.sessions.connect(a.peer)
    expect(text(await session.request('whoami', bytes('')))).toBe('b')
    expect(text(await back.request('whoami', bytes('')))).toBe('a')
  })

  test('a handler learns who calls, with which headers and how much time', async () => {
    const { a, b, connect } = await setup()
    let context: CallContext | undefined
    b.sessions.methods.request('look', (body, given) => {
      context = given
      return body
    })
    const session = await connect()
    await session.request('look', bytes('x'), { headers: { trace: '1' }, timeoutMs: 5000 })
    expect(context).toMatchObject({ peer: a.peer, headers: { trace: '1' } })
    expect(context?.remainingMs()).toBeGreaterThan(4000)
    expect(context?.remainingMs()).toBeLessThanOrEqual(5000)
    await session.request('look', bytes('x'), { timeoutMs: Infinity })
    expect(context?.remainingMs()).toBe(Infinity)
  })

  test('messages of any allowed size arrive whole', async () => {
    const { b, connect } = await setup()
    b.sessions.methods.request('echo', (body) => body)
    const session = await connect()
    for (const size of [0, 1, 4096, 4097, 65_536, 65_537, 1_000_000, LIMITS.messageBytes.value]) {
      const body = new Uint8Array(size).fill(size % 251)
      body.set(bytes('head').subarray(0, size))
      const answer = await session.request('echo', body, { timeoutMs: Infinity })
      expect(Buffer.compare(answer, body)).toBe(0)
    }
  })

  test('a message above the limit is refused before it is sent', async () => {
    const { b, connect } = await setup()
    const large = new Uint8Array(LIMITS.messageBytes.value + 1)
    b.sessions.methods.request('echo', (body) => body)
    b.sessions.methods.request('large', () => large)
    const session = await connect()
    await expect(session.request('echo', large)).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE'
    })
    await expect(session.request('large', bytes(''))).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE'
    })
    expect(text(await session.request('echo', bytes('still here')))).toBe('still here')
  })

  test('errors keep code and details; what is not ours says nothing of its cause', async () => {
    const { b, connect } = await setup()
    b.sessions.methods.request('known', () => {
      throw new LumosError('TASK_CONFLICT', { details: { task: '42' } })
    })
    b.sessions.methods.request('bug', async () => {
      throw new TypeError('secret path /home/me')
    })
    const session = await connect()
    await expect(session.request('known', bytes(''))).rejects.toMatchObject({
      code: 'TASK_CONFLICT',
      details: { task: '42' },
      retry: false
    })
    const bug = await session.request('bug', bytes('')).catch((error: unknown) => error)
    expect(bug).toMatchObject({ code: 'INTERNAL', details: {} })
    await expect(session.request('nothing', bytes(''))).rejects.toMatchObject({
      code: 'UNKNOWN_METHOD',
      details: { method: 'nothing' }
    })
  })

  test('a deadline ends the call here and its handler there', async () => {
    const { b, connect, pass, until } = await setup()
    let reason: unknown
    b.sessions.methods.request('hang', (_, { signal }) => {
      signal.addEventListener('abort', () => (reason = signal.reason))
      return new Promise(() => {})
    })
    const session = await connect()
    const call = session.request('hang', bytes(''), { timeoutMs: 100 }).catch((error) => error)
    await pass(150)
    expect(await call).toMatchObject({ code: 'TIMED_OUT', details: { timeoutMs: 100 } })
    await until(() => reason !== undefined)
  })

  test('an aborted call ends with the reason of its signal, and cancels its handler', async () => {
    const { b, connect, until } = await setup()
    let cancelled: unknown
    b.sessions.methods.request('hang', (_, { signal }) => {
      signal.addEventListener('abort', () => (cancelled = signal.reason))
      return new Promise(() => {})
    })
    b.sessions.methods.request('echo', (body) => body)
    const session = await connect()
    const controller = new AbortController()
    const call = session.request('hang', bytes(''), { signal: controller.signal })
    await session.request('echo', bytes('the first call has arrived'))
    const reason = new DOMException('enough', 'AbortError')
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
    await until(() => cancelled !== undefined)
    expect(cancelled).toMatchObject({ code: 'CANCELLED' })
    const { signal } = controller
    await expect(session.request('echo', bytes(''), { signal })).rejects.toBe(reason)
  })

  test('more calls than the limit fail at once, and finished ones make room', async () => {
    const { b, connect } = await setup()
    const answers: (() => void)[] = []
    b.sessions.methods.request('wait', (body) => {
      return new Promise((resolve) => answers.push(() => resolve(body)))
    })
    const session = await connect()
    const calls = Array.from({ length: LIMITS.callsPerPeer.value }, () =>
      session.request('wait', bytes('x'))
    )
    await expect(session.request('wait', bytes('x'))).rejects.toMatchObject({
      code: 'SESSION_LIMIT',
      retry: true
    })
    while (answers.length < calls.length) await turn()
    for (const answer of answers) answer()
    expect(await Promise.all(calls)).toHaveLength(LIMITS.callsPerPeer.value)
  })

  test('a small call overtakes a large one', async () => {
    const { b, connect } = await setup()
    b.sessions.methods.request('echo', (body) => body)
    const session = await connect()
    const order: string[] = []
    const large = session.request('echo', new Uint8Array(8 * 1024 * 1024), { timeoutMs: Infinity })
    const small = session.request('echo', bytes('small'))
    await Promise.all([
      large.then(() => order.push('large')),
      small.then(() => order.push('small'))
    ])
    expect(order).toEqual(['small', 'large'])
  })
}

function streamTests(setup: Setup): void {
  test('messages arrive in order, then the end', async () => {
    const { b, connect } = await setup()
    b.sessions.methods.stream('count', async function* (body) {
      for (let n = 0; n < Number(text(body)); n++) yield bytes(String(n))
    })
    const session = await connect()
    const seen: string[] = []
    for await (const message of session.stream('count', bytes('500'))) seen.push(text(message))
    expect(seen).toEqual(Array.from({ length: 500 }, (_, n) => String(n)))
    for await (const message of session.stream('count', bytes('0'))) seen.push(text(message))
    expect(seen).toHaveLength(500)
  })

  test('large messages stream whole', async () => {
    const { b, connect } = await setup()
    b.sessions.methods.stream('large', async function* () {
      for (let n = 0; n < 5; n++) yield new Uint8Array(700_000).fill(n)
    })
    const session = await connect()
    const seen: number[][] = []
    for await (const message of session.stream('large', bytes(''), { timeoutMs: Infinity })) {
      seen.push([message.length, message[0] ?? -1, message.at(-1) ?? -1])
    }
    expect(seen).toEqual([0, 1, 2, 3, 4].map((n) => [700_000, n, n]))
  })

  test('leaving the loop early cancels the handler, whose clean-up runs', async () => {
    const { b, connect, until } = await setup()
    const ends: string[] = []
    b.sessions.methods.stream('endless', async function* (_, { signal }) {
      signal.addEventListener('abort', () => ends.push('aborted'))
      try {
        for (;;) yield new Uint8Array(1000)
      } finally {
        ends.push('cleaned up')
      }
    })
    const session = await connect()
    for await (const message of session.stream('endless', bytes(''))) {
      expect(message).toHaveLength(1000)
      break
    }
    await until(() => ends.length === 2)
    expect(ends).toEqual(['aborted', 'cleaned up'])
  })

  test('an error comes after every message before it', async () => {
    const { b, connect } = await setup()
    b.sessions.methods.stream('break', async function* () {
      yield bytes('one')
      throw new LumosError('TASK_NOT_FOUND')
    })
    const session = await connect()
    const seen: unknown[] = []
    try {
      for await (const message of session.stream('break', bytes(''))) seen.push(text(message))
    } catch (error) {
      seen.push(error)
    }
    expect(seen).toEqual(['one', expect.objectContaining({ code: 'TASK_NOT_FOUND' })])
  })

  test('a stream asked as a request, or the other way round, is an unknown method', async () => {
    const { b, connect } = await setup()
    b.sessions.methods.stream('many', async function* () {})
    b.sessions.methods.request('one', (body) => body)
    const session = await connect()
    await expect(session.request('many', bytes(''))).rejects.toMatchObject({
      code: 'UNKNOWN_METHOD'
    })
    await expect(session.stream('one', bytes('')).next()).rejects.toMatchObject({
      code: 'UNKNOWN_METHOD'
    })
  })

  test('a reader that does not read stops its stream, and nobody else’s', async () => {
    const { b, connect, pass } = await setup()
    let made = 0
    b.sessions.methods.stream('endless', async function* () {
      for (;;) {
        made++
        yield new Uint8Array(10_000)
      }
    })
    b.sessions.methods.request('echo', (body) => body)
    const session = await connect()
    const stream = session.stream('endless', bytes(''), { timeoutMs: Infinity })
    await stream.next()
    await pass(50)
    await session.request('echo', bytes(''))
    const most = LIMITS.callWindow.value / 10_000 + 3
    expect(made).toBeLessThanOrEqual(most)
    for (let n = 0; n < 100; n++) await stream.next()
    await pass(50)
    expect(made).toBeGreaterThan(100)
    expect(made).toBeLessThanOrEqual(100 + most)
    await stream.return?.()
  })

  test('streams share the way fairly', async () => {
    const { b, connect } = await setup()
    b.sessions.methods.stream('endless', async function* () {
      for (;;) yield new Uint8Array(100_000)
    })
    const session = await connect()
    const counts = [0, 0, 0, 0]
    const readers = counts.map(async (_, index) => {
      for await (const message of session.stream('endless', bytes(''), { timeoutMs: Infinity })) {
        expect(message).toHaveLength(100_000)
        counts[index] = (counts[index] ?? 0) + 1
        if (counts.reduce((sum, count) => sum + count) >= 200) return
      }
    })
    await Promise.all(readers)
    expect(Math.min(...counts)).toBeGreaterThan(30)
  })
}

function lifeTests(setup: Setup): void {
  test('callers that connect at the same time share one session', async () => {
    const { a, b, seenByA, seenByB, until } = await setup()
    const sessions = await Promise.all(Array.from({ length: 10 }, () => a.sessions.connect(b.peer)))
    expect(new Set(sessions).size).toBe(1)
    await until(() => seenByB.length > 0)
    expect(seenByA).toEqual([['opened', b.peer]])
    expect(seenByB).toEqual([['opened', a.peer]])
    expect(a.sessions.all()).toEqual([sessions[0]])
    expect(sessions[0]?.hello.name).toBe('b')
  })

  test('peers that dial each other at once end up with one session, and lose no call', async () => {
    const { a, b, seenByA, seenByB, pass } = await setup()
    a.sessions.methods.request('slow', async (body) => (await turn(), body))
    b.sessions.methods.request('slow', async (body) => (await turn(), body))
    const burst = async (from: SessionNode, to: SessionNode): Promise<number> => {
      const session = await from.sessions.connect(to.peer)
      const calls = Array.from({ length: 100 }, () => session.request('slow', bytes('x')))
      return (await Promise.all(calls)).length
    }
    expect(await Promise.all([burst(a, b), burst(b, a)])).toEqual([100, 100])
    await pass(50)
    expect(await burst(a, b)).toBe(100)
    expect(seenByA).toEqual([['opened', b.peer]])
    expect(seenByB).toEqual([['opened', a.peer]])
  })

  test('another swarm is refused on both sides, with the reason', async () => {
    const { a, b, connect, seenByA, seenByB, until } = await setup({ helloB: { swarm: 'other' } })
    await expect(connect()).rejects.toMatchObject({
      code: 'OTHER_SWARM',
      details: { peer: b.peer }
    })
    await until(() => seenByB.length > 0)
    expect(seenByA).toEqual([['refused', b.peer, 'OTHER_SWARM']])
    expect(seenByB).toEqual([['refused', a.peer, 'OTHER_SWARM']])
    expect(a.sessions.get(b.peer)).toBeUndefined()
  })

  test('a broken link fails calls in flight at once, and never as an end', async () => {
    const { a, b, connect, cut, seenByA, until } = await setup()
    b.sessions.methods.stream('some', async function* () {
      yield bytes('one')
      await new Promise(() => {})
    })
    b.sessions.methods.request('hang', () => new Promise(() => {}))
    const session = await connect()
    const stream = session.stream('some', bytes(''))
    expect(text((await stream.next()).value)).toBe('one')
    const pending = Promise.allSettled([stream.next(), session.request('hang', bytes(''))])
    cut()
    const closed = { code: 'SESSION_CLOSED', retry: true, details: { peer: b.peer } }
    expect(await pending).toMatchObject([
      { status: 'rejected', reason: closed },
      { status: 'rejected', reason: closed }
    ])
    await until(() => seenByA.length === 2)
    expect(seenByA[1]?.slice(0, 2)).toEqual(['closed', b.peer])
    expect(a.sessions.get(b.peer)).toBeUndefined()
    await expect(session.request('hang', bytes(''))).rejects.toMatchObject(closed)
    await expect(session.stream('some', bytes('')).next()).rejects.toMatchObject(closed)
  })

  test('a stopping node lets calls in flight end, takes no new ones, and says goodbye', async () => {
    const { a, b, connect, seenByA, until, pass } = await setup()
    let answer: (() => void) | undefined
    b.sessions.methods.request('slow', (body) => {
      return new Promise((resolve) => {
        answer = () => resolve(body)
      })
    })
    const session = await connect()
    const call = session.request('slow', bytes('kept'))
    await until(() => answer !== undefined)
    const stopped = b.sessions.stop()
    await until(() => seenByA.length === 2)
    expect(seenByA[1]).toEqual(['closed', b.peer, 'SHUTTING_DOWN'])
    expect(a.sessions.get(b.peer)).toBeUndefined()
    await expect(session.request('slow', bytes(''))).rejects.toMatchObject({ retry: true })
    answer?.()
    expect(text(await call)).toBe('kept')
    await pass(10)
    await stopped
  })

  test('a stopping node does not wait for ever', async () => {
    const { b, connect, pass, until } = await setup()
    let asked = false
    b.sessions.methods.request('hang', () => {
      asked = true
      return new Promise(() => {})
    })
    const session = await connect()
    const call = session.request('hang', bytes('')).catch((error: unknown) => error)
    await until(() => asked)
    let stopped = false
    const stopping = b.sessions.stop().then(() => (stopped = true))
    await pass(LIMITS.sessionDrain.value + LIMITS.streamClose.value)
    await stopping
    expect(stopped).toBe(true)
    expect(await call).toMatchObject({ code: 'SESSION_CLOSED', retry: true })
  })

  test('after a disconnect the peer may come back', async () => {
    const { a, b, connect, seenByB, until } = await setup()
    b.sessions.methods.request('echo', (body) => body)
    const session = await connect()
    await a.sessions.disconnect(b.peer)
    await until(() => seenByB.length === 2)
    const again = await connect()
    expect(again).not.toBe(session)
    expect(text(await again.request('echo', bytes('x')))).toBe('x')
  })

  test('the round trip is known soon after opening', async () => {
    const { connect, until } = await setup()
    const session = await connect()
    await until(() => session.roundTripMs !== undefined)
    expect(session.path).toBe('direct')
  })

  test('connecting gives up with its signal, and says who cannot be reached', async () => {
    const { a, b } = await setup()
    const controller = new AbortController()
    const reason = new DOMException('enough', 'AbortError')
    controller.abort(reason)
    const { signal } = controller
    await expect(a.sessions.connect(b.peer, { signal })).rejects.toBe(reason)
    await expect(a.sessions.connect(a.peer)).rejects.toMatchObject({ code: 'DUPLICATE_KEY' })
    await b.sessions.stop()
    await expect(a.sessions.connect(b.peer)).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
      details: { peer: b.peer }
    })
  })
}
