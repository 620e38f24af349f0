/** What one client of `/v1/live` can have of it, and for how long: places, refusals, a credential that was taken back. */
import { expect, test, vi } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { PATIENCE } from '../../../support/patience.ts'
import { HELLO, openDoor, OTHER_TOKEN, TOKEN } from '../../../support/open-live-door.ts'

test('a token that was taken back ends the connection also where too many have failed to come in', async () => {
  const { clock, greet, owners, refusal } = await openDoor()
  const asking = await greet()
  const waiting = await greet()
  owners.clear()
  refusal.code = 'AUTH_RATE_LIMITED'
  asking.say({ id: 'a', call: 'echo' })
  expect(await asking.closed).toEqual({ code: 4401, reason: 'AUTH_RATE_LIMITED' })
  await clock.advance(LIMITS.gatewayHeartbeat.value)
  expect(await waiting.closed).toMatchObject({ code: 4401 })
})

test('an issuer that cannot be asked just now ends no connection', async () => {
  const { clock, greet, owners, refusal } = await openDoor()
  const { say, hearOf } = await greet()
  owners.clear()
  refusal.code = 'JWT_KEYS_UNAVAILABLE'
  await clock.advance(LIMITS.gatewayHeartbeat.value)
  say({ id: 'a', call: 'echo' })
  expect(await hearOf('a')).toMatchObject({ error: { code: 'JWT_KEYS_UNAVAILABLE' } })
  owners.set(TOKEN, 'http:a')
  say({ id: 'b', call: 'echo' })
  expect(await hearOf('b')).toEqual({ id: 'b', result: {} })
})

test('who comes in while too many fail to hears to come later', async () => {
  const { open, owners, refusal } = await openDoor()
  owners.clear()
  refusal.code = 'AUTH_RATE_LIMITED'
  const live = await open()
  live.say(HELLO)
  expect(await live.closed).toEqual({ code: 4429, reason: 'AUTH_RATE_LIMITED' })
})

test('who leaves while its credential is looked at leaves no heartbeat behind', async () => {
  const { clock, open, looking } = await openDoor()
  const { promise, resolve } = Promise.withResolvers<void>()
  looking.done = promise
  const live = await open()
  live.say(HELLO)
  await vi.waitFor(() => expect(looking.begun).toBe(1), PATIENCE)
  live.socket.terminate()
  await vi.waitFor(() => expect(clock.pending).toBe(0), PATIENCE)
  resolve()
  await clock.advance(0)
  expect(clock.pending).toBe(0)
})

test('one owner has at most a quarter of all places, and others come in', async () => {
  const { greet, open } = await openDoor({ connections: 8 })
  const [first] = await Promise.all([greet(), greet()])
  const more = await open()
  more.say(HELLO)
  expect(await more.closed).toEqual({ code: 4429, reason: 'OVERLOADED' })
  const headers = { authorization: `Bearer ${TOKEN}` }
  await expect(open({ headers })).rejects.toThrow(/^429 .*OVERLOADED/)
  const other = await open({ headers: { authorization: `Bearer ${OTHER_TOKEN}` } })
  other.say({ hello: { v: 1 } })
  expect(await other.hear()).toMatchObject({ hello: { node: 'birch' } })
  // Asked again who it is, it needs no second place.
  first.say({ id: 'a', call: 'echo' })
  expect(await first.hearOf('a')).toEqual({ id: 'a', result: {} })
  first.socket.close()
  await first.closed
  await vi.waitFor(
    async () => expect((await open({ headers })).socket.readyState).toBe(1),
    PATIENCE
  )
})

test('who has not said who it is takes no place of an owner', async () => {
  const { greet, open } = await openDoor({ connections: 8 })
  await Promise.all([open(), open(), open()])
  expect(await greet()).toMatchObject({ welcome: { hello: { node: 'birch' } } })
})

test('who asks on and on without reading the answers is sent away', async () => {
  const { clock, greet, pulled } = await openDoor()
  const { socket, say, hearOf, closed } = await greet()
  for (let i = 1; i < LIMITS.liveCalls.value; i += 1) {
    say({ id: `w${i}`, call: 'wait' })
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await hearOf(`w${i}`)
  }
  socket.pause()
  say({ id: 'flood', call: 'flood' })
  let before = -1
  let looks = 0
  await vi.waitFor(() => {
    looks = pulled.pieces === before && clock.pending === 2 ? looks + 1 : 0
    before = pulled.pieces
    expect(looks).toBeGreaterThan(10)
  }, PATIENCE)
  for (let i = 0; i <= 2 * LIMITS.liveCalls.value; i += 1) say({ id: `more${i}`, call: 'echo' })
  await vi.waitFor(() => expect(pulled.left).toBe(LIMITS.liveCalls.value - 1), PATIENCE)
  socket.resume()
  expect(await closed).toEqual({ code: 4429, reason: 'OVERLOADED' })
})
