/** Server-sent events of the control API: placed, alive while nothing happens, and with a reason at their end. */
import { expect, test } from 'vitest'
import { readEvents } from '../../../../client/event-stream.ts'
import { LumosError, toLumosError } from '../../../../core/errors.ts'
import { LIMITS } from '../../../../core/limits.ts'
import { eventBody } from '../../../../gateway/control/event-body.ts'
import type { PlacedDocument } from '../../../../gateway/control/event-body.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

function setup(events: AsyncGenerator<PlacedDocument>) {
  const clock = new ManualClock()
  const stop = new AbortController()
  const { signal } = stop
  let ended = 0
  const body = eventBody({
    events,
    signal,
    ended: () => (ended += 1),
    clock,
    asFailure: toLumosError
  })
  const told = readEvents(body as AsyncIterable<Uint8Array>)
  const next = async () => (await told.next()).value
  return { clock, next, stop, isEnded: () => ended > 0 }
}

const ALIVE = { event: 'message', id: '', data: '' }

test('each event has its place; before the first one its reader knows that it listens', async () => {
  const { next, isEnded } = setup(
    (async function* () {
      yield { event: { type: 'task', text: 'two\nlines' }, place: 'a.1' }
    })()
  )
  expect(await next()).toEqual(ALIVE)
  const event = await next()
  expect(event).toMatchObject({ id: 'a.1' })
  expect(JSON.parse(event?.data ?? '')).toEqual({ type: 'task', text: 'two\nlines' })
  expect(await next()).toBeUndefined()
  expect(isEnded()).toBe(true)
})

test('while nothing happens it says again and again that it is there', async () => {
  // oxlint-disable-next-line require-yield -- nothing happens
  const silent = (async function* (): AsyncGenerator<PlacedDocument> {
    await new Promise(() => {})
  })()
  const { clock, next, stop } = setup(silent)
  expect(await next()).toEqual(ALIVE)
  const second = next()
  await clock.advance(LIMITS.gatewayHeartbeat.value)
  expect(await second).toEqual(ALIVE)
  const last = next()
  stop.abort(new LumosError('SHUTTING_DOWN'))
  const { event, data } = (await last) ?? ALIVE
  expect([event, JSON.parse(data).error.code]).toEqual(['error', 'SHUTTING_DOWN'])
})
