import { expect, test } from 'vitest'
import { createPlaces } from '../../../../gateway/live/places.ts'

function setup() {
  const places = createPlaces({ most: 8, strangers: 2 })
  const take = (owner?: string) => places.take(owner)
  return { places, take }
}

test('an owner has a quarter of all places, however it came to them', () => {
  const { places, take } = setup()
  take('a')
  const stranger = take()
  expect(stranger.claim('a')).toBe(true)
  expect(places.hasRoom('a')).toBe(false)
  expect(take().claim('a')).toBe(false)
  expect(places.hasRoom('b')).toBe(true)
  expect(stranger.claim('a')).toBe(true)
  stranger.leave()
  expect(places.hasRoom('a')).toBe(true)
})

test('who says who it is makes room for a stranger', () => {
  const { places, take } = setup()
  const first = take()
  take()
  expect(places.hasRoom(undefined)).toBe(false)
  first.claim('a')
  expect(places.hasRoom(undefined)).toBe(true)
})

test('nobody comes in when all places are taken', () => {
  const { places, take } = setup()
  const taken = Array.from({ length: 8 }, (_, index) => take(`owner-${index}`))
  expect(places.hasRoom('other')).toBe(false)
  expect(places.hasRoom(undefined)).toBe(false)
  taken[0]?.leave()
  expect(places.hasRoom('other')).toBe(true)
})

test('who is known only after it has left takes nothing', () => {
  const { places, take } = setup()
  const gone = [take(), take(), take(), take()]
  for (const place of gone) {
    place.leave()
    place.claim('a')
    place.leave()
  }
  expect(places.hasRoom('a')).toBe(true)
  take()
  take()
  expect(places.hasRoom(undefined)).toBe(false)
})
