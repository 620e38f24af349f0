/** What every way of finding peers produces: hints. None of them proves anything; the dial does. */
import type { EventEmitter } from 'node:events'
import { CODE_P2P, multiaddr } from '@multiformats/multiaddr'
import type { Component } from '../../core/component.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'

export type FoundBy =
  | 'same-host'
  | 'mdns'
  | 'bootstrap'
  | 'remembered'
  | 'exchange'
  | 'dht'
  | 'incoming'
  | 'manual'

export interface PeerHint {
  readonly peer: PeerIdText
  /** Multiaddrs, with or without the peer id at their end. */
  readonly addresses: readonly string[]
  readonly foundBy: FoundBy
  /** Readable name of the node, as it calls itself. */
  readonly name?: string
}

/** A Lumos node that was found but belongs to another swarm: worth a word to people, never a dial. */
export interface ForeignNode {
  readonly peer: PeerIdText
  readonly swarm: string
  readonly foundBy: FoundBy
  readonly name?: string
}

export interface HintEvents {
  found: [hint: PeerHint]
  foreign: [node: ForeignNode]
}

export interface HintSource extends Component {
  readonly events: EventEmitter<HintEvents>
}

/**
 * The usable ones of `addresses`, without the peer's own id at their end, at most
 * LIMITS.addressesPerPeer. What is too long, malformed or somebody else's is left out.
 */
export function usableAddresses(addresses: readonly string[], peer?: PeerIdText): string[] {
  const usable = new Set<string>()
  for (const address of addresses) {
    const text = normalAddress(address, peer)
    if (text !== undefined) usable.add(text)
    if (usable.size === LIMITS.addressesPerPeer.value) break
  }
  return [...usable]
}

function normalAddress(address: string, peer: PeerIdText | undefined): string | undefined {
  if (address.length > LIMITS.addressBytes.value) return undefined
  try {
    const parsed = multiaddr(address)
    const last = parsed.getComponents().at(-1)
    if (last === undefined || isUnspecified(parsed.getComponents()[0]?.value)) return undefined
    if (last.code !== CODE_P2P || peer === undefined) return parsed.toString()
    return last.value === peer ? parsed.decapsulate(`/p2p/${peer}`).toString() : undefined
  } catch {
    return undefined
  }
}

/** A node that listens on every interface must say on which it can be reached. */
function isUnspecified(host: string | undefined): boolean {
  return host === '0.0.0.0' || host === '::'
}

/** The peer id at the end of a multiaddr, when there is one. */
export function peerOfAddress(address: string): PeerIdText | undefined {
  const last = multiaddr(address).getComponents().at(-1)
  return last?.code === CODE_P2P ? last.value : undefined
}

/** Whether only this host can use the address. */
export function isLoopback(address: string): boolean {
  return address.startsWith('/ip4/127.') || address.startsWith('/ip6/::1/')
}

/** Peers of one network fail together: the /16 of an IPv4, the /32 of an IPv6, else the host itself. */
export function networkOf(address: string): string {
  const [, kind = '', host = ''] = address.split('/')
  if (kind === 'ip4') return host.split('.').slice(0, 2).join('.')
  if (kind === 'ip6') return host.split(':').slice(0, 2).join(':')
  return host
}
