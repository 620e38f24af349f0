import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseResponse, SERVICE_TAG } from '../../../../discovery/peers/mdns-packet.ts'
import type { MdnsRecord } from '../../../../discovery/peers/mdns-packet.ts'

const PEER = '12D3KooWEQQFCiJXcG5VXF2gQRu6S9L2JD5QAPacYeCANnRJindq'
const OTHER = '12D3KooWEdcMcjLA6iPYDCzb6e5ySwamzGa7puY7ryEwj869antD'
const SWARM = '0123456789abcdef'
const NAME = `${SWARM}-feedfacefeedface.${SERVICE_TAG}`
const POINTER: MdnsRecord = { type: 'PTR', name: SERVICE_TAG, data: NAME }

function text(peer: string, port: number, name = NAME): MdnsRecord {
  return { type: 'TXT', name, data: [`dnsaddr=/ip4/10.0.0.1/tcp/${port}/p2p/${peer}`] }
}

test('reads peer, swarm and addresses, wherever the texts stand', () => {
  const expected = {
    peer: PEER,
    swarm: SWARM,
    addresses: [`/ip4/10.0.0.1/tcp/1/p2p/${PEER}`, `/ip4/10.0.0.1/tcp/2/p2p/${PEER}`]
  }
  expect(parseResponse({ answers: [POINTER, text(PEER, 1), text(PEER, 2)] })).toEqual(expected)
  const additionals = [text(PEER, 1), text(PEER, 2)]
  expect(parseResponse({ answers: [POINTER], additionals })).toEqual(expected)
})

test('reads texts that come as bytes, as they do on the wire', () => {
  const { data, ...record } = text(PEER, 1)
  const bytes = { ...record, data: [Buffer.from(String(data))] }
  expect(parseResponse({ answers: [POINTER, bytes] })).toMatchObject({ peer: PEER })
})

test.for([
  ['nothing', []],
  ['a pointer alone', [POINTER]],
  ['texts without a pointer', [text(PEER, 1)]],
  ['another service', [{ ...POINTER, name: '_p2p._udp.local' }, text(PEER, 1)]],
  ['a name without a swarm', [{ ...POINTER, data: `nobody.${SERVICE_TAG}` }, text(PEER, 1)]],
  ['texts of another name', [POINTER, text(PEER, 1, `x-y.${SERVICE_TAG}`)]],
  ['two peers in one packet', [POINTER, text(PEER, 1), text(OTHER, 2)]],
  [
    'an address without a peer',
    [POINTER, { ...text(PEER, 1), data: 'dnsaddr=/ip4/10.0.0.1/tcp/1' }]
  ],
  ['what is no address', [POINTER, { ...text(PEER, 1), data: 'dnsaddr=/ip4/nowhere' }]]
] as const)('makes nothing of %s', ([, answers]) => {
  expect(parseResponse({ answers })).toBeUndefined()
})

test('takes at most eight addresses of a node', () => {
  const answers = [POINTER, ...Array.from({ length: 50 }, (_, port) => text(PEER, port + 1))]
  expect(parseResponse({ answers })?.addresses).toHaveLength(8)
})

test('survives any packet', () => {
  const field = fc.oneof(fc.string(), fc.uint8Array(), fc.array(fc.anything()), fc.anything())
  const record = fc.record({
    type: fc.constantFrom('PTR', 'TXT', 'SRV'),
    name: fc.constantFrom(SERVICE_TAG, NAME, 'other'),
    data: fc.oneof(fc.constant(NAME), field)
  })
  fc.assert(
    fc.property(fc.array(record), fc.array(record), (answers, additionals) => {
      expect(() => parseResponse({ answers, additionals })).not.toThrow()
    })
  )
})
