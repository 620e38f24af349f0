import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { hostileSetup as setup } from '../../../support/hostile-session.ts'
import type { RawSessionPeer } from '../../../support/raw-session-peer.ts'

const OPEN = 0x03
const DATA = 0x04
/** A REFUSE of which little would be kept. */
const REFUSAL = JSON.stringify({
  code: 'OTHER_SWARM',
  details: { much: 'x'.repeat(LIMITS.wireErrorBytes.value) }
})

test.for([
  ['a frame shorter than its header', (raw) => raw.sayBytes(Uint8Array.of(DATA, 0, 0))],
  ['an unknown type', (raw) => raw.say(0x0c, 0, 1)],
  ['a second HELLO', (raw) => raw.hello()],
  ['an unknown flag', (raw) => raw.say(DATA, 0x80, 1)],
  ['a call with an id of ours', (raw) => raw.call(2, 'echo')],
  ['a call id used twice', (raw) => (raw.call(1, 'echo'), raw.call(1, 'echo'))],
  ['a call id that goes back', (raw) => (raw.call(9, 'echo'), raw.call(7, 'echo'))],
  ['DATA of a call never made', (raw) => raw.say(DATA, 0x03, 99)],
  ['a response to a call never made', (raw) => raw.say(DATA, 0x03, 2)],
  ['an error for a call never made', (raw) => raw.say(0x05, 0, 2, '{"code":"X"}')],
  ['CANCEL of our call', (raw) => raw.say(0x06, 0, 2)],
  [
    'client streaming, which is reserved',
    (raw) => raw.say(OPEN, 0x01, 1, Buffer.from('\0\0\0\0\x01\0\0x'))
  ],
  [
    'a method that is not ASCII',
    (raw) => raw.say(OPEN, 0x03, 1, Buffer.from([0, 0, 0, 0, 1, 0, 0, 200]))
  ],
  ['a chunk above the limit', (raw) => raw.say(DATA, 0, 1, new Uint8Array(65_537))],
  ['credit of a wrong length', (raw) => raw.say(0x07, 0, 0, '123')],
  ['credit beyond all measure', (raw) => raw.say(0x07, 0, 0, Buffer.from([255, 255, 255, 255]))],
  ['a ping of a wrong length', (raw) => raw.say(0x08, 0, 0, '12345')],
  ['an error that is no JSON', (raw) => raw.say(0x0a, 0, 0, 'no')]
] satisfies readonly (readonly [string, (raw: RawSessionPeer) => void])[])(
  '%s costs the peer its session, and nobody else',
  async ([, misbehave]) => {
    const { sessions, seen, settle, connect } = await setup()
    const honest = await connect('honest')
    const raw = await connect()
    misbehave(raw)
    await settle()
    expect(seen.slice(2)).toEqual(['closed raw PROTOCOL_VIOLATION'])
    expect(raw.heard.at(-1)).toBe('goAway PROTOCOL_VIOLATION')
    expect(raw.end).toBe('ended')
    expect(sessions.all().map(({ peer }) => peer)).toEqual(['honest'])
    honest.call(1, 'echo', 'still here')
    await settle()
    expect(honest.heard.at(-1)).toBe('data still here')
  }
)

test('a credit window that is overrun ends the session', async () => {
  const { seen, settle, connect } = await setup()
  const raw = await connect()
  raw.say(OPEN, 0x00, 1, Buffer.from('\0\0\0\0\x04\0\0echo'))
  for (let chunk = 0; chunk < 5; chunk++) raw.say(DATA, 0, 1, new Uint8Array(65_536))
  await settle()
  // 256 KiB were granted; what was consumed comes back in quarters, so that five chunks may pass.
  expect(seen).toEqual(['opened raw'])
  raw.say(OPEN, 0x04, 3, Buffer.from('\0\0\0\0\x04\0\0echo'))
  for (let chunk = 0; chunk < 20; chunk++) raw.say(DATA, 0x01, 99, new Uint8Array(65_536))
  await settle()
  expect(seen.at(-1)).toBe('closed raw PROTOCOL_VIOLATION')
})

test('what a method does not expect to be so large is refused while it arrives', async () => {
  const { sessions, settle, connect } = await setup()
  sessions.methods.request('name', (body) => body, { mostBytes: 100_000 })
  const raw = await connect()
  raw.say(OPEN, 0x00, 1, Buffer.from('\0\0\0\0\x04\0\0name'))
  raw.say(DATA, 0, 1, new Uint8Array(60_000))
  await settle()
  expect(raw.heard.slice(1)).toEqual([])
  raw.say(DATA, 0, 1, new Uint8Array(60_000))
  await settle()
  expect(raw.heard.slice(1)).toEqual(['error PAYLOAD_TOO_LARGE'])
  raw.call(3, 'name', 'x'.repeat(1000))
  await settle()
  expect(raw.heard.at(-1)).toBe(`data ${'x'.repeat(1000)}`)
})

test('so is what comes whole with its call', async () => {
  const { sessions, settle, connect } = await setup()
  sessions.methods.request('name', (body) => body, { mostBytes: 100 })
  const raw = await connect()
  raw.call(1, 'name', 'x'.repeat(101))
  raw.call(3, 'name', 'x'.repeat(100))
  await settle()
  expect(raw.heard.slice(1)).toEqual(['error PAYLOAD_TOO_LARGE', `data ${'x'.repeat(100)}`])
})

test('frames of calls that have ended, and of later versions, are passed over', async () => {
  const { seen, settle, connect } = await setup()
  const raw = await connect()
  raw.call(1, 'echo', 'one')
  await settle()
  raw.say(0x06, 0, 1)
  raw.say(DATA, 0x03, 1, 'late')
  raw.say(0x80, 0xff, 12345, 'what is this')
  raw.call(3, 'echo', 'two')
  await settle()
  expect(raw.heard).toEqual(['hello', 'data one', 'data two'])
  expect(seen).toEqual(['opened raw'])
})

test('wrong headers cost their call, not the session', async () => {
  const { settle, connect } = await setup()
  const raw = await connect()
  raw.say(OPEN, 0x03, 1, Buffer.from('\0\0\0\0\x04\0\x02echo[]'))
  raw.call(3, 'echo', 'fine')
  await settle()
  expect(raw.heard).toEqual(['hello', 'error INVALID_REQUEST', 'data fine'])
})

test('a peer that breaks the protocol again and again has to wait', async () => {
  const { sessions, clock, seen, settle, connect } = await setup()
  const offences: string[] = []
  sessions.events.on('offended', (peer, { code }) => offences.push(`${peer} ${code}`))
  for (let strike = 0; strike < LIMITS.sessionStrikes.value; strike++) {
    const raw = await connect()
    raw.say(0x0c, 0, 1)
    await settle()
  }
  expect(offences).toEqual(Array.from({ length: 3 }, () => 'raw PROTOCOL_VIOLATION'))
  const refused = await connect()
  expect(refused.heard).toEqual([])
  expect(refused.end).toBe('STREAM_TRUNCATED')
  await clock.advance(LIMITS.sessionPenalty.value)
  expect((await connect()).heard).toEqual(['hello'])
  expect(seen.filter((event) => event === 'opened raw')).toHaveLength(4)
})

test.for([
  ['OTHER_SWARM', { swarm: 'other' }],
  ['VERSION_MISMATCH', { protocol: '2.0' }],
  ['DUPLICATE_KEY', { instance: '9fe15b2b5f8e' }]
] as const)('tells the peer why it is refused: %s', async ([code, fields]) => {
  const { sessions, seen, settle, dial } = await setup()
  const probe = await dial('probe')
  await settle()
  const [hello] = probe.frames
  const said: unknown =
    hello?.type === 0x01 ? JSON.parse(new TextDecoder().decode(hello.body)) : undefined
  expect(said).toMatchObject({ protocol: '1.0', swarm: 'test', name: 'node' })
  const instance = String(Object(said).instance)
  const raw = await dial()
  raw.hello(code === 'DUPLICATE_KEY' ? { instance } : fields)
  await settle()
  expect(raw.heard).toEqual(['hello', `refuse ${code}`])
  expect(raw.end).toBe('ended')
  expect(seen).toEqual([`refused raw ${code}`])
  expect(sessions.all()).toEqual([])
  await probe.close()
})

test('a later minor version of the protocol, with fields of its own, is welcome', async () => {
  const { sessions, settle, dial } = await setup()
  const raw = await dial()
  raw.say(
    0x01,
    0,
    0,
    JSON.stringify({
      protocol: '1.7',
      swarm: 'test',
      name: 'new',
      version: '9',
      instance: '12345678',
      clock: 5,
      fields: { slots: 3 },
      mood: 'good'
    })
  )
  await settle()
  expect(sessions.get('raw')?.hello).toMatchObject({ mood: 'good', fields: { slots: 3 } })
})

test.for([
  ['no HELLO', (raw) => raw.call(1, 'echo')],
  ['a HELLO that is no JSON', (raw) => raw.say(0x01, 0, 0, '{')],
  ['a HELLO without its fields', (raw) => raw.say(0x01, 0, 0, '{"protocol":"1.0"}')],
  [
    'a HELLO longer than anybody’s',
    (raw) => raw.hello({ fields: { much: 'x'.repeat(LIMITS.helloBytes.value) } })
  ],
  ['a refusal longer than anybody’s', (raw) => raw.say(0x02, 0, 0, REFUSAL)]
] satisfies readonly (readonly [string, (raw: RawSessionPeer) => void])[])(
  '%s ends the stream before there is a session',
  async ([, misbehave]) => {
    const { seen, settle, dial } = await setup()
    const raw = await dial()
    misbehave(raw)
    await settle()
    expect(raw.end).toBe('STREAM_TRUNCATED')
    expect(seen).toEqual([])
  }
)

test('a silent peer does not keep its streams, and cannot have many of them', async () => {
  const { clock, settle, dial } = await setup()
  const silent: RawSessionPeer[] = []
  for (let n = 0; n < LIMITS.sessionHandshakes.value; n++) silent.push(await dial())
  const surplus = await dial()
  await settle()
  expect(surplus.end).toBe('STREAM_TRUNCATED')
  expect(silent.map(({ end }) => end)).not.toContain('STREAM_TRUNCATED')
  await clock.advance(LIMITS.sessionHello.value)
  await settle()
  expect(new Set(silent.map(({ end }) => end))).toEqual(new Set(['STREAM_TRUNCATED']))
})

test('a flood of pings is answered once a write', async () => {
  const { settle, connect } = await setup()
  const raw = await connect()
  for (let n = 0; n < 1000; n++) raw.say(0x08, 0, 0, Buffer.from([0, 0, 0, n % 256]))
  await settle()
  const pongs = raw.frames.filter(({ type }) => type === 0x09)
  expect(pongs.length).toBeGreaterThan(0)
  expect(pongs.length).toBeLessThan(20)
})

test('calls opened and cancelled in a flood still count while their handlers run', async () => {
  const { sessions, settle, connect } = await setup()
  let running = 0
  sessions.methods.request('hang', () => {
    running++
    return new Promise(() => {})
  })
  const raw = await connect()
  for (let n = 0; n < 3000; n++) {
    raw.call(2 * n + 1, 'hang')
    raw.say(0x06, 0, 2 * n + 1)
  }
  await settle()
  // A turn of the loop takes a part of them.
  await expect
    .poll(() => raw.heard.filter((frame) => frame.startsWith('error')))
    .toHaveLength(3000 - LIMITS.callsPerPeer.value)
  expect(running).toBe(LIMITS.callsPerPeer.value)
  expect(raw.heard.at(-1)).toBe('error SESSION_LIMIT')
})

test('messages without bytes are not free', async () => {
  const { sessions, seen, settle, connect } = await setup()
  const raw = await connect()
  const stream = sessions.get('raw')?.stream('endless', new Uint8Array(), { timeoutMs: Infinity })
  // The reader asks for one message, and then for nothing.
  const first = stream?.next()
  await settle()
  for (let n = 0; n < LIMITS.callWindow.value / 64 + 2; n++) raw.say(DATA, 0x01, 2)
  const outcome = first?.catch((error: unknown) => error)
  await settle()
  expect(await outcome).toMatchObject({ done: false })
  await expect.poll(() => seen.at(-1)).toBe('closed raw PROTOCOL_VIOLATION')
})
