/** Whose wish a task is: the one that asked first, however many agents have passed it on since. */
import type { Hop } from './chain.ts'
import type { PeerIdText } from './ids.ts'

export interface Principal {
  readonly peer: PeerIdText
  /** Who asked, in order; the last is the caller itself. */
  readonly path: readonly Hop[]
  /**
   * Whether that peer is the caller, or has signed that those after it may act for it. Otherwise it is
   * the caller's word.
   */
  readonly proven: boolean
}
