import { expect, test } from 'vitest'
import { createRecordStore } from '../../../../discovery/dht/provider-records.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const QUOTA = { perPeer: 4, perKey: 5, most: 10, rate: 1, burst: 8 }

function setup() {
  const clock = new ManualClock()
  const refused: string[] = []
  const store = createRecordStore<string>(
    { clock, self: 'self', onRefused: (peer) => void refused.push(peer) },
    QUOTA
  )
  const put = (peer: string, ...keys: readonly string[]): number => {
    let taken = 0
    for (const key of keys) {
      try {
        store.put({ key, peer, value: '' })
        taken += 1
      } catch (error) {
        expect(error).toMatchObject({ code: 'OVERLOADED' })
      }
    }
    return taken
  }
  const holders = (key: string): string[] => store.of(key).map(({ peer }) => peer)
  const size = (): number => [...store.all()].length
  return { clock, refused, store, put, holders, size }
}

const keysOf = (peer: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${peer}-${index}`)

test('tells who has a key, whoever else has it', () => {
  const { put, holders, store } = setup()
  put('a', 'x', 'y')
  put('b', 'x')
  expect(holders('x')).toEqual(['a', 'b'])
  expect(holders('y')).toEqual(['a'])
  store.delete('x', 'a')
  expect(holders('x')).toEqual(['b'])
  expect(holders('z')).toEqual([])
})

test('refuses what one peer has beyond its quota, and says so', () => {
  const { put, refused, size } = setup()
  expect(put('liar', ...keysOf('liar', 7))).toBe(4)
  expect(size()).toBe(4)
  expect(refused).toEqual(['liar', 'liar', 'liar'])
})

test('of a skill that all have the latest are kept, so that they fit into an answer', () => {
  const { put, holders, size, clock } = setup()
  put('self', 'echo')
  for (const peer of ['a', 'b', 'c', 'd']) put(peer, 'echo')
  void clock.advance(1000)
  put('a', 'echo')
  put('e', 'echo')
  put('f', 'echo')
  expect(holders('echo')).toEqual(['self', 'd', 'a', 'e', 'f'])
  expect(size()).toBe(5)
})

test('a renewal is no further record', () => {
  const { put, size } = setup()
  expect(put('a', ...keysOf('a', 4), ...keysOf('a', 4))).toBe(8)
  expect(size()).toBe(4)
})

test('a record that is gone makes room for another of its peer', () => {
  const { put, store } = setup()
  put('a', ...keysOf('a', 4))
  store.delete('a-0', 'a')
  expect(put('a', 'other')).toBe(1)
})

test('who renews without a pause is refused until its rate allows it again', async () => {
  const { clock, put } = setup()
  expect(put('a', ...Array.from({ length: 12 }, () => 'x'))).toBe(8)
  expect(put('b', 'x')).toBe(1)
  await clock.advance(2000)
  expect(put('a', 'x', 'x', 'x')).toBe(2)
})

test('when all is full, who has most gives up its oldest; liars drive out nobody who has few', () => {
  const { put, holders, size } = setup()
  put('honest', 'skill')
  for (const liar of ['l1', 'l2']) put(liar, ...keysOf(liar, 4))
  expect(put('l3', ...keysOf('l3', 4))).toBe(3)
  expect(put('newcomer', 'skill')).toBe(1)
  expect(size()).toBe(10)
  expect(holders('skill')).toEqual(['honest', 'newcomer'])
  expect(holders('l1-0')).toEqual([])
})

test('this node’s own records are always taken', () => {
  const { put, refused } = setup()
  expect(put('self', ...keysOf('self', 20))).toBe(20)
  expect(refused).toEqual([])
})
