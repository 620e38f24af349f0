/** What calls over a session promise. */
import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { CallContext } from '../../../protocols/session/session.ts'
import { bytes, text } from './setup.ts'
import type { Contract } from './setup.ts'

export const CALLS: Contract = {
  'both sides ask and answer over one session': async (setup) => {
    const { a, b, connect } = await setup()
    a.sessions.methods.request('whoami', () => bytes('a'))
    b.sessions.methods.request('whoami', async () => bytes('b'))
    const session = await connect()
    const back = await b.sessions.connect(a.peer)
    expect(text(await session.request('whoami', bytes('')))).toBe('b')
    expect(text(await back.request('whoami', bytes('')))).toBe('a')
  },

  'a handler learns who calls, with which headers and how much time': async (setup) => {
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
  },

  'messages of any allowed size arrive whole': async (setup) => {
    const { b, connect } = await setup()
    b.sessions.methods.request('echo', (body) => body)
    const session = await connect()
    for (const size of [0, 1, 4096, 4097, 65_536, 65_537, 1_000_000, LIMITS.messageBytes.value]) {
      const body = new Uint8Array(size).fill(size % 251)
      body.set(bytes('head').subarray(0, size))
      const answer = await session.request('echo', body, { timeoutMs: Infinity })
      expect(Buffer.compare(answer, body)).toBe(0)
    }
  },

  'a message above the limit is refused before it is sent': async (setup) => {
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
  },

  'errors keep code and details; what is not ours says nothing of its cause': async (setup) => {
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
  },

  'a deadline ends the call here and its handler there': async (setup) => {
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
  },

  'an aborted call ends with the reason of its signal, and cancels its handler': async (setup) => {
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
  },

  'more calls than the limit fail at once, and finished ones make room': async (setup) => {
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
  },

  'a small call overtakes a large one': async (setup) => {
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
  }
}
