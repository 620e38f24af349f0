/** Reads announcements of Lumos nodes out of multicast DNS packets, which anybody may have sent. */
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { peerOfAddress } from './hint.ts'

/** Our own, since `_p2p._udp` would meet every IPFS node of the network. */
export const SERVICE_TAG = '_lumos._udp.local'
const TXT_PREFIX = 'dnsaddr='

/** What dns-packet decodes, as far as we read it. */
export interface MdnsPacket {
  readonly questions?: readonly { readonly name: string }[]
  readonly answers?: readonly MdnsRecord[]
  readonly additionals?: readonly MdnsRecord[]
}

export interface MdnsRecord {
  readonly type: string
  readonly name: string
  readonly data?: unknown
}

export interface Announcement {
  readonly peer: PeerIdText
  readonly swarm: string
  readonly addresses: readonly string[]
}

/** Reads a node's announcement; anybody on the network may have sent the packet. */
export function parseResponse({
  answers = [],
  additionals = []
}: MdnsPacket): Announcement | undefined {
  const pointer = answers.find(({ type, name }) => type === 'PTR' && name === SERVICE_TAG)
  const [label = ''] = typeof pointer?.data === 'string' ? pointer.data.split('.') : []
  const [swarm = '', suffix] = label.split('-')
  if (swarm === '' || suffix === undefined) return undefined
  const addresses = [...answers, ...additionals]
    .filter(({ type, name }) => type === 'TXT' && name === `${label}.${SERVICE_TAG}`)
    .flatMap(({ data }) => texts(data))
    .filter((text) => text.startsWith(TXT_PREFIX))
    .map((text) => text.slice(TXT_PREFIX.length))
    .slice(0, LIMITS.addressesPerPeer.value)
  const peer = commonPeer(addresses)
  return peer === undefined ? undefined : { peer, swarm, addresses }
}

function texts(data: unknown): string[] {
  const parts: unknown[] = Array.isArray(data) ? data : [data]
  return parts
    .filter((part) => typeof part === 'string' || part instanceof Uint8Array)
    .map((part) => (typeof part === 'string' ? part : Buffer.from(part).toString()))
}

/** The peer that all addresses name; one packet speaks for one node. */
function commonPeer(addresses: readonly string[]): PeerIdText | undefined {
  try {
    const peers = new Set(addresses.map((address) => peerOfAddress(address)))
    const [peer] = peers
    return peers.size === 1 ? peer : undefined
  } catch {
    return undefined
  }
}
