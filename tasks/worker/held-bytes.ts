/** Bounds what accepted tasks hold in memory: bounded by number alone, the largest messages of one peer would fill it. */
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'

export interface HeldBytesInit {
  /** Bytes of one peer's tasks. */
  readonly perPeer: (caller: PeerIdText) => number
  /** Bytes of all peers together. */
  readonly total: number
  /** What this node asks of itself takes nobody's room, and nobody takes its. */
  readonly self: PeerIdText
}

export interface HeldBytes {
  /**
   * Until what it returns is called, once. Who holds nothing may bring one of any size, until all together hold
   * twice the total: keys cost nothing.
   *
   * @throws OVERLOADED
   */
  take(caller: PeerIdText, bytes: number): () => void
  /** The same for what was accepted before: nothing refuses that. */
  keep(caller: PeerIdText, bytes: number): () => void
}

/** Tasks with much in them take a while. */
const RETRY_AFTER_MS = 1000

export function createHeldBytes({ perPeer, total, self }: HeldBytesInit): HeldBytes {
  const held = new Map<PeerIdText, number>()
  let inAll = 0

  function add(caller: PeerIdText, bytes: number): void {
    if (caller !== self) inAll += bytes
    const left = (held.get(caller) ?? 0) + bytes
    if (left > 0) held.set(caller, left)
    else held.delete(caller)
  }

  function keep(caller: PeerIdText, bytes: number): () => void {
    add(caller, bytes)
    return () => add(caller, -bytes)
  }

  return {
    keep,
    take(caller, bytes) {
      const own = held.get(caller) ?? 0
      const most = own === 0 ? 2 * total : total
      const isFull = caller !== self && inAll + bytes > most
      if (isFull || (own > 0 && own + bytes > perPeer(caller))) {
        throw new LumosError('OVERLOADED', { details: { retryAfterMs: RETRY_AFTER_MS } })
      }
      return keep(caller, bytes)
    }
  }
}
