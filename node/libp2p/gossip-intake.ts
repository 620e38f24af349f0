/**
 * Takes what comes by gossip at a pace: gossipsub would check the signatures of all that one message holds, some 800,
 * in one go, and blames nobody for wrong ones.
 */
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import type { RPC } from '@libp2p/gossipsub/message'
import type { PeerId, Stream } from '@libp2p/interface'
import type { Clock } from '../../core/clock.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { createPeerRateLimit } from '../../core/peer-rate-limit.ts'
import { createTurnQueue } from '../../core/turn-queue.ts'
import type { Defer } from '../../core/turn.ts'
import type { Blame } from '../../trust/blame.ts'
import { pulledChunks } from './pulled-stream.ts'
import { replaced } from './replaced.ts'

type Registrar = GossipSubComponents['registrar']
type CreateGossip = (components: GossipSubComponents) => GossipSub

export interface GossipIntakeComponents {
  readonly clock: Pick<Clock, 'monotonic' | 'after'>
  readonly defer: Defer
  readonly blame: Pick<Blame, 'add' | 'points'>
}

/** Public on gossipsub's class, though its interface leaves it out. */
interface Receiver {
  handleReceivedRpc(from: PeerId, rpc: RPC): Promise<void>
  readonly score: { rejectInvalidMessage(from: PeerIdText, topic: string): void }
  getTopics(): readonly string[]
}

/** Of blame: whom gossipsub does not listen to any more, once it looks at its score again. */
export const MUTE_POINTS = 8

/** Of messages. */
const DEBTS = { rate: LIMITS.gossipPeerRate.value, burst: LIMITS.gossipPeerBurst.value }

const SHARE = { leastMs: LIMITS.gossipTurn.value, mostMs: LIMITS.gossipLongTurn.value }

/**
 * Begins the id of each Ed25519 key, which all nodes have: multihash "identity" of 36 bytes, and as protobuf its type
 * and length. To check a signature of secp256k1 takes ten times as long (4.6 ms, measured), and strangers can make any.
 */
const AUTHOR_PREFIX = Buffer.from('002408011220', 'hex')

/** The same gossip, which hears of each peer no more than it has time for. */
export function withIntake(components: GossipIntakeComponents, create: CreateGossip): CreateGossip {
  return (parts) => {
    const { registrar } = parts
    const handle: Registrar['handle'] = (protocol, handler, options) =>
      registrar.handle(
        protocol,
        (stream, connection) => handler(pulledStream(stream), connection),
        options
      )
    const gossip = create(replaced(parts, { registrar: replaced(registrar, { handle }) }))
    if (!isReceiver(gossip)) throw new TypeError('this gossipsub shows nothing that receives')
    restrain(components, gossip)
    return gossip
  }
}

/** To gossipsub it is an iterable, so that its next bytes wait until it has worked on the last ones. */
function pulledStream(stream: Stream): Stream {
  const chunks = pulledChunks(stream)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what has listeners is taken for a raw stream
  return replaced(stream, {
    addEventListener: undefined,
    [Symbol.asyncIterator]: () => chunks
  } as unknown as Partial<Stream>)
}

function isReceiver(gossip: GossipSub): gossip is GossipSub & Receiver {
  return 'handleReceivedRpc' in gossip && 'score' in gossip
}

function restrain({ clock, defer, blame }: GossipIntakeComponents, gossip: Receiver): void {
  const turns = createTurnQueue({ clock, defer }, SHARE)
  const debts = createPeerRateLimit({ clock }, DEBTS)
  const { score } = gossip
  const reject = score.rejectInvalidMessage.bind(score)
  const receive = gossip.handleReceivedRpc.bind(gossip)

  async function receiveSlowly(from: PeerId, rpc: RPC): Promise<void> {
    const peer = from.toString()
    const owedMs = debts.charge(peer, 1 + rpc.messages.length)
    if (owedMs > 0) await new Promise<void>((resolve) => void clock.after(owedMs, resolve))
    for (const part of partsOf(wanted(rpc, gossip))) {
      if (blame.points(peer) > MUTE_POINTS) return
      await turns.run(() => receive(from, part))
    }
  }

  // Whoever passes a message on has checked it itself.
  score.rejectInvalidMessage = (from, topic) => {
    blame.add(from, 1, 'gossip')
    reject(from, topic)
  }
  gossip.handleReceivedRpc = receiveSlowly
}

/** Nobody honest sends anything else: gossipsub would check it and keep it, for nobody to judge. */
function wanted(rpc: RPC, gossip: Receiver): RPC {
  if (rpc.messages.length === 0) return rpc
  const topics = gossip.getTopics()
  const isWanted = ({ from, topic }: RPC.Message): boolean =>
    topics.includes(topic) && isAuthor(from)
  return { ...rpc, messages: rpc.messages.filter(isWanted) }
}

function isAuthor(from: Uint8Array = new Uint8Array()): boolean {
  return AUTHOR_PREFIX.equals(from.subarray(0, AUTHOR_PREFIX.length))
}

/** One message each, in the order in which gossipsub looks at them. */
function* partsOf(rpc: RPC): Generator<RPC> {
  const { messages, control, ...rest } = rpc
  if (messages.length < 2) {
    yield rpc
    return
  }
  yield { ...rest, messages: [] }
  for (const message of messages) yield { subscriptions: [], messages: [message] }
  if (control !== undefined) yield { subscriptions: [], messages: [], control }
}
