/** The peers of one ensemble: asks each once, and another one in place of who does not take it or is lost. */
import type { Artifact, Part } from '../../core/a2a.ts'
import type { Clock } from '../../core/clock.ts'
import type { EnsembleMember, EnsembleWish, MemberState } from '../../core/ensemble.ts'
import { fromWireError, LumosError, toLumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { unlessAborted } from '../../core/unless-aborted.ts'
import { RESULT_ARTIFACT_ID } from '../agent.ts'
import type { ChosenPeer, EnsembleSwarm, PeerEvent, PeerQuestion } from './ensemble-swarm.ts'

export interface MembersComponents {
  readonly clock: Clock
  readonly swarm: EnsembleSwarm
}

export interface MembersInit {
  readonly wish: EnsembleWish
  readonly question: Omit<PeerQuestion, 'peer' | 'onEvent' | 'signal'>
  /** Ends the whole ensemble. */
  readonly signal: AbortSignal
  /** Those of an interrupted run. */
  readonly restored: readonly RestoredMember[]
}

export interface RestoredMember {
  readonly told: EnsembleMember
  /** Its answer, if it is kept. */
  readonly parts?: readonly Part[]
}

/** One that was asked, as it stands. */
export interface Member {
  readonly index: number
  readonly peer: ChosenPeer
  readonly state: MemberState
  readonly task: string | undefined
  readonly tookMs: number | undefined
  readonly error: LumosError | undefined
  /** What it answered. */
  readonly parts: readonly Part[] | undefined
}

export interface Members {
  /** In the order they were chosen. */
  readonly all: readonly Member[]
  /** Those that answered, in the order they did. */
  readonly answered: readonly Member[]
  /** Takes on those that are to be asked; fewer than wanted when there are no more. Throws when there is nobody. */
  choose(): Promise<void>
  /** Asks those that were taken on and not asked yet: once it was told who they are. */
  ask(): void
  /** One of which something has become since it was told of. */
  next(): Member | undefined
  /** Resolves when there is a next one. Rejects when the ensemble is ended. */
  changed(): Promise<void>
  /** Nobody needs the others any more. */
  dismiss(): void
}

export function createMembers(components: MembersComponents, init: MembersInit): Members {
  return new AskedMembers(components, init)
}

interface Asked extends Member {
  state: MemberState
  task: string | undefined
  tookMs: number | undefined
  error: LumosError | undefined
  parts: readonly Part[] | undefined
  /** Whether it began to work on it. */
  taken: boolean
  began: number | undefined
  /** Ends the wait for one that refuses or is away. */
  disarm: (() => void) | undefined
  readonly controller: AbortController
}

class AskedMembers implements Members {
  readonly all: Asked[] = []
  readonly answered: Asked[] = []
  readonly #parts: MembersComponents
  readonly #init: MembersInit
  readonly #changes: Asked[] = []
  #wake: (() => void) | undefined
  /** One at a time: the next one must not be the same. */
  #choosing: Promise<unknown> = Promise.resolve()
  #bytes = 0

  constructor(parts: MembersComponents, init: MembersInit) {
    this.#parts = parts
    this.#init = init
    for (const one of init.restored) this.#restore(one)
  }

  async choose(): Promise<void> {
    const present = this.all.filter(({ state }) => state !== 'replaced').length
    for (let count = present; count < this.#init.wish.peers; count += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the next one must not be the same
      if ((await this.#takeOn()) === undefined) return
    }
  }

  ask(): void {
    for (const member of this.all) {
      if (member.state !== 'asked' || member.began !== undefined) continue
      member.began = this.#parts.clock.monotonic()
      void this.#follow(member)
    }
  }

  next(): Member | undefined {
    return this.#changes.shift()
  }

  async changed(): Promise<void> {
    const { signal } = this.#init
    signal.throwIfAborted()
    if (this.#changes.length > 0) return
    await unlessAborted(new Promise<void>((resolve) => (this.#wake = resolve)), signal)
  }

  dismiss(): void {
    for (const member of this.all) {
      if (member.state === 'asked') this.#settle(member, 'dismissed')
    }
  }

  /** What was answered counts; who is harmless is asked once more; of the others nobody knows how far they came. */
  #restore({ told, parts }: RestoredMember): void {
    const { node, agent, idempotent, choice, state, task, tookMs, error } = told
    const member = this.#add({ node, agent, idempotent, ...(choice && { choice }) })
    if (state === 'answered' && parts !== undefined) {
      this.#bytes += sizeOf(parts)
      Object.assign(member, { state, task, tookMs, parts })
      this.answered.push(member)
    } else if (state === 'replaced' || state === 'failed') {
      Object.assign(member, { state, task, tookMs, ...(error && { error: fromWireError(error) }) })
    } else if (!idempotent) {
      const details = { agent, attempts: 1, maybeExecuted: true }
      Object.assign(member, {
        state: 'failed',
        task,
        error: new LumosError('TASK_INTERRUPTED', { details })
      })
    }
  }

  #add(peer: ChosenPeer): Asked {
    const member: Asked = {
      index: this.all.length,
      peer,
      state: 'asked',
      task: undefined,
      tookMs: undefined,
      error: undefined,
      parts: undefined,
      taken: false,
      began: undefined,
      disarm: undefined,
      controller: new AbortController()
    }
    this.all.push(member)
    return member
  }

  /** The next peer, which is none of those before. */
  #takeOn(isStillWanted: () => boolean = () => true): Promise<Asked | undefined> {
    const { wish, question, signal } = this.#init
    const { target, where, policy } = wish
    const next = this.#choosing.then(async () => {
      const exclude = this.all.map(({ peer }) => peer.node.id)
      const { contextId } = question
      const peer = await this.#parts.swarm.choose({
        target,
        where,
        contextId,
        exclude,
        signal,
        ...(policy && { policy })
      })
      return peer === undefined || !isStillWanted() ? undefined : this.#add(peer)
    })
    this.#choosing = next.catch(() => {})
    return next
  }

  async #follow(member: Asked): Promise<void> {
    const { signal, question } = this.#init
    try {
      const artifacts = await this.#parts.swarm.ask({
        ...question,
        peer: member.peer,
        signal: AbortSignal.any([signal, member.controller.signal]),
        onEvent: (event) => this.#hear(member, event)
      })
      this.#answer(member, answerIn(artifacts))
    } catch (error) {
      await this.#fail(member, toLumosError(error))
    }
  }

  #answer(member: Asked, parts: readonly Part[]): void {
    if (member.state !== 'asked') return
    const limit = LIMITS.ensembleBytes.value
    const bytes = this.#bytes + sizeOf(parts)
    if (bytes > limit) {
      const details = { agent: member.peer.agent, bytes, limit }
      this.#settle(member, 'failed', new LumosError('PAYLOAD_TOO_LARGE', { details }))
      return
    }
    this.#bytes = bytes
    member.parts = parts
    this.answered.push(member)
    this.#settle(member, 'answered')
  }

  /** Who did not take it has not answered: another one may. */
  async #fail(member: Asked, error: LumosError): Promise<void> {
    if (this.#init.signal.aborted || member.state !== 'asked') return
    if (member.taken || !(await this.#replaced(member, error)))
      this.#settle(member, 'failed', error)
  }

  #hear(member: Asked, event: PeerEvent): void {
    if (member.state !== 'asked') return
    if (event.type === 'asked') member.task = event.task
    else if (event.type === 'refused') this.#worry(member, 0, event.error)
    else if (event.type === 'away') {
      // Also one of which nobody knows whether it took it.
      member.taken = true
      this.#worry(member, LIMITS.failoverGrace.value, event.error)
    } else {
      member.taken ||= event.type === 'taken'
      member.disarm?.()
      member.disarm = undefined
    }
  }

  /** After `graceMs` another one is asked; without another one it is waited for a little more. */
  #worry(member: Asked, graceMs: number, error: LumosError): void {
    if (member.disarm !== undefined) return
    member.disarm = this.#parts.clock.after(graceMs, () => void this.#giveUp(member, error))
  }

  async #giveUp(member: Asked, error: LumosError): Promise<void> {
    const mayReplace = !member.taken || member.peer.idempotent
    if (mayReplace && (await this.#replaced(member, error))) return
    // Back in the meantime.
    if (member.disarm === undefined || member.state !== 'asked') return
    member.disarm = this.#parts.clock.after(LIMITS.ensemblePatience.value, () =>
      this.#settle(member, 'failed', error)
    )
  }

  /** Whether another one was found in its place. */
  async #replaced(member: Asked, error: LumosError): Promise<boolean> {
    const { disarm } = member
    const isStillWanted = (): boolean => member.state === 'asked' && member.disarm === disarm
    try {
      if ((await this.#takeOn(isStillWanted)) === undefined) return false
    } catch {
      return false
    }
    this.#settle(member, 'replaced', error)
    return true
  }

  #settle(member: Asked, state: MemberState, error?: LumosError): void {
    if (member.state !== 'asked') return
    member.state = state
    member.error = error
    member.tookMs = Math.round(this.#parts.clock.monotonic() - (member.began ?? 0))
    member.disarm?.()
    if (state !== 'answered') member.controller.abort(new LumosError('CANCELLED'))
    this.#changes.push(member)
    this.#wake?.()
  }
}

/** As `ask` has it: the parts of `result`; of an agent that has no such artifact, all parts. */
function answerIn(artifacts: readonly Artifact[]): readonly Part[] {
  const result = artifacts.find(({ artifactId }) => artifactId === RESULT_ARTIFACT_ID)
  return result?.parts ?? artifacts.flatMap(({ parts }) => parts)
}

function sizeOf(parts: readonly Part[]): number {
  return Buffer.byteLength(JSON.stringify(parts))
}
