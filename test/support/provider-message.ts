/** Messages of the DHT, written by hand: its own client announces only what there is. */
import type { Connection } from '@libp2p/interface'

const ADD_PROVIDER = 2

/** "I have it", as kad-dht's protobuf says it, with its length before it. */
export function addProvider(
  key: Uint8Array,
  { remoteAddr }: Connection,
  self: Uint8Array
): Uint8Array {
  const provider = Buffer.concat([field(1, self), field(2, remoteAddr.bytes)])
  const type = Buffer.from([0x08, ADD_PROVIDER])
  const message = Buffer.concat([type, field(2, key), field(9, provider)])
  return Buffer.concat([lengthOf(message), message])
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), lengthOf(bytes), bytes])
}

function lengthOf({ length }: Uint8Array): Uint8Array {
  return length < 128 ? Buffer.from([length]) : Buffer.from([(length & 127) | 128, length >> 7])
}
