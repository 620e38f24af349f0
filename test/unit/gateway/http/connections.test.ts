/** Places at the doors over HTTP: who gives way when all are taken. */
import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { createConnections } from '../../../../gateway/http/connections.ts'

class FakeSocket extends EventEmitter {
  readonly remoteAddress: string
  readonly remotePort: number
  isDestroyed = false

  constructor(remoteAddress: string, remotePort: number) {
    super()
    this.remoteAddress = remoteAddress
    this.remotePort = remotePort
  }

  destroy(): void {
    this.isDestroyed = true
    this.emit('close')
  }
}

function setup(most = 8) {
  const connections = createConnections({ most })
  let port = 0
  function connect(address = '10.0.0.1'): FakeSocket {
    port += 1
    const socket = new FakeSocket(address, port)
    connections.take(socket)
    return socket
  }
  return {
    connections,
    connect,
    many: (count: number, address?: string) =>
      Array.from({ length: count }, () => connect(address)),
    /** With a request that was answered. */
    come: (address?: string): FakeSocket => {
      const socket = connect(address)
      const end = connections.begin(socket)
      connections.trust(socket)
      end()
      return socket
    }
  }
}

function ended(sockets: readonly FakeSocket[]): number {
  return sockets.filter(({ isDestroyed }) => isDestroyed).length
}

test('whoever says nothing gives way to whoever comes, the oldest first', () => {
  const { connections, many, connect } = setup()
  const silent = many(8)
  const late = connect()
  expect(late.isDestroyed).toBe(false)
  expect(silent[0]?.isDestroyed).toBe(true)
  expect(ended(silent)).toBe(1)
  expect(connections.size).toBe(8)
})

test('one by which somebody came in stays while there are many by which nobody did', () => {
  const { come, many } = setup()
  const known = come()
  many(100)
  expect(known.isDestroyed).toBe(false)
})

test('nobody who is being answered gives way: when all are, who comes is sent away', () => {
  const { connections, many, connect } = setup()
  const ends = many(8).map((socket) => connections.begin(socket))
  expect(connect().isDestroyed).toBe(true)
  ends[0]?.()
  expect(connect().isDestroyed).toBe(false)
  expect(connections.size).toBe(8)
})

test('whoever holds all places cannot end newcomers before they have spoken', () => {
  const { come, connect } = setup()
  const held = Array.from({ length: 8 }, () => come())
  const first = connect()
  const second = connect()
  expect([first.isDestroyed, second.isDestroyed]).toEqual([false, false])
  expect(ended(held)).toBe(2)
})

test('an address that has many loses its own, rather than push out those of others', () => {
  const { many, connect } = setup()
  const honest = connect('10.0.0.2')
  const greedy = many(100, '10.0.0.1')
  expect(honest.isDestroyed).toBe(false)
  expect(ended(greedy)).toBe(93)
})

test('places are free again when their sockets are gone, in whatever order that is told', () => {
  const { connections, many, connect } = setup()
  const sockets = many(8)
  const end = connections.begin(sockets[0] ?? connect())
  for (const socket of sockets) socket.destroy()
  end()
  expect(connections.size).toBe(0)
  expect(ended(many(8))).toBe(0)
})
