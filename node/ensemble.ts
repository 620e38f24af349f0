/** Lets an ensemble ask peers: each question is a task that this node delegates to one of them. */
import type {
  ChosenPeer,
  EnsembleSwarm,
  PeerEvent,
  PeerQuestion,
  PeerWish
} from '../agents/ensemble/ensemble-swarm.ts'
import type { Artifact } from '../core/a2a.ts'
import type { Component } from '../core/component.ts'
import { fromWireError, LumosError } from '../core/errors.ts'
import type { IdSource } from '../core/ids.ts'
import { withParty } from '../core/party.ts'
import { skillMetadata } from '../core/skill-schemas.ts'
import type { ChoosePeer } from '../routing/choose-peer.ts'
import type { DelegationEvent } from '../tasks/caller/delegation-events.ts'
import type { Delegations } from '../tasks/caller/delegations.ts'
import { settling } from './settled-share.ts'
import { createWhileDelegating } from './while-delegating.ts'

export interface EnsembleComponents {
  readonly ids: IdSource
  readonly delegations: Pick<Delegations, 'delegate' | 'watch' | 'cancel'>
  readonly choosePeer: ChoosePeer
}

export interface NodeEnsemble extends Component {
  readonly swarm: EnsembleSwarm
}

export function createEnsembleSwarm(components: () => EnsembleComponents): NodeEnsemble {
  const whileDelegating = createWhileDelegating(components)
  return {
    ...whileDelegating,
    swarm: {
      choose: (wish) => whileDelegating.do(wish.signal, (parts) => choose(parts, wish)),
      ask: (question) => whileDelegating.do(question.signal, (parts) => ask(parts, question))
    }
  }
}

async function choose(
  { choosePeer }: EnsembleComponents,
  { contextId: thread, exclude, signal, ...question }: PeerWish
): Promise<ChosenPeer | undefined> {
  const chosen = await choosePeer({ ...question, thread }, { exclude, signal })
  if (chosen === undefined) return undefined
  const { provider, choice } = chosen
  const { peer: id, name, agentId: agent, idempotent } = provider
  return { node: { id, name }, agent, idempotent, choice }
}

async function ask(
  { ids, delegations }: EnsembleComponents,
  question: PeerQuestion
): Promise<readonly Artifact[]> {
  const { peer, parts, skill, parent, contextId, depth, timeoutMs, signal, onEvent } = question
  const { chain, purse, party } = question
  const message = {
    messageId: ids(),
    contextId,
    role: 'ROLE_USER' as const,
    parts,
    ...(skill !== undefined && { metadata: skillMetadata(skill) })
  }
  const leftMs = timeoutMs()
  if (leftMs <= 0) throw new LumosError('TIMED_OUT', { details: { timeoutMs: 0 } })
  const share = await purse.reserve({ signal })
  const order = {
    target: `@${peer.agent}`,
    to: peer.node.id,
    parent,
    depth,
    chain: { ...chain, ...(share.budget && { budget: share.budget }) },
    ...(Number.isFinite(leftMs) && { timeoutMs: leftMs }),
    message: withParty(message, party)
  }
  const { id } = await delegations.delegate(order).catch((error: unknown) => {
    share.giveBack()
    throw error
  })
  onEvent({ type: 'asked', task: id })
  try {
    return await answerOf(settling(share, delegations.watch(id, { signal })), question)
  } catch (error) {
    // Nobody waits for it any more. It may have ended at that moment.
    delegations.cancel(id).catch(() => {})
    throw error
  }
}

async function answerOf(
  events: AsyncIterable<DelegationEvent>,
  { peer, onEvent }: PeerQuestion
): Promise<readonly Artifact[]> {
  for await (const event of events) {
    if (event.type === 'result') {
      if (event.error !== undefined) throw fromWireError(event.error)
      return event.artifacts
    }
    if (event.type === 'input-required') {
      const reason = 'it asks back, and who asked it asks several'
      throw new LumosError('AGENT_FAILED', { details: { agent: peer.agent, reason } })
    }
    const told = toldBy(event)
    if (told !== undefined) onEvent(told)
  }
  throw new LumosError('STREAM_TRUNCATED')
}

function toldBy(event: DelegationEvent): PeerEvent | undefined {
  if (event.type === 'routed') return undefined
  if (event.type === 'accepted') return { type: 'taken' }
  if (event.type !== 'retry' && event.type !== 'waiting') return { type: 'heard' }
  const error = fromWireError(event.error)
  // One of which nobody knows whether it took it is waited for like one that did.
  const isAway = event.type === 'waiting' || event.maybeTaken
  return { type: isAway ? 'away' : 'refused', error }
}
