/**
 * Keeps a stream to each neighbour: gossipsub opens one when the peer connects, and would write to it for ever though
 * it broke, or went with one of two connections. A neighbour whose own stream broke it forgets until that one leaves.
 * And it opens one after the other, each of which may take 10 s: here the next need not wait so long.
 */
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import type { Connection, PeerId, Stream } from '@libp2p/interface'
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'

type CreateGossip = (components: GossipSubComponents) => GossipSub

export interface GossipStreamsComponents {
  readonly clock: Pick<Clock, 'after' | 'sleep'>
}

interface Outbound {
  readonly rawStream: Pick<Stream, 'addEventListener' | 'status'>
}

/** Public on gossipsub's class, though its interface leaves it out. */
interface Neighbourhood {
  readonly streamsOutbound: Map<PeerIdText, Outbound>
  /** Makes the peer a neighbour, and opens a stream unless there is one. */
  onPeerConnected(peer: PeerId, connection: Connection): void
  /** Says on the new stream what is subscribed to. */
  createOutboundStream(peer: PeerId, connection: Connection): Promise<void>
  /** Forgets the neighbour. */
  handlePeerReadStreamError(error: Error, peer: PeerId): void
}

/** The same gossip, whose streams are opened anew. */
export function withStreams(
  { clock }: GossipStreamsComponents,
  create: CreateGossip
): CreateGossip {
  return (components) => {
    const gossip = create(components)
    if (!isNeighbourhood(gossip)) throw new TypeError('this gossipsub shows no neighbours')
    const { connectionManager } = components
    keepStreams(clock, gossip, (peer) => {
      clock.after(LIMITS.gossipReopen.value, () => {
        const open = connectionManager.getConnections(peer).find(({ status }) => status === 'open')
        if (open !== undefined) gossip.onPeerConnected(peer, open)
      })
    })
    return gossip
  }
}

function isNeighbourhood(gossip: GossipSub): gossip is GossipSub & Neighbourhood {
  return 'createOutboundStream' in gossip && 'streamsOutbound' in gossip
}

/** Calls `meetLater` for each neighbour that there is no stream to any more. */
function keepStreams(
  clock: Pick<Clock, 'sleep'>,
  gossip: Neighbourhood,
  meetLater: (peer: PeerId) => void
): void {
  const { streamsOutbound } = gossip
  const open = gossip.createOutboundStream.bind(gossip)
  const forget = gossip.handlePeerReadStreamError.bind(gossip)
  const watched = new WeakSet<Outbound>()

  function lose(peer: PeerId, stream: Outbound): void {
    const present = streamsOutbound.get(peer.toString())
    // gossipsub takes one that closed away itself, and may have another by now.
    if (present !== undefined && present !== stream) return
    streamsOutbound.delete(peer.toString())
    meetLater(peer)
  }

  async function openAndKeep(peer: PeerId, connection: Connection): Promise<void> {
    await open(peer, connection)
    const stream = streamsOutbound.get(peer.toString())
    if (stream === undefined) meetLater(peer)
    if (stream === undefined || watched.has(stream)) return
    watched.add(stream)
    const { rawStream } = stream
    rawStream.addEventListener('close', () => lose(peer, stream))
    if (rawStream.status !== 'open') lose(peer, stream)
  }

  const opening = new Set<PeerIdText>()
  gossip.createOutboundStream = async (peer, connection) => {
    const id = peer.toString()
    // It is met again if this one fails; two at a time would both be opened.
    if (opening.has(id)) return
    opening.add(id)
    const over = new AbortController()
    const opened = openAndKeep(peer, connection).finally(() => {
      opening.delete(id)
      over.abort()
    })
    // gossipsub awaits this before it opens a stream to the next peer.
    await Promise.race([opened, clock.sleep(LIMITS.gossipOpening.value, over.signal)])
  }
  gossip.handlePeerReadStreamError = (error, peer) => {
    forget(error, peer)
    meetLater(peer)
  }
}
