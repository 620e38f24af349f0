/** Bounds what accepted tasks hold in memory: bounded by number alone, the largest messages of one peer would fill it. */
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'

export interface HeldBytesInit {
  /** Bytes of one peer's tasks. */
  readonly perPeer: (caller: PeerIdText) => number
  /** Bytes of all. */
  readonly total: number
}

export interface HeldBytes {
  /** Until what it returns is called, once. Who holds nothing may always bring one. @throws OVERLOADED */
  take(caller: PeerIdText, bytes: number): () => void
  /** The same for what was accepted before: nothing refuses that. */
  keep(caller: PeerIdText, bytes: number): () => void
}

/** Tasks with much in them take a while. */
const RETRY_AFTER_MS = 1000

export function createHeldBytes({ perPeer, total }: HeldBytesInit): HeldBytes {
  const held = new Map<PeerIdText, number>()
  let inAll = 0

  function add(caller: PeerIdText, bytes: number): void {
    inAll += bytes
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
      if (own > 0 && (own + bytes > perPeer(caller) || inAll + bytes > total)) {
        throw new LumosError('OVERLOADED', { details: { retryAfterMs: RETRY_AFTER_MS } })
      }
      return keep(caller, bytes)
    }
  }
}
