/** `/v1/live` over real sockets: greeting, calls, slow readers, silence, and all that is not let in. */
import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { PATIENCE } from '../../../support/patience.ts'
import { openDoor, TOKEN } from '../../../support/open-live-door.ts'

test('a greeting is answered with the terms; then calls are, side by side, each under its id', async () => {
  const { greet } = await openDoor()
  const { welcome, say, hearOf } = await greet()
  expect(welcome).toEqual({
    hello: {
      v: 1,
      node: 'birch',
      heartbeatMs: LIMITS.gatewayHeartbeat.value,
      calls: LIMITS.liveCalls.value,
      messageBytes: LIMITS.liveMessageBytes.value
    }
  })
  say({ id: 'slow', call: 'wait' })
  say({ id: 'count', call: 'count', params: { to: 2 } })
  say({ id: 'one', call: 'echo', params: { a: 1 } })
  expect(await hearOf('one')).toEqual({ id: 'one', result: { a: 1 } })
  expect(await hearOf('count')).toEqual({ id: 'count', event: { at: 1 }, place: '1' })
  expect(await hearOf('count')).toEqual({ id: 'count', event: { at: 2 }, place: '2' })
  expect(await hearOf('count')).toEqual({ id: 'count', end: true })
})

test('a stream goes on behind the place that its client names, and ends when it is left', async () => {
  const { greet, pulled } = await openDoor()
  const { say, hearOf } = await greet()
  say({ id: 'a', call: 'count', params: { to: 3 }, after: '2' })
  expect(await hearOf('a')).toEqual({ id: 'a', event: { at: 3 }, place: '3' })
  say({ id: 'b', call: 'wait' })
  await hearOf('b')
  say({ id: 'b', stop: true })
  expect(await hearOf('b')).toEqual({ id: 'b', end: true })
  await vi.waitFor(() => expect(pulled.left).toBe(1), PATIENCE)
})

test('a call that fails, that is not allowed, or that nobody knows, ends with its error', async () => {
  const { greet } = await openDoor()
  const { say, hearOf } = await greet()
  for (const [call, code] of [
    ['fail', 'TASK_NOT_FOUND'],
    ['secret', 'FORBIDDEN'],
    ['nothing', 'UNKNOWN_METHOD']
  ]) {
    say({ id: 'a', call })
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await hearOf('a')).toMatchObject({ id: 'a', error: { code } })
  }
})

test('calls beyond the limit are refused, and the others go on', async () => {
  const { greet } = await openDoor()
  const { say, hearOf } = await greet()
  for (let i = 0; i < LIMITS.liveCalls.value; i += 1) say({ id: `w${i}`, call: 'wait' })
  say({ id: 'more', call: 'echo' })
  expect(await hearOf('more')).toMatchObject({ error: { code: 'OVERLOADED' } })
  say({ id: 'w0', stop: true })
  await hearOf('w0')
  expect(await hearOf('w0')).toEqual({ id: 'w0', end: true })
})

test.for([
  ['in a header', { headers: { authorization: `Bearer ${TOKEN}` } }],
  ['as a subprotocol, as browsers can', { protocols: ['lumos.v1', `bearer.${TOKEN}`] }]
] as const)('a token may be shown %s', async ([, init]) => {
  const { open } = await openDoor()
  const live = await open(init)
  expect(live.socket.protocol).toBe('lumos.v1')
  live.say({ hello: { v: 1 } })
  expect(await live.hear()).toMatchObject({ hello: { node: 'birch' } })
})

test.for([
  ['a wrong token in a header', { headers: { authorization: 'Bearer no' } }, /^401 .*API_TOKEN/],
  ['a wrong token as a subprotocol', { protocols: ['lumos.v1', 'bearer.no'] }, /^401 /],
  ['another subprotocol', { protocols: ['graphql-ws'] }, /^400 .*lumos\.v1/],
  ['a page of another origin', { headers: { origin: 'https://evil.example' } }, /^403 /]
] as const)('%s gets no connection', async ([, init, refusal]) => {
  const { open } = await openDoor()
  await expect(open(init)).rejects.toThrow(refusal)
})

test.for([
  ['a wrong token', { hello: { v: 1, token: 'no' } }, 4401],
  ['no token', { hello: { v: 1 } }, 4401],
  ['another version', { hello: { v: 2, token: TOKEN } }, 4400],
  ['a call before the greeting', { id: '1', call: 'echo' }, 4400],
  ['no message of ours', { what: 'ever' }, 4400]
] as const)('%s ends the connection', async ([, message, code]) => {
  const { open } = await openDoor()
  const live = await open()
  live.say(message)
  expect(await live.closed).toMatchObject({ code })
})

test.for([
  ['no JSON', 'hello', 4400],
  ['bytes', Buffer.from('{}'), 4400],
  ['a message above the limit', ' '.repeat(LIMITS.liveMessageBytes.value + 1), 1009]
] as const)('%s ends the connection, and no other', async ([, data, code]) => {
  const { greet } = await openDoor()
  const other = await greet()
  const live = await greet()
  live.socket.send(data)
  expect(await live.closed).toMatchObject({ code })
  other.say({ id: '1', call: 'echo' })
  expect(await other.hearOf('1')).toEqual({ id: '1', result: {} })
})

test('two calls under one id end the connection: their answers could not be told apart', async () => {
  const { greet } = await openDoor()
  const { say, hearOf, closed } = await greet()
  say({ id: 'a', call: 'wait' })
  await hearOf('a')
  say({ id: 'a', call: 'echo' })
  expect(await closed).toMatchObject({ code: 4400 })
})

test('who does not greet is sent away', async () => {
  const { clock, open } = await openDoor()
  const live = await open()
  await clock.advance(LIMITS.liveHello.value)
  expect(await live.closed).toMatchObject({ code: 4408 })
})

test('a token that is taken back, or has expired, ends the connection: with the next call, or soon without one', async () => {
  const { clock, greet, owners, pulled } = await openDoor()
  const asking = await greet()
  const waiting = await greet()
  waiting.say({ id: 'a', call: 'wait' })
  await waiting.hearOf('a')
  owners.clear()
  asking.say({ id: 'a', call: 'echo' })
  expect(await asking.closed).toEqual({ code: 4401, reason: 'API_TOKEN_REFUSED' })
  await clock.advance(LIMITS.gatewayHeartbeat.value)
  expect(await waiting.closed).toMatchObject({ code: 4401 })
  await vi.waitFor(() => expect(pulled.left).toBe(1), PATIENCE)
})

test('who has nothing to hear hears that the node is there; who is not there is given up', async () => {
  const { clock, greet } = await openDoor()
  const live = await greet()
  await clock.advance(2 * LIMITS.gatewayHeartbeat.value)
  expect(await live.hear()).toEqual({ alive: true })
  // Neither closes nor answers any more.
  live.socket.pause()
  const gone = vi.fn()
  void live.closed.then(gone)
  for (let beats = 0; beats < 5; beats += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await clock.advance(LIMITS.gatewayHeartbeat.value)
  }
  live.socket.resume()
  await vi.waitFor(() => expect(gone).toHaveBeenCalled(), PATIENCE)
})

test('a slow reader holds back its own stream, is cut at last, and goes on from its place', async () => {
  const { clock, greet, pulled } = await openDoor()
  const slow = await greet()
  slow.socket.pause()
  slow.say({ id: 'a', call: 'flood' })
  let before = -1
  let looks = 0
  // Until what the sockets hold, and our bound, are full: the stream is asked for no more, and its wait is timed.
  await vi.waitFor(() => {
    looks = pulled.pieces === before && clock.pending === 2 ? looks + 1 : 0
    before = pulled.pieces
    expect(looks).toBeGreaterThan(10)
  }, PATIENCE)
  const quick = await greet()
  quick.say({ id: 'b', call: 'echo' })
  expect(await quick.hearOf('b')).toMatchObject({ result: {} })
  await clock.advance(LIMITS.gatewayStall.value)
  slow.socket.resume()
  let place = '0'
  for (let heard = true; heard;) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const message = await slow.hearOf('a').catch(() => undefined)
    heard = message !== undefined
    if (typeof message?.['place'] === 'string') place = message['place']
  }
  expect(Number(place)).toBeGreaterThan(0)
  const again = await greet()
  again.say({ id: 'a', call: 'flood', after: place })
  expect(await again.hearOf('a')).toMatchObject({ place: String(Number(place) + 1) })
  again.say({ id: 'a', stop: true })
})

test('a node that stops says so', async () => {
  const { greet, stopping } = await openDoor()
  const live = await greet()
  stopping.abort()
  expect(await live.closed).toEqual({ code: 1001, reason: 'SHUTTING_DOWN' })
})
