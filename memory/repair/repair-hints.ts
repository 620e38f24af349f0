/** Peers that said that they have something, until they were asked: the first to speak must not be the only one heard. */
import type { PeerIdText } from '../../core/ids.ts'

export interface RepairHints {
  /** Adds `peers` to what was hinted for `reason`; those there is no room for hint again. */
  add(reason: string, peers: readonly PeerIdText[]): void
  /** Takes out the first that is fit to be asked, and those before it. */
  take(reason: string, isFit: (peer: PeerIdText) => boolean): PeerIdText | undefined
  has(reason: string): boolean
  forget(reason: string): void
  clear(): void
}

/** Of one reason: one liar, or two, must leave room for others. */
const MOST = 4

export function createRepairHints(): RepairHints {
  const hints = new Map<string, Set<PeerIdText>>()

  return {
    add(reason, peers) {
      const known = hints.get(reason) ?? new Set()
      for (const peer of peers) if (known.size < MOST) known.add(peer)
      if (known.size > 0) hints.set(reason, known)
    },
    take(reason, isFit) {
      const known = hints.get(reason) ?? new Set()
      for (const peer of known) {
        known.delete(peer)
        if (known.size === 0) hints.delete(reason)
        if (isFit(peer)) return peer
      }
      return undefined
    },
    has: (reason) => hints.has(reason),
    forget: (reason) => void hints.delete(reason),
    clear: () => hints.clear()
  }
}
