/** Knows which peers stand still although their sessions live, so that what they have goes on elsewhere. */
import { EventEmitter } from 'node:events'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { linkedAbort } from '../core/linked-abort.ts'
import type { Session, SessionEvents } from '../protocols/session/session.ts'
import type { Placement } from '../tasks/caller/dispatcher.ts'

/** What it needs of a session. */
type Watched = Pick<Session, 'peer' | 'watchSilence'>

export interface SilentPeersComponents {
  readonly sessions: {
    readonly events: EventEmitter<SessionEvents>
    get(peer: PeerIdText): Watched | undefined
  }
}

export interface SilentPeersEvents {
  /** It is heard again, or its session has ended. */
  over: [peer: PeerIdText]
}

export interface SilentPeers {
  readonly events: EventEmitter<SilentPeersEvents>
  has(peer: PeerIdText): boolean
  /**
   * What `open` gives. What another worker may do is not left with one that is silent: PEER_SILENT is
   * thrown, and `open`'s signal aborts with it. The given signal ends it, too.
   */
  unlessSilent<T>(
    init: { readonly placement: Placement; readonly signal: AbortSignal },
    open: (signal: AbortSignal) => AsyncIterable<T>
  ): AsyncIterable<T>
}

export function createSilentPeers({ sessions }: SilentPeersComponents): SilentPeers {
  /** With what ends the watch for its next word. At most one for each session. */
  const silent = new Map<PeerIdText, () => void>()
  const events = new EventEmitter<SilentPeersEvents>()
  // As many as there are tasks that wait for a worker.
  events.setMaxListeners(0)

  function forget(peer: PeerIdText): void {
    const stop = silent.get(peer)
    if (stop === undefined) return
    stop()
    silent.delete(peer)
    events.emit('over', peer)
  }

  function remember(session: Watched): void {
    const { peer } = session
    // One that the peer says goodbye on tells nothing of the next.
    if (silent.has(peer) || sessions.get(peer) !== session) return
    const stop = session.watchSilence((isSilent) => {
      if (!isSilent) forget(peer)
    })
    silent.set(peer, stop)
  }

  function watch(peer: PeerIdText, onSilent: () => void): () => void {
    const session = sessions.get(peer)
    return (
      session?.watchSilence((isSilent) => {
        if (!isSilent) return
        remember(session)
        onSilent()
      }) ?? (() => undefined)
    )
  }

  async function* whileHeard<T>(
    peer: PeerIdText,
    signal: AbortSignal,
    open: (signal: AbortSignal) => AsyncIterable<T>
  ): AsyncIterable<T> {
    if (silent.has(peer)) throw silentError(peer)
    const listening = linkedAbort(signal)
    const stop = watch(peer, () => listening.abort(silentError(peer)))
    try {
      yield* open(listening.signal)
    } finally {
      stop()
      listening.release()
    }
  }

  sessions.events.on('closed', ({ peer }) => forget(peer))

  return {
    events,
    has: (peer) => silent.size > 0 && silent.has(peer),
    unlessSilent({ placement, signal }, open) {
      const { worker, idempotent, path } = placement
      // To itself no node is silent.
      if (!idempotent || path === 'local') return open(signal)
      return whileHeard(worker.id, signal, open)
    }
  }
}

function silentError(peer: PeerIdText): LumosError {
  return new LumosError('PEER_SILENT', { details: { peer } })
}
