import { expect, test } from 'vitest'
import { gossipKey } from '../../../../node/libp2p/gossip.ts'

function message(author: number, number: number) {
  return { from: new Uint8Array(38).fill(author), seqno: new Uint8Array(8).fill(number) }
}

test('messages are told apart by author and number', () => {
  const keys = [message(1, 1), message(1, 200), message(200, 1), {}].map(gossipKey)
  expect(new Set(keys).size).toBe(4)
  expect(gossipKey(message(1, 1))).toBe(keys[0])
})
