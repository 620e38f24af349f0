/** How push notifications share their places, when several reasons to wait end at once. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { createPushPlaces } from '../../../../tasks/push/places.ts'

const NEVER = new AbortController().signal

test('one place given back lets everybody in who waited for it', async () => {
  const places = createPushPlaces()
  const first = await places.take({ receiver: 'a', failing: true }, NEVER)
  for (let number = 1; number < LIMITS.pushesPerReceiver.value; number += 1) {
    await places.take({ receiver: 'a', failing: false }, NEVER)
  }
  for (let number = 1; number < LIMITS.pushesInFlight.value / 2; number += 1) {
    await places.take({ receiver: `r${number}`, failing: true }, NEVER)
  }
  const waiting = [
    places.take({ receiver: 'a', failing: false }, NEVER),
    places.take({ receiver: 'b', failing: true }, NEVER)
  ]
  first?.()
  expect(await Promise.all(waiting)).toEqual([expect.any(Function), expect.any(Function)])
})

test('who waits no more takes no place', async () => {
  const places = createPushPlaces()
  const first = await places.take({ receiver: 'a', failing: true }, NEVER)
  const leaving = new AbortController()
  const left = places.take({ receiver: 'a', failing: true }, leaving.signal)
  const stays = places.take({ receiver: 'a', failing: true }, NEVER)
  leaving.abort()
  expect(await left).toBeUndefined()
  first?.()
  expect(await stays).toBeTypeOf('function')
  expect(await places.take({ receiver: 'b', failing: false }, leaving.signal)).toBeUndefined()
})
