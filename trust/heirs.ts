/** Who has a key that was given up now, as those need it who have to do with old ids. */
import type { PeerIdText } from '../core/ids.ts'
import type { Succession } from './members/statement.ts'

export interface Heirs {
  /** The id by which a node goes; that of others is what it was. */
  readonly presentOf: (peer: PeerIdText) => PeerIdText
  /** Why and when a key was given up, and for which. */
  readonly successionOf: (
    peer: PeerIdText
  ) => Pick<Succession, 'peer' | 'reason' | 'at'> | undefined
}

/** `peer`, and all ids that its node has had since. */
export function idsFrom({ successionOf }: Heirs, peer: PeerIdText): readonly PeerIdText[] {
  const ids = [peer]
  for (let next = successionOf(peer); next !== undefined; next = successionOf(next.peer))
    ids.push(next.peer)
  return ids
}

/** Where no list tells of any. */
export const NO_HEIRS: Heirs = { presentOf: (peer) => peer, successionOf: () => undefined }
