import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { ALLOWANCE, createCallQuotas } from '../../../../protocols/session/call-quotas.ts'
import type { Allowance, PeerAllowance } from '../../../../protocols/session/call-quotas.ts'
import { hostileSetup as setup } from '../../../support/hostile-session.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const OPEN = 0x03
const DATA = 0x04

/** Three calls at once, ten a second; 1,000 bytes at once, as many a second. */
const PEER: PeerAllowance = {
  callRate: 10,
  callBurst: 3,
  requestRate: 1000,
  requestBurst: 1000,
  callsPerPeer: 2
}
const LITTLE: Allowance = { of: () => PEER, heldBytes: 2000 }

test('who calls too fast is told when to come back, and coming anew gains nothing', async () => {
  const { clock, settle, connect } = await setup(LITTLE)
  const raw = await connect()
  for (let n = 0; n < 4; n++) raw.call(2 * n + 1, 'echo', `${n}`)
  await settle()
  expect(raw.heard.slice(-4)).toEqual(['data 0', 'data 1', 'data 2', 'error OVERLOADED'])
  const refusal = raw.frames.at(-1)
  expect(
    JSON.parse(String(refusal && 'body' in refusal && Buffer.from(refusal.body)))
  ).toMatchObject({
    code: 'OVERLOADED',
    details: { retryAfterMs: 100 }
  })
  await raw.close()
  const again = await connect()
  again.call(1, 'echo', 'too early')
  await clock.advance(100)
  again.call(3, 'echo', 'in time')
  await settle()
  expect(again.heard.slice(-2)).toEqual(['error OVERLOADED', 'data in time'])
})

test('what a request brings is paid for before the next one, chunks included', async () => {
  const { clock, settle, connect } = await setup(LITTLE)
  const raw = await connect()
  raw.say(OPEN, 0x00, 1, Buffer.from('\0\0\0\0\x04\0\0echo'))
  raw.say(DATA, 0x00, 1, new Uint8Array(900))
  raw.say(DATA, 0x03, 1, new Uint8Array(300))
  raw.call(3, 'echo', 'now')
  await settle()
  expect(raw.heard.slice(-2)).toEqual([`data ${'\0'.repeat(1200)}`, 'error OVERLOADED'])
  await clock.advance(200)
  raw.call(5, 'echo', 'later')
  await settle()
  expect(raw.heard.at(-1)).toBe('data later')
})

test('who goes on although it is refused loses its session, and the third time its welcome', async () => {
  const { seen, settle, connect, dial } = await setup(LITTLE)
  const honest = await connect('honest')
  for (let times = 0; times < LIMITS.sessionStrikes.value; times++) {
    const raw = await connect()
    for (let n = 0; n < 8; n++) raw.call(2 * n + 1, 'echo')
    await settle()
    expect(seen.at(-1)).toBe('closed raw PROTOCOL_VIOLATION')
  }
  const raw = await dial()
  await settle()
  expect(raw.end).toBeDefined()
  honest.call(1, 'echo', 'still here')
  await settle()
  expect(honest.heard.at(-1)).toBe('data still here')
})

test('all peers together hold no more requests than one node has room for', async () => {
  const { settle, connect } = await setup(LITTLE)
  const begin = async (from: string) => {
    const raw = await connect(from)
    raw.say(OPEN, 0x00, 1, Buffer.from('\0\0\0\0\x04\0\0echo'))
    raw.say(DATA, 0x00, 1, new Uint8Array(900))
    await settle()
    return raw
  }
  const [first, , third] = [await begin('one'), await begin('two'), await begin('three')]
  expect(third.heard.at(-1)).toBe('error OVERLOADED')
  await first.close()
  await settle()
  expect((await begin('four')).heard.at(-1)).toBe('hello')
})

test('a peer has no more calls in flight than it may, however few others have', async () => {
  const { sessions, settle, connect } = await setup(LITTLE)
  sessions.methods.request('never', () => new Promise(() => {}))
  const raw = await connect()
  for (const id of [1, 3, 5]) raw.call(id, 'never')
  await settle()
  expect(raw.heard.at(-1)).toBe('error SESSION_LIMIT')
  const other = await connect('other')
  other.call(1, 'echo', 'hi')
  await settle()
  expect(other.heard.at(-1)).toBe('data hi')
})

const MANY: PeerAllowance = { ...PEER, callBurst: 10 }
const OFTEN: Allowance = { ...LITTLE, of: () => MANY }

test('two streams of one peer have together what it may have in flight', async () => {
  const { sessions, settle, connect } = await setup(OFTEN)
  const given: (() => void)[] = []
  sessions.methods.request('wait', async (body) => {
    await new Promise<void>((resolve) => given.push(resolve))
    return body
  })
  const streams = [await connect(), await connect()]
  for (const raw of streams) raw.call(1, 'wait')
  for (const raw of streams) raw.call(3, 'wait')
  await settle()
  const heard = (what: string) =>
    streams.flatMap((raw) => raw.heard.filter((one) => one.startsWith(what)))
  expect(heard('error')).toEqual(['error SESSION_LIMIT', 'error SESSION_LIMIT'])
  for (const give of given) give()
  await settle()
  expect(heard('data')).toHaveLength(2)
})

test('a handler that still runs counts, though its call was cancelled or its stream is gone', async () => {
  const { clock, sessions, settle, connect } = await setup(OFTEN)
  const given: (() => void)[] = []
  sessions.methods.request('deaf', async (body) => {
    await new Promise<void>((resolve) => given.push(resolve))
    return body
  })
  const first = await connect()
  first.call(1, 'deaf')
  first.say(0x06, 0, 1)
  first.call(3, 'deaf')
  await settle()
  await first.close()
  const second = await connect()
  second.call(1, 'echo')
  await settle()
  expect(second.heard.at(-1)).toBe('error SESSION_LIMIT')
  for (const give of given) give()
  await clock.advance(0)
  second.call(3, 'echo', 'room again')
  await settle()
  expect(second.heard.at(-1)).toBe('data room again')
})

test('headers are paid for as bodies are', async () => {
  const { settle, connect } = await setup(LITTLE)
  const raw = await connect()
  const headers = JSON.stringify({ much: 'x'.repeat(1200) })
  const head = Buffer.from('\0\0\0\0\x04\0\0echo')
  head.writeUInt16BE(headers.length, 5)
  raw.say(OPEN, 0x03, 1, Buffer.concat([head, Buffer.from(headers)]))
  raw.call(3, 'echo')
  await settle()
  expect(raw.heard.slice(1)).toEqual(['data', 'error OVERLOADED'])
})

test('all streams of one peer hold no more bytes than one may', () => {
  const quotas = createCallQuotas({ clock: new ManualClock() }, ALLOWANCE)
  const most = LIMITS.sessionBufferBytes.value
  quotas.of('one').begin(most)
  expect(() => quotas.of('one').hold(1)).toThrow(expect.objectContaining({ code: 'OVERLOADED' }))
  quotas.of('other').hold(1)
  quotas.of('one').release(most)
  quotas.of('one').hold(1)
})

test('who shakes hands again and again has to wait, however it ended before', async () => {
  const { clock, settle, dial, connect } = await setup()
  const again = async (times: number) => {
    const ends: (string | undefined)[] = []
    for (let n = 0; n < times; n++) {
      const raw = await connect()
      if (raw.end === undefined) await raw.close()
      else ends.push(raw.end)
    }
    return ends
  }
  expect(await again(LIMITS.handshakeBurst.value)).toEqual([])
  expect(await again(3)).toEqual(Array.from({ length: 3 }, () => 'STREAM_TRUNCATED'))
  const other = await dial('other')
  await settle()
  expect(other.heard).toEqual(['hello'])
  await clock.advance(1000)
  expect(await again(LIMITS.handshakeRate.value)).toEqual([])
})

test('who comes to be something else is held to other rates from the next call on', async () => {
  let allowed = PEER
  const { settle, connect } = await setup({ of: () => allowed, heldBytes: 2000 })
  const raw = await connect()
  for (let n = 0; n < 4; n++) raw.call(2 * n + 1, 'echo', `${n}`)
  await settle()
  expect(raw.heard.at(-1)).toBe('error OVERLOADED')
  allowed = { ...PEER, callBurst: 5 }
  for (let n = 4; n < 9; n++) raw.call(2 * n + 1, 'echo', `${n}`)
  await settle()
  expect(raw.heard.slice(-5)).toEqual([4, 5, 6, 7, 8].map((n) => `data ${n}`))
})
