/** By which connection a peer is reached, and what is in between. */
import type { Connection } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerIdText } from '../../core/ids.ts'
import type { Network } from '../libp2p/network.ts'

/** The connection of a session with that path. */
export function connectionTo(
  { libp2p }: Pick<Network, 'libp2p'>,
  peer: PeerIdText,
  path: 'direct' | 'relay'
): Connection | undefined {
  return libp2p
    .getConnections(peerIdFromString(peer))
    .find(({ direct }) => direct === (path === 'direct'))
}

const THROUGH_RELAY = /\/p2p\/([^/]+)\/p2p-circuit/

/** Who passes on what goes over the connection; `undefined` for a direct one. */
export function relayOf({ remoteAddr }: Pick<Connection, 'remoteAddr'>): PeerIdText | undefined {
  return THROUGH_RELAY.exec(remoteAddr.toString())?.[1]
}

const TRANSPORTS = [
  ['/p2p-circuit', 'relay'],
  ['/wss', 'wss'],
  ['/ws', 'ws'],
  ['/tcp/', 'tcp'],
  ['/memory/', 'memory']
] as const

/** As `tcp/pnet/noise/yamux`, from the wire upwards. */
export function layersOf(
  { remoteAddr, encryption, multiplexer }: Connection,
  walled: boolean
): string {
  const address = remoteAddr.toString()
  const transport = TRANSPORTS.find(([part]) => address.includes(part))?.[1]
  return [transport, walled && 'pnet', bare(encryption), bare(multiplexer)]
    .filter((layer) => typeof layer === 'string' && layer !== '')
    .join('/')
}

/** `/yamux/1.0.0` as `yamux`. */
function bare(protocol: string | undefined): string {
  return protocol?.split('/').find((part) => part !== '') ?? ''
}
