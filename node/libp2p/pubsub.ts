/** Gossip as the rest of the node sees it: topics, bytes, verified authors and a verdict on each message. */
import { TopicValidatorResult } from '@libp2p/gossipsub'
import type { GossipSub, GossipsubMessage } from '@libp2p/gossipsub'
import type { Clock } from '../../core/clock.ts'
import { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { MessageHandler, PubSub, Verdict } from '../../core/pubsub.ts'
import { RecentMap } from '../../core/recent-map.ts'
import { createTokenBucket } from '../../core/token-bucket.ts'
import type { TokenBucket } from '../../core/token-bucket.ts'
import type { Blame } from '../../trust/blame.ts'
import type { Quotas } from '../../trust/role-quotas.ts'

type GossipQuota = Pick<Quotas, 'gossipRate' | 'gossipBurst'>

export interface PubSubComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly gossip: GossipSub
  readonly logger: Logger
  readonly blame: Pick<Blame, 'add'>
  /** The same object until it changes. */
  readonly quotaOf: (author: PeerIdText) => GossipQuota
  /** As far as this node knows. */
  readonly isMember: (author: PeerIdText) => boolean
}

/**
 * Of blame, for what honest peers do as well, but not all day: 500 messages cost the place in the mesh, 4,000 the
 * voice. Whoever passes on a newcomer's word may know it earlier; after standing still, a writer is ahead of its rate.
 */
const EXCESS_POINTS = 0.002

/** Public on gossipsub's class, though its interface leaves it out. */
interface Validation {
  reportMessageValidationResult(
    messageId: string,
    source: string,
    result: TopicValidatorResult
  ): void
}

const RESULTS: Readonly<Record<Verdict, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject
}

/** What came on a topic since it is listened to. */
export interface Heard {
  readonly messages: number
  readonly overMs: number
}

export interface NodePubSub extends PubSub {
  /** `undefined` for a topic that nobody here listens to. */
  heard(topic: string): Heard | undefined
}

interface Listening {
  readonly handler: MessageHandler
  /** Monotonic milliseconds. */
  readonly since: number
  messages: number
}

/** {@link PubSub} over gossipsub, whose messages wait for `asyncValidation` before they travel on. */
export function createPubSub(components: PubSubComponents): NodePubSub {
  const { clock, gossip, logger, blame } = components
  const handlers = new Map<string, Listening>()
  const isHeard = createHearing(components)
  if (!canValidate(gossip)) throw new TypeError('this gossipsub takes no verdicts')
  const validation: Validation = gossip

  function judge({ msg, propagationSource }: GossipsubMessage): Verdict | Promise<Verdict> {
    // StrictSign: an unsigned message never gets here; without an author there is nobody to trust.
    if (msg.type !== 'signed') return 'reject'
    if (msg.data.byteLength > LIMITS.gossipBytes.value) return 'reject'
    const listening = handlers.get(msg.topic)
    if (listening === undefined) return 'ignore'
    listening.messages += 1
    const author = msg.from.toString()
    const source = propagationSource.toString()
    if (!isHeard(author, source)) return 'ignore'
    return listening.handler(author, msg.data, source)
  }

  function report({ msgId, propagationSource }: GossipsubMessage, verdict: Verdict): void {
    const source = propagationSource.toString()
    // gossipsub's own score counts this only for topics that were known when it was made.
    if (verdict === 'reject') blame.add(source, 1, 'gossip')
    validation.reportMessageValidationResult(msgId, source, RESULTS[verdict])
  }

  function onMessage({ detail }: CustomEvent<GossipsubMessage>): void {
    const failed = (error: unknown): void => {
      logger.error('a gossip handler failed', { topic: detail.msg.topic, error })
      report(detail, 'ignore')
    }
    try {
      const verdict = judge(detail)
      if (typeof verdict === 'string') report(detail, verdict)
      else verdict.then((later) => report(detail, later), failed)
    } catch (error) {
      failed(error)
    }
  }

  function subscribe(topic: string, handler: MessageHandler): () => void {
    if (handlers.has(topic)) throw new TypeError(`the topic "${topic}" has a handler already`)
    if (handlers.size === 0) gossip.addEventListener('gossipsub:message', onMessage)
    handlers.set(topic, { handler, since: clock.monotonic(), messages: 0 })
    gossip.subscribe(topic)
    return () => {
      if (handlers.get(topic)?.handler !== handler) return
      handlers.delete(topic)
      gossip.unsubscribe(topic)
      if (handlers.size === 0) gossip.removeEventListener('gossipsub:message', onMessage)
    }
  }

  return {
    publish: (topic, data) => publish(gossip, topic, data),
    subscribe,
    subscribers: (topic) => gossip.getSubscribers(topic).map(String),
    heard(topic) {
      const listening = handlers.get(topic)
      if (listening === undefined) return undefined
      return { messages: listening.messages, overMs: clock.monotonic() - listening.since }
    }
  }
}

/** Those with whom whole messages of a topic are exchanged: public on gossipsub's class, though its interface leaves it out. */
export function meshPeers(gossip: object, topic: string): readonly PeerIdText[] {
  if (!('getMeshPeers' in gossip) || typeof gossip.getMeshPeers !== 'function') return []
  const peers: unknown = gossip.getMeshPeers(topic)
  return Array.isArray(peers) ? peers.map(String) : []
}

async function publish(gossip: GossipSub, topic: string, data: Uint8Array): Promise<void> {
  const limit = LIMITS.gossipBytes.value
  if (data.byteLength > limit) {
    throw new LumosError('PAYLOAD_TOO_LARGE', { details: { bytes: data.byteLength, limit } })
  }
  // Whoever comes later compares what it has: to sign this would be much of what a write costs.
  if (gossip.getPeers().length > 0) await gossip.publish(topic, data)
}

/** Whether what an author wrote and a neighbour passed on is read here at all. */
function createHearing(
  components: Pick<PubSubComponents, 'blame' | 'clock' | 'isMember' | 'quotaOf'>
): (author: PeerIdText, source: PeerIdText) => boolean {
  const { blame, isMember } = components
  const mayTell = createRates(components)
  return (author, source) => {
    if (!isMember(author)) {
      blame.add(source, EXCESS_POINTS, 'gossip of strangers')
      return false
    }
    if (mayTell(author)) return true
    // Whoever passed it on may have heard less of its author: that is no offence.
    if (author === source) blame.add(source, EXCESS_POINTS, 'gossip above its rate')
    return false
  }
}

/** Whether an author has not told too much yet. */
function createRates({
  clock,
  quotaOf
}: Pick<PubSubComponents, 'clock' | 'quotaOf'>): (author: PeerIdText) => boolean {
  const authors = new RecentMap<
    PeerIdText,
    { readonly quota: GossipQuota; readonly messages: TokenBucket }
  >(LIMITS.quotaPeers.value)
  return (author) => {
    const quota = quotaOf(author)
    const init = { rate: quota.gossipRate, burst: quota.gossipBurst }
    const known = authors.get(author)
    // Another role, another quota.
    const fits = known?.quota === quota
    const { messages } = fits ? known : { messages: createTokenBucket({ clock }, init) }
    authors.set(author, { quota, messages })
    return messages.take(1)
  }
}

function canValidate(gossip: GossipSub): gossip is GossipSub & Validation {
  return 'reportMessageValidationResult' in gossip
}
