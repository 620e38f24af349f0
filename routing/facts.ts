/** What this node has measured itself of each agent at each peer: from the events of the tasks it gave them. */
import type { Clock } from '../core/clock.ts'
import type { PeerIdText } from '../core/ids.ts'
import { LIMITS } from '../core/limits.ts'
import { RecentMap } from '../core/recent-map.ts'
import { Breaker } from './breaker.ts'
import { Samples } from './samples.ts'

/** An agent of a peer. */
export interface WorkerKey {
  readonly peer: PeerIdText
  readonly agentId: string
}

/** A failure counts half after so many milliseconds: a peer that was mended is soon as good as others. */
const SUCCESS_HALF_LIFE_MS = 60_000

export class WorkerFacts implements WorkerKey {
  readonly peer: PeerIdText
  readonly agentId: string
  /** From sending to the first word of the worker. */
  readonly acceptMs = new Samples()
  /** From acceptance to the beginning of the work. */
  readonly queueMs = new Samples()
  /** From the beginning of the work to its end. */
  readonly runMs = new Samples()
  /** From sending to the first event besides acceptance and beginning. */
  readonly firstEventMs = new Samples()
  /** From sending to the first output, or the end without any. */
  readonly answerMs = new Samples()
  readonly breaker = new Breaker()
  /** When each task under way was sent, the oldest first; monotonic milliseconds. */
  readonly underWay = new Map<object, number>()
  /** Until when the worker asked to be left alone. */
  notBefore = 0
  /** When it was asked last. */
  askedAt = -Infinity
  #successes = 0
  #calls = 0
  #countedAt = 0

  constructor({ peer, agentId }: WorkerKey) {
    this.peer = peer
    this.agentId = agentId
  }

  get inFlight(): number {
    return this.underWay.size
  }

  /** How long the oldest task under way has been under way: a lower bound of what the next one takes. */
  oldestMs(now: number): number {
    for (const sentAt of this.underWay.values()) return now - sentAt
    return 0
  }

  count(success: boolean, now: number): void {
    this.#decay(now)
    this.#calls += 1
    if (success) this.#successes += 1
  }

  /** Above 0, at most 1; a worker that was never asked is believed to be good. */
  success(now: number): number {
    this.#decay(now)
    return (this.#successes + 1) / (this.#calls + 1)
  }

  #decay(now: number): void {
    const factor = 2 ** ((this.#countedAt - now) / SUCCESS_HALF_LIFE_MS)
    this.#successes *= factor
    this.#calls *= factor
    this.#countedAt = now
  }
}

export interface Facts {
  find(key: WorkerKey): WorkerFacts | undefined
  /** Makes room for them if nothing is known yet. */
  of(key: WorkerKey): WorkerFacts
  /** Run times of the agents of that name at all peers together: what to expect of an unknown one. */
  runMs(agentId: string): Samples | undefined
  /** From sending to the first event, likewise. */
  firstEventMs(agentId: string): Samples | undefined
  /** From sending to the first output, likewise. */
  answerMs(agentId: string): Samples | undefined
  learn(facts: WorkerFacts, what: 'runMs' | 'firstEventMs' | 'answerMs', ms: number): void
}

interface AgentSamples {
  readonly runMs: Samples
  readonly firstEventMs: Samples
  readonly answerMs: Samples
}

export function createFacts(clock: Pick<Clock, 'monotonic'>): Facts {
  /** By agent, then by peer: one candidate's facts are found without making a key of both. */
  const byAgent = new Map<string, Map<PeerIdText, WorkerFacts>>()
  /** The one asked longest ago first. */
  const inOrder = new Set<WorkerFacts>()
  /** The one learnt of longest ago first. */
  const agents = new RecentMap<string, AgentSamples>(LIMITS.routedAgents.value)

  function forgetOldest(): void {
    for (const facts of inOrder) {
      // Tasks under way would come back to nothing.
      if (facts.inFlight > 0) continue
      inOrder.delete(facts)
      const peers = byAgent.get(facts.agentId)
      peers?.delete(facts.peer)
      if (peers?.size === 0) byAgent.delete(facts.agentId)
      return
    }
  }

  function samplesOf(agentId: string): AgentSamples {
    const known = agents.get(agentId) ?? {
      runMs: new Samples(),
      firstEventMs: new Samples(),
      answerMs: new Samples()
    }
    agents.set(agentId, known)
    return known
  }

  return {
    find: ({ peer, agentId }) => byAgent.get(agentId)?.get(peer),
    of(key) {
      const peers = byAgent.get(key.agentId) ?? new Map<PeerIdText, WorkerFacts>()
      byAgent.set(key.agentId, peers)
      const facts = peers.get(key.peer) ?? new WorkerFacts(key)
      peers.set(key.peer, facts)
      inOrder.delete(facts)
      inOrder.add(facts)
      if (inOrder.size > LIMITS.routedWorkers.value) forgetOldest()
      return facts
    },
    runMs: (agentId) => agents.get(agentId)?.runMs,
    firstEventMs: (agentId) => agents.get(agentId)?.firstEventMs,
    answerMs: (agentId) => agents.get(agentId)?.answerMs,
    learn(facts, what, ms) {
      const now = clock.monotonic()
      facts[what].add(ms, now)
      samplesOf(facts.agentId)[what].add(ms, now)
    }
  }
}
