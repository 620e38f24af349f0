/** Whose wish a task is: the one that asked first, however many agents have passed it on since. */
import type { Hop } from './chain.ts'
import type { PeerIdText } from './ids.ts'

export interface Principal {
  readonly peer: PeerIdText
  /** Who asked, in order; the last is the caller itself. */
  readonly path: readonly Hop[]
  /** Peers that passed it on to this node, in order; empty when that peer itself asked. */
  readonly via: readonly PeerIdText[]
  /**
   * Whether that peer is the caller, or it and all of `via` have signed that the next may act for it.
   * Otherwise it is the caller's word.
   */
  readonly proven: boolean
}
