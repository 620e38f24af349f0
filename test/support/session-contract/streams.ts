/** What calls with many responses promise. */
import { expect } from 'vitest'
import { LumosError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import { bytes, text } from './setup.ts'
import type { Contract } from './setup.ts'

export const STREAMS: Contract = {
  'messages arrive in order, then the end': async (setup) => {
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
  },

  'large messages stream whole': async (setup) => {
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
  },

  'leaving the loop early cancels the handler, whose clean-up runs': async (setup) => {
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
  },

  'an error comes after every message before it': async (setup) => {
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
  },

  'a stream asked as a request, or the other way round, is an unknown method': async (setup) => {
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
  },

  'a reader that does not read stops its stream, and nobody else’s': async (setup) => {
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
  },

  'streams share the way fairly': async (setup) => {
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
  }
}
