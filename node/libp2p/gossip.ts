/** Gossip of the swarm: libp2p's gossipsub, with every setting that matters here explicit. */
import { gossipsub } from '@libp2p/gossipsub'
import type { Clock } from '../../core/clock.ts'
import { LIMITS } from '../../core/limits.ts'
import { afterThisTurn } from '../../core/turn.ts'
import type { Blame } from '../../trust/blame.ts'
import type { Meters } from '../metrics/meters.ts'
import type { GossipCircle } from './gossip-circle.ts'
import { withIntake } from './gossip-intake.ts'
import { inPortions } from './gossip-portions.ts'
import { withStreams } from './gossip-streams.ts'

export interface GossipComponents {
  readonly clock: Pick<Clock, 'monotonic' | 'after' | 'sleep'>
  /** Who has many points is not listened to. */
  readonly blame: Pick<Blame, 'points' | 'add'>
  readonly meters: Meters['gossip'] | undefined
  /** With whom it speaks of itself. */
  readonly circle: Pick<GossipCircle, 'around'>
}

export function gossip(components: GossipComponents): ReturnType<typeof gossipsub> {
  const { blame, circle, clock, meters } = components
  const create = gossipsub({
    ...meters?.init,
    fastMsgIdFn: gossipKey,
    // Each message comes from about as many neighbours; of 6 to 12, gossipsub's own choice, three of four are copies.
    D: 4,
    Dlo: 3,
    Dhi: 6,
    allowPublishToZeroTopicPeers: true,
    globalSignaturePolicy: 'StrictSign',
    asyncValidation: true,
    awaitRpcHandler: true,
    awaitRpcMessageHandler: true,
    maxInboundDataLength: 2 * LIMITS.gossipBytes.value,
    maxOutboundBufferSize: LIMITS.gossipOutbound.value,
    // Memory spaces come and go, each with a topic of its own.
    maxTopicBytesPerPeer: LIMITS.gossipTopicBytes.value,
    // Nodes of one host or behind one NAT are normal here; with the default weight, 20 nodes on
    // one address score each other to -405 and deliver nothing (measured).
    scoreParams: {
      IPColocationFactorWeight: 0,
      // Weighs 10: one offence costs the place in the mesh, more than eight all gossip.
      appSpecificScore: (peer) => (blame.points(peer) < 1 ? 0 : -blame.points(peer))
    }
  })
  return circle.around(
    withIntake({ clock, blame, defer: afterThisTurn }, withStreams({ clock }, inPortions(create)))
  )
}

/**
 * What tells messages apart before their signatures are checked: of each that comes by several ways, three of
 * four are copies, and checking a copy costs as much (measured). A message is only remembered once it was found true.
 */
export function gossipKey({ from, seqno }: GossipIdentity): string {
  return `${Buffer.from(from ?? []).toString('latin1')}${Buffer.from(seqno ?? []).toString('latin1')}`
}

interface GossipIdentity {
  /** Bytes of the author's PeerId. */
  readonly from?: Uint8Array
  /** Eight bytes, another for each of its messages. */
  readonly seqno?: Uint8Array
}
