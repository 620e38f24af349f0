/** Bytes by connection and peer: sockets are believed, others are counted, and what a relay carries is counted once. */
import { expect, test } from 'vitest'
import type { MessageStream } from '@libp2p/interface'
import { createPeerRates } from '../../../../node/metrics/peer-rates.ts'
import { createTraffic } from '../../../../node/metrics/traffic.ts'
import { guardStream } from '../../../../node/libp2p/stream-guard.ts'
import { WireGuard } from '../../../../node/libp2p/wire-guard.ts'

/** What the class of each connection of js-libp2p does its work with. */
class FakeConnection extends EventTarget {
  readonly remoteAddr: string
  readonly readBufferLength = 0
  readonly received: number[] = []

  constructor(remoteAddr = '/ip4/127.0.0.1/tcp/1/ws') {
    super()
    this.remoteAddr = remoteAddr
  }

  onData({ byteLength }: Uint8Array): void {
    this.received.push(byteLength)
  }

  sendData({ byteLength }: Uint8Array): { readonly sentBytes: number } {
    return { sentBytes: byteLength - 1 }
  }
}

function setup(connection = new FakeConnection()) {
  const traffic = createTraffic()
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the part of it that is used
  const stream = connection as unknown as MessageStream
  traffic.watch(stream)
  return { traffic, connection, stream }
}

test('the bytes of a socket are those that the system counts', () => {
  const socket = { bytesRead: 5, bytesWritten: 7 }
  const { traffic, connection } = setup(Object.assign(new FakeConnection(), { socket }))
  expect(traffic.total()).toEqual({ in: 5, out: 7 })
  socket.bytesRead = 50
  connection.dispatchEvent(new Event('close'))
  socket.bytesRead = 500
  expect(traffic.total()).toEqual({ in: 50, out: 7 })
})

test('where there is no socket, what comes and what was really sent is counted', () => {
  const { traffic, connection } = setup()
  connection.onData(new Uint8Array(10))
  connection.sendData(new Uint8Array(4))
  expect(traffic.total()).toEqual({ in: 10, out: 3 })
  expect(connection.received).toEqual([10])
})

test('it counts on after the guard of the first bytes has seen enough', async () => {
  const { traffic, connection, stream } = setup()
  await guardStream(stream, new WireGuard(() => 'opaque'), (violation) => {
    throw violation
  })
  const line = Buffer.from('\x13/multistream/1.0.0\n\x07/noise\n')
  connection.onData(line)
  connection.onData(new Uint8Array(100))
  expect(traffic.total().in).toBe(line.length + 100)
  expect(connection.received).toEqual([line.length, 100])
})

test('what goes through a relay belongs to its peer, and is no traffic besides that of the relay', () => {
  const { traffic, connection, stream } = setup(new FakeConnection('/p2p/relay/p2p-circuit/p2p/x'))
  const link = setup().stream
  traffic.wrapped(stream, link)
  traffic.belongs(link, 'x')
  connection.onData(new Uint8Array(10))
  expect(traffic.ofPeer('x')).toEqual({ in: 10, out: 0 })
  expect(traffic.total()).toEqual({ in: 0, out: 0 })
  connection.dispatchEvent(new Event('close'))
  expect(traffic.ofPeer('x')).toEqual({ in: 0, out: 0 })
})

test('rates are between two looks, and a connection that has closed makes none below zero', () => {
  let total = { in: 1000, out: 0 }
  const rates = createPeerRates({ ofPeer: () => total })
  const look = (overMs: number): void => rates.look([{ peer: 'x' }], overMs)
  look(1000)
  expect(rates.of('x')).toEqual({ in: 0, out: 0 })
  total = { in: 3000, out: 500 }
  look(2000)
  expect(rates.of('x')).toEqual({ in: 1000, out: 250 })
  total = { in: 10, out: 0 }
  look(1000)
  expect(rates.of('x')).toEqual({ in: 0, out: 0 })
})
