/** One connection's share of a turn of the event loop. */
import { expect, test } from 'vitest'
import { LIMITS } from '../../../../core/limits.ts'
import { FairReading } from '../../../../node/libp2p/fair-reading.ts'

const SHARE = LIMITS.turnBytes.value

function setup() {
  const turns: (() => void)[] = []
  const connection = {
    reading: true,
    closed: false,
    pause: () => void (connection.reading = false),
    resume() {
      if (connection.closed) throw new Error('closed')
      connection.reading = true
    }
  }
  const reading = new FairReading({ connection, defer: (action) => void turns.push(action) })
  const endTurn = () => turns.splice(0).forEach((action) => action())
  return { connection, reading, endTurn }
}

test('a connection rests when it had its share of a turn, and goes on in the next', () => {
  const { connection, reading, endTurn } = setup()
  reading.received(SHARE - 1)
  expect(connection.reading).toBe(true)
  reading.received(1)
  expect(connection.reading).toBe(false)
  endTurn()
  expect(connection.reading).toBe(true)
  reading.received(SHARE - 1)
  expect(connection.reading).toBe(true)
})

test('a share that is not used up does not add to that of the next turn', () => {
  const { connection, reading, endTurn } = setup()
  for (let turn = 0; turn < 5; turn++) {
    reading.received(SHARE - 1)
    endTurn()
  }
  expect(connection.reading).toBe(true)
})

test('who paused the connection is heeded after a rest, who resumed it not before', () => {
  const { connection, reading, endTurn } = setup()
  reading.received(SHARE)
  reading.pause()
  endTurn()
  expect(connection.reading).toBe(false)
  reading.resume()
  expect(connection.reading).toBe(true)
  reading.received(SHARE)
  reading.pause()
  reading.resume()
  expect(connection.reading).toBe(false)
  endTurn()
  expect(connection.reading).toBe(true)
})

test('a connection that is closed while it rests is left alone', () => {
  const { connection, reading, endTurn } = setup()
  reading.received(SHARE)
  connection.closed = true
  endTurn()
  expect(connection.reading).toBe(false)
})
