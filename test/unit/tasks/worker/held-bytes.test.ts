import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHeldBytes } from '../../../../tasks/worker/held-bytes.ts'

const REFUSED = expect.objectContaining({ code: 'OVERLOADED' })

test('a peer that holds much is refused until it holds less, and others are not', () => {
  const held = createHeldBytes({ perPeer: () => 100, total: 1000, self: 'me' })
  const release = held.take('a', 60)
  expect(() => held.take('a', 60)).toThrow(REFUSED)
  held.take('b', 60)
  release()
  held.take('a', 60)
})

test('one of any size is taken, as messages have a limit of their own', () => {
  const held = createHeldBytes({ perPeer: () => 100, total: 1000, self: 'me' })
  held.take('a', 900)
  held.take('b', 900)
  expect(() => held.take('a', 1)).toThrow(REFUSED)
})

test('many that bring one each fill twice the total and no more, and none of it is the node’s own', () => {
  const held = createHeldBytes({ perPeer: () => 100, total: 1000, self: 'me' })
  held.take('me', 100)
  for (let at = 0; at < 20; at += 1) held.take(`peer-${at}`, 100)
  expect(() => held.take('another', 100)).toThrow(REFUSED)
  held.take('me', 0)
  expect(() => held.take('me', 1)).toThrow(REFUSED)
})

test('what was accepted before counts, and is never refused', () => {
  const held = createHeldBytes({ perPeer: () => 100, total: 1000, self: 'me' })
  held.keep('a', 90)
  held.keep('a', 90)
  expect(() => held.take('a', 1)).toThrow(REFUSED)
})

test('nobody holds more than its share beyond its first one, and all give back what they took', () => {
  const step = fc.record({
    peer: fc.constantFrom('a', 'b', 'c'),
    bytes: fc.integer({ min: 1, max: 80 }),
    gives: fc.boolean()
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const held = createHeldBytes({ perPeer: () => 100, total: 250, self: 'me' })
      const taken: { peer: string; bytes: number; release: () => void }[] = []
      const sum = (of?: string): number =>
        taken.reduce((all, { peer, bytes }) => all + (peer === (of ?? peer) ? bytes : 0), 0)
      for (const { peer, bytes, gives } of steps) {
        if (gives) {
          taken.shift()?.release()
          continue
        }
        const own = sum(peer)
        const fits = own === 0 ? sum() + bytes <= 500 : own + bytes <= 100 && sum() + bytes <= 250
        if (fits) taken.push({ peer, bytes, release: held.take(peer, bytes) })
        else expect(() => held.take(peer, bytes)).toThrow(REFUSED)
      }
    })
  )
})
