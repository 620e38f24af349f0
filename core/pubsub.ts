/** The narrow view of gossip that presence and shared memory get; `node/` makes it from gossipsub. */
import type { PeerIdText } from './ids.ts'

/** `accept` relays, `ignore` drops silently, `reject` drops and lowers the sender's score. */
export type Verdict = 'accept' | 'ignore' | 'reject'

/**
 * `from` is the verified author, `source` the neighbour that sent it on. A verdict that takes longer
 * than 3 s comes too late: neighbours are told of a message for that long.
 */
export type MessageHandler = (
  from: PeerIdText,
  data: Uint8Array,
  source: PeerIdText
) => Verdict | Promise<Verdict>

export interface PubSub {
  /** Resolves when handed to the network; delivery is never promised. */
  publish(topic: string, data: Uint8Array): Promise<void>
  /** One handler a topic; the returned function unsubscribes. */
  subscribe(topic: string, handler: MessageHandler): () => void
  /** Peers known to listen to `topic`. */
  subscribers(topic: string): readonly PeerIdText[]
}
