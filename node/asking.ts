/** Lets agents ask the swarm: each question is a task that this node delegates, bound to the run that asks. */
import type { AskSwarm, SwarmQuestion } from '../agents/asking.ts'
import { RESULT_ARTIFACT_ID } from '../agents/agent.ts'
import { type Artifact, type Message, type Part, textOf } from '../core/a2a.ts'
import type { Component } from '../core/component.ts'
import { ENSEMBLE_AGENT_ID, ensembleMetadata, isAnswerArtifact } from '../core/ensemble.ts'
import { fromWireError, LumosError } from '../core/errors.ts'
import type { IdSource } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import { withParty } from '../core/party.ts'
import type { DelegationEvent } from '../tasks/caller/delegation-events.ts'
import type { Delegations } from '../tasks/caller/delegations.ts'
import { settling } from './settled-share.ts'
import { createWhileDelegating } from './while-delegating.ts'

export interface AskSwarmComponents {
  readonly ids: IdSource
  readonly delegations: Pick<Delegations, 'delegate' | 'watch' | 'cancel'>
}

export interface SwarmAsking extends Component {
  readonly ask: AskSwarm
}

export function createSwarmAsking(components: () => AskSwarmComponents): SwarmAsking {
  const whileDelegating = createWhileDelegating(components)
  return {
    ...whileDelegating,
    ask: (question) => whileDelegating.do(question.signal, (parts) => ask(parts, question))
  }
}

async function ask(
  { ids, delegations }: AskSwarmComponents,
  question: SwarmQuestion
): Promise<readonly Part[]> {
  const { signal, parent, depth, chain, share, timeoutMs, contextId, parts, party } = question
  const message = withParty({ messageId: ids(), contextId, role: 'ROLE_USER', parts }, party)
  const order = {
    ...orderOf(question, message),
    parent,
    depth,
    ...(chain && { chain }),
    timeoutMs: timeoutMs()
  }
  const { id } = await delegations.delegate(order).catch((error: unknown) => {
    share?.giveBack()
    throw error
  })
  try {
    return await answerFrom(settling(share, delegations.watch(id, { signal })), question)
  } catch (error) {
    // Nobody waits for it any more. It may have ended at that moment.
    delegations.cancel(id).catch(() => {})
    throw error
  }
}

/** Several peers are asked by an agent of this node. */
function orderOf({ target, ensemble }: SwarmQuestion, message: Message) {
  if (ensemble === undefined) return { target, message }
  const { take = 'first', ...rest } = ensemble
  const metadata = ensembleMetadata({ ...rest, target, take, where: 'any' })
  return {
    target: `@${ENSEMBLE_AGENT_ID}`,
    where: 'local' as const,
    message: { ...message, metadata: { ...message.metadata, ...metadata } }
  }
}

async function answerFrom(
  events: AsyncIterable<DelegationEvent>,
  question: SwarmQuestion
): Promise<readonly Part[]> {
  const { target, heartbeat } = question
  const tell = createTelling(question)
  for await (const event of events) {
    // Whoever waits for somebody that is alive is alive.
    heartbeat()
    if (event.type === 'result') return resultOf(event, target)
    if (event.type === 'input-required') {
      const reason = 'it asks back, and who asked it is an agent itself'
      throw new LumosError('AGENT_FAILED', { details: { agent: target, reason } })
    }
    tell(event)
  }
  throw new LumosError('STREAM_TRUNCATED')
}

/** Tells whoever asks what happens; of the result's text each piece once, though a resumed story tells it whole. */
function createTelling({ onText, onEvent }: SwarmQuestion): (event: DelegationEvent) => void {
  let told = ''

  function addWhole(text: string): void {
    const goesOn = text.startsWith(told)
    if (!goesOn) onEvent?.({ type: 'restarted' })
    const piece = goesOn ? text.slice(told.length) : text
    told = text
    if (piece !== '') onText?.(piece)
  }

  function addPiece(text: string): void {
    told += text
    if (text !== '') onText?.(text)
  }

  return (event) => {
    if (event.type === 'artifact' && event.artifact.artifactId === RESULT_ARTIFACT_ID) {
      const text = textOf(event.artifact.parts)
      if (event.append) addPiece(text)
      else addWhole(text)
    } else if (event.type === 'routed') {
      const { agentId: agent, worker, path } = event
      onEvent?.({ type: 'routed', agent, ...(path !== 'local' && { node: worker }) })
    } else if (event.type === 'restarted') {
      told = ''
      onEvent?.({ type: 'restarted' })
    } else if (event.type === 'status' && (event.text !== undefined || event.step !== undefined)) {
      const { text = '', fraction, step } = event
      onEvent?.({
        type: 'progress',
        text,
        ...(fraction !== undefined && { fraction }),
        ...(step !== undefined && { step })
      })
    }
  }
}

function resultOf(
  { error, artifacts }: Extract<DelegationEvent, { type: 'result' }>,
  agent: string
): readonly Part[] {
  if (error !== undefined) throw fromWireError(error)
  const result = artifacts.find(({ artifactId }) => artifactId === RESULT_ARTIFACT_ID)
  const parts = result?.parts ?? artifacts.filter(isAnswerArtifact).flatMap(namedParts)
  const limit = LIMITS.agentAskBytes.value
  const bytes = JSON.stringify(parts).length
  if (bytes > limit) throw new LumosError('PAYLOAD_TOO_LARGE', { details: { agent, bytes, limit } })
  return parts
}

/** One of several answers, each part with the name of its peer. */
function namedParts({ name = '', parts }: Artifact): readonly Part[] {
  return parts.map((part) => ({ ...part, metadata: { ...part.metadata, node: name } }))
}
