/** The agent that asks several peers the same and makes one answer of theirs: an ensemble is a task like any other. */
import type { Artifact, Part } from '../../core/a2a.ts'
import type { Clock } from '../../core/clock.ts'
import {
  answerArtifactId,
  ENSEMBLE_AGENT_ID,
  ENSEMBLE_REPORT_ID,
  ensembleReportOf,
  wishedEnsemble
} from '../../core/ensemble.ts'
import type { EnsembleMember, EnsembleOutcome, EnsembleWish } from '../../core/ensemble.ts'
import { agentUnknown, LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { partyOf } from '../../core/party.ts'
import type { Random } from '../../core/random.ts'
import { defineAgent, inputError, RESULT_ARTIFACT_ID } from '../agent.ts'
import { rootChain } from '../../core/chain.ts'
import { createPurse } from '../../core/purse.ts'
import type { Agent, AgentOutput, AgentRequest, Resumption } from '../agent.ts'
import { asJson } from '../tools/json-value.ts'
import { canonicalContent, standing, tally, votesNeeded } from './ballot.ts'
import type { Tally } from './ballot.ts'
import type { EnsembleSwarm } from './ensemble-swarm.ts'
import { judgeAnswers } from './judge.ts'
import { createMembers } from './members.ts'
import type { Member, Members, RestoredMember } from './members.ts'

export interface EnsembleComponents {
  readonly clock: Clock
  readonly random: Random
  readonly swarm: EnsembleSwarm
}

export interface EnsembleInit {
  /** The only one that may ask: others would have this node multiply their tasks. */
  readonly self: PeerIdText
}

/** Who chooses when nobody was named: every node with a model offers it. */
export const USUAL_JUDGE = 'chat'
/** With `best` the peers have so much of the time, and the judge the rest. */
const BEFORE_JUDGEMENT = 0.75

export function createEnsembleAgent(components: EnsembleComponents, { self }: EnsembleInit): Agent {
  return defineAgent({
    id: ENSEMBLE_AGENT_ID,
    name: 'Ensemble',
    description:
      'Asks several peers the same and takes the first answer, all, the majority or the best.',
    skills: [
      {
        id: ENSEMBLE_AGENT_ID,
        name: 'Ask several peers',
        description: 'One question to several peers, for the node that it runs on.',
        tags: ['routing'],
        examples: ['is 91 a prime number?']
      }
    ],
    resumable: true,
    async *run(request) {
      if (request.caller !== self) throw agentUnknown(ENSEMBLE_AGENT_ID)
      const wish = wishedEnsemble(request.message)
      if (wish === undefined) throw inputError(ENSEMBLE_AGENT_ID, 'it is not said whom to ask')
      yield* askAll(components, request, wish)
    }
  })
}

async function* askAll(
  components: EnsembleComponents,
  request: AgentRequest,
  wish: EnsembleWish
): AsyncGenerator<AgentOutput> {
  const members = createMembers(components, {
    wish,
    question: questionOf(request, wish),
    signal: request.signal,
    restored: restoredFrom(request.resumed)
  })
  try {
    await members.choose()
    yield reportOf(wish, members)
    members.ask()
    for (;;) {
      const member = members.next()
      if (member === undefined) {
        if (!isOpen(wish, members)) break
        await members.changed()
        continue
      }
      if (member.parts !== undefined && wish.take !== 'first') yield answerOf(member, member.parts)
      yield reportOf(wish, members)
      yield progressOf(member, members)
      members.ask()
    }
    members.dismiss()
    yield* conclude({ components, request, wish, members })
  } finally {
    members.dismiss()
  }
}

function questionOf(request: AgentRequest, wish: EnsembleWish) {
  const { message, skill, taskId, contextId, depth = 0, remainingMs } = request
  const { chain = rootChain(taskId), budget = createPurse() } = request
  const share = wish.take === 'best' ? BEFORE_JUDGEMENT : 1
  const endMs = remainingMs() * (1 - share)
  return {
    parts: message.parts,
    skill,
    parent: taskId,
    contextId,
    party: partyOf(message),
    depth: depth + 1,
    chain,
    purse: budget,
    // What is left after it, the ensemble needs to say what came of it.
    timeoutMs: () => remainingMs() - (Number.isFinite(endMs) ? endMs : 0) - LIMITS.hopMargin.value
  }
}

/** Whether what is still to come can matter. */
function isOpen({ take }: EnsembleWish, { all, answered }: Members): boolean {
  const pending = all.filter(({ state }) => state === 'asked').length
  if (pending === 0) return false
  if (take === 'first') return answered.length === 0
  if (take !== 'majority') return true
  return standing(tallyOf(answered), { asked: askedOf(all), pending }) === 'open'
}

interface Case {
  readonly components: EnsembleComponents
  readonly request: AgentRequest
  readonly wish: EnsembleWish
  readonly members: Members
}

async function* conclude(given: Case): AsyncGenerator<AgentOutput> {
  const { wish, members } = given
  const { answered, all } = members
  const counted = tallyOf(answered)
  const asked = askedOf(all)
  const lastError = all.findLast(({ state }) => state === 'failed')?.error
  if (answered.length === 0 && lastError !== undefined) {
    yield reportOf(wish, members)
    throw new LumosError('ENSEMBLE_FAILED', { details: { asked, last: lastError.code } })
  }
  const outcome = await decide(given, counted)
  const votes = outcome.answer === undefined ? undefined : (counted.votes[outcome.answer - 1] ?? 0)
  yield reportOf(wish, members, { ...outcome, ...(votes !== undefined && { votes }) })
  if (wish.take === 'majority' && standing(counted, { asked, pending: 0 }) !== 'decided') {
    const details = { asked, needed: Math.max(2, votesNeeded(asked)), votes: votes ?? 0 }
    throw new LumosError('ENSEMBLE_UNDECIDED', { details })
  }
  const taken = answered[counted.numbers.indexOf(outcome.answer ?? 0)]
  if (taken?.parts !== undefined) {
    yield { type: 'artifact', artifact: { artifactId: RESULT_ARTIFACT_ID, parts: taken.parts } }
  }
}

async function decide(given: Case, counted: Tally): Promise<EnsembleOutcome> {
  const { wish, members } = given
  if (wish.take === 'all') return {}
  if (wish.take === 'first') return { answer: 1 }
  if (wish.take === 'majority') {
    return { answer: counted.leader, needed: Math.max(2, votesNeeded(askedOf(members.all))) }
  }
  return decideBest(given, counted)
}

async function decideBest(
  { components, request, wish, members }: Case,
  { votes, numbers, leader }: Tally
): Promise<EnsembleOutcome> {
  if (votes.length === 1) {
    const reason =
      members.answered.length === 1 ? 'there was only one answer' : 'all answers are the same'
    return { answer: 1, reason }
  }
  const { judge = USUAL_JUDGE } = wish
  const answers = votes.map((_, index) => members.answered[numbers.indexOf(index + 1)]?.parts ?? [])
  const verdict = await judgeAnswers(
    { ask: request.ask, random: components.random },
    { judge, question: request.message.parts, answers, signal: request.signal }
  )
  if ('flaw' in verdict) {
    const reason = `${verdict.flaw}: taken is the answer that most gave, of several such the first`
    return { answer: leader, judge, reason, fallback: true }
  }
  const { chosen, reason } = verdict
  return { answer: chosen + 1, judge, ...(reason !== undefined && { reason }) }
}

function tallyOf(answered: readonly Member[]): Tally {
  return tally(answered.map(({ parts = [] }) => canonicalContent(parts)))
}

/** Whom another one replaced does not count. */
function askedOf(all: readonly Member[]): number {
  return all.filter(({ state }) => state !== 'replaced').length
}

function answerOf({ index, peer }: Member, parts: readonly Part[]): AgentOutput {
  const artifact: Artifact = { artifactId: answerArtifactId(index), name: peer.node.name, parts }
  return { type: 'artifact', artifact }
}

function progressOf(member: Member, { all }: Members): AgentOutput {
  const ended = all.filter(({ state }) => state === 'answered' || state === 'failed').length
  const { name } = member.peer.node
  const said = { answered: 'answered', failed: 'failed', replaced: 'was replaced' }[
    member.state as string
  ]
  return { type: 'progress', text: `${name} ${said ?? 'left'}`, fraction: ended / askedOf(all) }
}

/** Everything that is known, each time: whoever reads the story, and the next attempt, needs the last one only. */
function reportOf(wish: EnsembleWish, members: Members, outcome?: EnsembleOutcome): AgentOutput {
  const { numbers } = tallyOf(members.answered)
  const told = members.all.map((member): EnsembleMember => {
    const number = numbers[members.answered.indexOf(member)]
    return memberOf(member, number)
  })
  const report = {
    take: wish.take,
    wanted: wish.peers,
    members: told,
    ...(outcome && { outcome })
  }
  const data = asJson(report)
  return {
    type: 'artifact',
    artifact: {
      artifactId: ENSEMBLE_REPORT_ID,
      name: 'ensemble',
      description: 'Who was asked, and what came of it.',
      parts: [{ data, mediaType: 'application/json' }]
    }
  }
}

function memberOf(member: Member, answer: number | undefined): EnsembleMember {
  const { peer, state, task, tookMs, error } = member
  return {
    node: peer.node,
    agent: peer.agent,
    state,
    idempotent: peer.idempotent,
    ...(task !== undefined && { task }),
    ...(tookMs !== undefined && { tookMs }),
    ...(error && { error: error.toWire() }),
    ...(answer !== undefined && { answer }),
    ...(peer.choice && { choice: peer.choice })
  }
}

/** What an interrupted run had told: who was asked, and the answers it had. */
function restoredFrom(resumed: Resumption | undefined): readonly RestoredMember[] {
  const artifacts = new Map<string, Artifact>()
  for (const { task, artifactUpdate } of resumed?.events ?? []) {
    for (const artifact of task?.artifacts ?? []) artifacts.set(artifact.artifactId, artifact)
    if (artifactUpdate !== undefined) {
      artifacts.set(artifactUpdate.artifact.artifactId, artifactUpdate.artifact)
    }
  }
  const told = artifacts.get(ENSEMBLE_REPORT_ID)
  const report = told && ensembleReportOf(told)
  return (report?.members ?? []).map((member, index) => {
    const parts = artifacts.get(answerArtifactId(index))?.parts
    return { told: member, ...(parts && { parts }) }
  })
}
