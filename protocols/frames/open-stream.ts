/** Opens a stream to a peer although connections that have ended may still be counted as open. */
import type { PeerId } from '@libp2p/interface'
import type { RawConnection, RawDialler, RawStream } from './raw-stream.ts'

export interface OpenedStream {
  readonly connection: RawConnection
  readonly stream: RawStream
}

/** What libp2p says of a connection that it lists as open, but whose muxer has closed. */
const CLOSED: ReadonlySet<string> = new Set(['ConnectionClosedError', 'MuxerClosedError'])

/**
 * Dials if there is no connection. The end of a connection takes a moment to arrive, and libp2p
 * offers it until then, dead as it is: a failure on a connection that was there before says nothing
 * of the peer, so the next one is asked. A fresh one's failure is the answer.
 */
export async function openStream(
  libp2p: RawDialler,
  [peer, protocol]: readonly [PeerId, string],
  signal: AbortSignal
): Promise<OpenedStream> {
  const held = new Set(libp2p.getConnections(peer))
  const doubtful = new Set<RawConnection>()
  for (;;) {
    const connection = await libp2p.dial(peer, { signal })
    try {
      const options = { signal, runOnLimitedConnection: true }
      return { connection, stream: await connection.newStream(protocol, options) }
    } catch (cause) {
      const closed = cause instanceof Error && CLOSED.has(cause.name)
      if (signal.aborted || !held.has(connection)) throw cause
      if (doubtful.has(connection) && !closed) throw cause
      doubtful.add(connection)
      if (!closed) continue
      // Its socket has yet to notice; until then `dial` would give it back.
      held.delete(connection)
      connection.abort(cause)
    }
  }
}
