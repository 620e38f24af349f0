/** How sessions begin and end. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'vitest'
import { LIMITS } from '../../../core/limits.ts'
import { bytes, text } from './setup.ts'
import type { Contract, SessionNode } from './setup.ts'

/** A hundred calls at once. */
async function burst(from: SessionNode, to: SessionNode): Promise<number> {
  const session = await from.sessions.connect(to.peer)
  const calls = Array.from({ length: 100 }, () => session.request('slow', bytes('x')))
  return (await Promise.all(calls)).length
}

export const LIFE: Contract = {
  'callers that connect at the same time share one session': async (setup) => {
    const { a, b, seenByA, seenByB, until } = await setup()
    const sessions = await Promise.all(Array.from({ length: 10 }, () => a.sessions.connect(b.peer)))
    expect(new Set(sessions).size).toBe(1)
    await until(() => seenByB.length > 0)
    expect(seenByA).toEqual([['opened', b.peer]])
    expect(seenByB).toEqual([['opened', a.peer]])
    expect(a.sessions.all()).toEqual([sessions[0]])
    expect(sessions[0]?.hello.name).toBe('b')
  },

  'peers that dial each other at once end up with one session, and lose no call': async (setup) => {
    const { a, b, seenByA, seenByB, pass } = await setup()
    a.sessions.methods.request('slow', async (body) => (await turn(), body))
    b.sessions.methods.request('slow', async (body) => (await turn(), body))
    expect(await Promise.all([burst(a, b), burst(b, a)])).toEqual([100, 100])
    await pass(50)
    expect(await burst(a, b)).toBe(100)
    expect(seenByA).toEqual([['opened', b.peer]])
    expect(seenByB).toEqual([['opened', a.peer]])
  },

  'another swarm is refused on both sides, with the reason': async (setup) => {
    const { a, b, connect, seenByA, seenByB, until } = await setup({ helloB: { swarm: 'other' } })
    await expect(connect()).rejects.toMatchObject({
      code: 'OTHER_SWARM',
      details: { peer: b.peer }
    })
    await until(() => seenByB.length > 0)
    expect(seenByA).toEqual([['refused', b.peer, 'OTHER_SWARM']])
    expect(seenByB).toEqual([['refused', a.peer, 'OTHER_SWARM']])
    expect(a.sessions.get(b.peer)).toBeUndefined()
  },

  'a broken link fails calls in flight at once, and never as an end': async (setup) => {
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
  },

  'a stopping node lets calls in flight end, takes no new ones, and says goodbye': async (
    setup
  ) => {
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
  },

  'a stopping node does not wait for ever': async (setup) => {
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
    await pass(LIMITS.sessionDrain.value + 100)
    await stopping
    expect(stopped).toBe(true)
    expect(await call).toMatchObject({ code: 'SESSION_CLOSED', retry: true })
  },

  'after a disconnect the peer may come back': async (setup) => {
    const { a, b, connect, seenByB, until } = await setup()
    b.sessions.methods.request('echo', (body) => body)
    const session = await connect()
    await a.sessions.disconnect(b.peer)
    await until(() => seenByB.length === 2)
    const again = await connect()
    expect(again).not.toBe(session)
    expect(text(await again.request('echo', bytes('x')))).toBe('x')
  },

  'the round trip is known soon after opening': async (setup) => {
    const { connect, until } = await setup()
    const session = await connect()
    await until(() => session.roundTripMs !== undefined)
    expect(session.path).toBe('direct')
  },

  'connecting gives up with its signal, and says who cannot be reached': async (setup) => {
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
  }
}
