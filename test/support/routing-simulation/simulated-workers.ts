/** The way from one caller to the simulated peers: what its router takes for sessions with them. */
import { EventEmitter } from 'node:events'
import type { StreamResponse, TaskState } from '../../../core/a2a.ts'
import type { SendMessageRequest } from '../../../core/a2a-operations.ts'
import type { Clock } from '../../../core/clock.ts'
import { LumosError } from '../../../core/errors.ts'
import { LIMITS } from '../../../core/limits.ts'
import type { Random } from '../../../core/random.ts'
import { Silence } from '../../../protocols/session/silence.ts'
import type { Session } from '../../../protocols/session/session.ts'
import { createSilentPeers } from '../../../routing/silent-peers.ts'
import type { SilentPeers } from '../../../routing/silent-peers.ts'
import type { A2aCallOptions } from '../../../protocols/a2a/client.ts'
import type { Worker, Workers } from '../../../routing/workers.ts'
import { chosenTaskId } from '../../../protocols/a2a/extensions.ts'
import { oneWayMs, roundTripMs } from './distributions.ts'
import type { Place } from './distributions.ts'
import type { Job, SimulatedPeer } from './simulated-peer.ts'

/** How long a dial of a host that does not answer takes to fail. */
const DIAL_MS = 5000

export interface SimulatedWorkersComponents {
  readonly time: Clock
  readonly random: Random
  readonly peers: ReadonlyMap<string, SimulatedPeer>
}

/** Where a message is on its way to or from. */
interface Wire {
  readonly peer: SimulatedPeer
  /** Aborts when the caller loses interest. */
  readonly signal: AbortSignal
}

export class SimulatedWorkers implements Workers {
  /** Tasks sent, whatever became of them. */
  sent = 0
  readonly #parts: SimulatedWorkersComponents
  readonly #place: Place
  readonly #roundTrips = new Map<string, number>()
  /** What was asked of a peer and is not over, by task and peer. */
  readonly #jobs = new Map<string, Job>()
  readonly #workers = new Map<string, Worker>()
  readonly silent: SilentPeers

  constructor(parts: SimulatedWorkersComponents, place: Place) {
    this.#parts = parts
    this.#place = place
    this.silent = createSilentPeers({
      sessions: { events: new EventEmitter(), get: (id) => this.#sessionWith(id) }
    })
  }

  async reach(id: string, signal: AbortSignal = NEVER): Promise<Worker> {
    const peer = this.#peer(id)
    const silentMs = this.#parts.time.monotonic() - peer.diedAt
    const isNoticed = peer.health === 'gone' || silentMs > LIMITS.heartbeatDead.value
    if (peer.health !== 'up' && isNoticed) {
      await this.#parts.time.sleep(peer.health === 'silent' ? DIAL_MS : this.rttMs(id), signal)
      signal.throwIfAborted()
      throw new LumosError('PEER_UNREACHABLE', { details: { peer: id } })
    }
    const worker = this.#workers.get(id) ?? this.#workerOf(peer)
    this.#workers.set(id, worker)
    return worker
  }

  path(): 'direct' {
    return 'direct'
  }

  rttMs(id: string): number {
    const known = this.#roundTrips.get(id) ?? roundTripMs(this.#place, this.#peer(id).traits.place)
    this.#roundTrips.set(id, known)
    return known
  }

  isReachable(id: string): boolean {
    return this.#peer(id).health === 'up'
  }

  async whenReachable(): Promise<void> {}

  #peer(id: string): SimulatedPeer {
    const peer = this.#parts.peers.get(id)
    if (peer === undefined) throw new TypeError(`no peer ${id}`)
    return peer
  }

  #sessionWith(id: string): Pick<Session, 'peer' | 'watchSilence'> {
    const { time } = this.#parts
    const peer = this.#peer(id)
    const silence = new Silence({
      clock: time,
      heardAt: () => (peer.health === 'silent' ? peer.diedAt : time.monotonic()),
      roundTripMs: () => this.rttMs(id),
      probe: () => undefined
    })
    return { peer: id, watchSilence: (watcher) => silence.watch(watcher) }
  }

  #workerOf(peer: SimulatedPeer): Worker {
    const worker: Partial<Worker> = {
      sendStreamingMessage: (request, options) => this.#work(peer, request, options),
      cancelTask: async ({ id }) => {
        const job = this.#jobs.get(`${id} ${peer.traits.id}`)
        await this.#travel({ peer, signal: NEVER })
        job?.drop()
        return { id, contextId: '', status: { state: 'TASK_STATE_CANCELED' } }
      }
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that a router uses of it
    return worker as Worker
  }

  /** A caller that stops listening is no cancel: the work goes on, unless its worker is told. */
  async *#work(
    peer: SimulatedPeer,
    { metadata }: SendMessageRequest,
    { signal = NEVER }: A2aCallOptions
  ): AsyncIterable<StreamResponse> {
    const wire = { peer, signal }
    const chosen = chosenTaskId(metadata)
    const id = typeof chosen === 'string' ? chosen : ''
    this.sent += 1
    await this.#travel(wire)
    if (peer.health !== 'up') await this.#loss(wire)
    if (peer.isFull) {
      const retryAfterMs = Math.round(peer.waitMs)
      await this.#travel(wire)
      throw new LumosError('OVERLOADED', { details: { retryAfterMs } })
    }
    const name = `${id} ${peer.traits.id}`
    const job = peer.take()
    this.#jobs.set(name, job)
    void job.ended.then(() => this.#jobs.delete(name))
    await this.#unlessLost(this.#travel(wire), wire)
    yield { task: { id, contextId: '', status: { state: 'TASK_STATE_SUBMITTED' } } }
    await this.#unlessLost(job.started, wire)
    await this.#unlessLost(this.#travel(wire), wire)
    yield status(id, 'TASK_STATE_WORKING')
    await this.#unlessLost(job.ended, wire)
    await this.#unlessLost(this.#travel(wire), wire)
    yield status(id, 'TASK_STATE_COMPLETED')
  }

  async #travel({ peer, signal }: Wire): Promise<void> {
    const { time, random } = this.#parts
    await time.sleep(oneWayMs(random, this.rttMs(peer.traits.id)), signal)
    signal.throwIfAborted()
  }

  /** `promise`, unless the peer dies, or the caller leaves. */
  async #unlessLost(promise: Promise<void>, wire: Wire): Promise<void> {
    const { peer, signal } = wire
    const { life } = peer
    const lost = Promise.withResolvers<void>()
    const onLost = (): void => lost.resolve()
    life.addEventListener('abort', onLost)
    signal.addEventListener('abort', onLost)
    if (life.aborted || signal.aborted) onLost()
    await Promise.race([promise, lost.promise])
    life.removeEventListener('abort', onLost)
    signal.removeEventListener('abort', onLost)
    signal.throwIfAborted()
    if (life.aborted) await this.#loss(wire)
  }

  /** How a caller learns that its peer is no more: by an answer of its host, or by silence. */
  async #loss({ peer, signal }: Wire): Promise<never> {
    const { time, random } = this.#parts
    const { heartbeatDead } = LIMITS
    const wayMs = oneWayMs(random, this.rttMs(peer.traits.id))
    await time.sleep(peer.health === 'silent' ? heartbeatDead.value : wayMs, signal)
    signal.throwIfAborted()
    throw new LumosError('SESSION_CLOSED')
  }
}

const NEVER = new AbortController().signal

function status(taskId: string, state: TaskState): StreamResponse {
  return { statusUpdate: { taskId, contextId: '', status: { state } } }
}
