/** Who has a key that was given up now, as those need it who have to do with old ids. */
import type { PeerIdText } from '../core/ids.ts'
import type { Succession } from './members/statement.ts'

export interface Heirs {
  /** The id by which a node goes; that of others is what it was. */
  readonly presentOf: (peer: PeerIdText) => PeerIdText
  /** Why and when a key was given up. */
  readonly successionOf: (peer: PeerIdText) => Pick<Succession, 'reason' | 'at'> | undefined
}

/** Where no list tells of any. */
export const NO_HEIRS: Heirs = { presentOf: (peer) => peer, successionOf: () => undefined }
