/** What a directory holds, in shares with a digest each, so that two that know nearly the same tell only what differs. */
import { hash } from 'node:crypto'
import { LIMITS } from '../../core/limits.ts'
import type { PeerEntry } from './peer-entry.ts'

/** A digest takes a tenth of what is told of one peer: finer shares cost more than they spare. */
const PEERS_PER_SHARE = 4

/** A power of two, so that all shares are equally large. */
export function sharesFor(peers: number): number {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, peers / PEERS_PER_SHARE)))
  return Math.min(wanted, LIMITS.directoryShares.value)
}

/** A digest for each share, of its peers and the cards held of them: equal where these are. */
export function shareDigests(entries: readonly PeerEntry[], count: number): readonly string[] {
  const shares = Array.from({ length: count }, (): string[] => [])
  for (const { peer, place, agents } of entries) {
    const held = Array.from(agents.values(), ({ source }) => source.digest)
    shares[place % count]?.push([peer, ...held.toSorted()].join(' '))
  }
  return shares.map((lines) => hash('sha256', lines.toSorted().join('\n')).slice(0, 16))
}
