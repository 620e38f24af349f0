/** Bytes per second to and from each peer, between two looks. */
import type { PeerIdText } from '../../core/ids.ts'
import type { Bytes, Traffic } from './traffic.ts'

export interface PeerRates {
  /** Looks at these peers, so many milliseconds after the look before. */
  look(peers: readonly { readonly peer: PeerIdText }[], overMs: number): void
  /** Per second, between the last two looks; zero for a peer that was not there at both. */
  of(peer: PeerIdText): Bytes
}

interface Seen {
  readonly total: Bytes
  readonly rate: Bytes
}

const NOTHING: Bytes = { in: 0, out: 0 }

export function createPeerRates(traffic: Pick<Traffic, 'ofPeer'>): PeerRates {
  let seen = new Map<PeerIdText, Seen>()
  return {
    look(peers, overMs) {
      const before = seen
      seen = new Map(
        peers.map(({ peer }) => {
          const total = traffic.ofPeer(peer)
          const last = before.get(peer)?.total ?? total
          return [peer, { total, rate: rateOf(last, total, overMs) }] as const
        })
      )
    },
    of: (peer) => seen.get(peer)?.rate ?? NOTHING
  }
}

/** Not below zero: a connection that has closed takes its bytes along. */
function rateOf(last: Bytes, now: Bytes, overMs: number): Bytes {
  const rate = (from: number, to: number): number =>
    Math.round((Math.max(0, to - from) / Math.max(1, overMs)) * 1000)
  return { in: rate(last.in, now.in), out: rate(last.out, now.out) }
}
