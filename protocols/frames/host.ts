/** Opens and accepts framed streams of a libp2p node, so that nobody above sees libp2p. */
import { peerIdFromString } from '@libp2p/peer-id'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { afterThisTurn } from '../../core/turn.ts'
import { openStream } from './open-stream.ts'
import { createFramePipe } from './pipe.ts'
import type { FramePipe } from './pipe.ts'
import type { RawNode } from './raw-stream.ts'

interface HandleOptions {
  /** Streams of this protocol that one connection may hold open; the same for ours to the peer. */
  readonly maxStreams: number
}

export interface StreamHost {
  readonly self: PeerIdText
  /** Dials if there is no connection. Throws PEER_UNREACHABLE, or the signal's reason. */
  open(peer: PeerIdText, protocol: string, signal: AbortSignal): Promise<FramePipe>
  /** Accepts streams of `protocol` until the returned function is called. */
  handle(
    protocol: string,
    accept: (pipe: FramePipe) => void,
    options: HandleOptions
  ): Promise<() => Promise<void>>
}

export interface StreamHostComponents {
  readonly clock: Clock
  readonly libp2p: RawNode
}

export function createStreamHost({ clock, libp2p }: StreamHostComponents): StreamHost {
  return {
    self: libp2p.peerId.toString(),

    async open(peer, protocol, signal) {
      try {
        const target = [peerIdFromString(peer), protocol] as const
        const { connection, stream } = await openStream(libp2p, target, signal)
        return createFramePipe({ clock, defer: afterThisTurn }, stream, {
          peer,
          path: connection.direct ? 'direct' : 'relay',
          direction: 'outbound'
        })
      } catch (cause) {
        signal.throwIfAborted()
        throw new LumosError('PEER_UNREACHABLE', { cause, details: { peer } })
      }
    },

    async handle(protocol, accept, { maxStreams }) {
      await libp2p.handle(
        protocol,
        (stream, connection) =>
          accept(
            createFramePipe({ clock, defer: afterThisTurn }, stream, {
              peer: connection.remotePeer.toString(),
              path: connection.direct ? 'direct' : 'relay',
              direction: 'inbound'
            })
          ),
        {
          maxInboundStreams: maxStreams,
          maxOutboundStreams: maxStreams,
          runOnLimitedConnection: true
        }
      )
      return () => libp2p.unhandle(protocol)
    }
  }
}
