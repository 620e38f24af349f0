/**
 * Keeps what gossipsub says at once within what its neighbours read: it answers all that a neighbour has missed in one
 * message, and names all of 5,000 in one, after which a neighbour would hear nothing any more.
 */
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub'
import type { RPC } from '@libp2p/gossipsub/message'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'

/** Public on gossipsub's class, though its interface leaves it out. */
interface Sender {
  sendRpc(to: PeerIdText, rpc: RPC): boolean
  /** Adds to `rpc` what the neighbour may ask for. */
  piggybackGossip(to: PeerIdText, rpc: RPC, had: readonly RPC.ControlIHave[]): void
}

/** Field numbers and lengths around a message or an id. */
const FRAMING_BYTES = 16
/** So much of a message names others; the rest is for one of the largest, and for who joins and leaves the mesh. */
const NAMES_BYTES = LIMITS.gossipBytes.value / 2

type CreateGossip = (components: GossipSubComponents) => GossipSub

/** The same gossip, in portions. */
export function inPortions(create: CreateGossip): CreateGossip {
  return (components) => {
    const gossip = create(components)
    if (!isSender(gossip)) throw new TypeError('this gossipsub shows nothing that sends')
    const send = gossip.sendRpc.bind(gossip)
    const name = gossip.piggybackGossip.bind(gossip)
    gossip.sendRpc = (to, rpc) => portionsOf(rpc).every((portion) => send(to, briefly(portion)))
    gossip.piggybackGossip = (to, rpc, had) => name(to, rpc, someOf(had))
    return gossip
  }
}

function isSender(gossip: GossipSub): gossip is GossipSub & Sender {
  return 'sendRpc' in gossip && 'piggybackGossip' in gossip
}

function portionsOf(rpc: RPC): readonly RPC[] {
  const [first = [], ...rest] = grouped(rpc.messages ?? [])
  if (rest.length === 0) return [rpc]
  const others = rest.map((messages) => ({ subscriptions: [], messages }))
  return [{ ...rpc, messages: first }, ...others]
}

function grouped(messages: readonly RPC.Message[]): RPC.Message[][] {
  const groups: RPC.Message[][] = []
  let room = 0
  for (const message of messages) {
    const bytes = bytesOf(message)
    if (bytes > room) {
      groups.push([])
      room = LIMITS.gossipBytes.value
    }
    groups.at(-1)?.push(message)
    room -= bytes
  }
  return groups
}

function bytesOf({ data, from, seqno, signature, key, topic }: RPC.Message): number {
  const fields = [data, from, seqno, signature, key].map((field) => field?.length ?? 0)
  return fields.reduce((sum, length) => sum + length, topic.length + FRAMING_BYTES)
}

function briefly(rpc: RPC): RPC {
  const { control } = rpc
  if (control === undefined || control.ihave.length === 0) return rpc
  return { ...rpc, control: { ...control, ihave: [...someOf(control.ihave)] } }
}

/** Of each topic as many as fit, which gossipsub has shuffled: the others are named by other neighbours. */
function someOf(had: readonly RPC.ControlIHave[]): readonly RPC.ControlIHave[] {
  const room = NAMES_BYTES / Math.max(1, had.length)
  return had.map((each) => {
    const longest = Math.max(1, ...each.messageIDs.map(({ length }) => length))
    const most = Math.floor((room - (each.topicID?.length ?? 0)) / (longest + FRAMING_BYTES))
    return { ...each, messageIDs: each.messageIDs.slice(0, Math.max(0, most)) }
  })
}
