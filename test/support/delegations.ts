/** A caller whose worker answers as a test says, on a disk that can lose its power. */
import { expect, onTestFinished } from 'vitest'
import type { StreamResponse, TaskState } from '../../core/a2a.ts'
import { textOf } from '../../core/a2a.ts'
import { LumosError } from '../../core/errors.ts'
import { createIdSource } from '../../core/ids.ts'
import { silentLogger } from '../../core/logger.ts'
import { stamp } from '../../protocols/a2a/extensions.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'
import { createBatches } from '../../storage/batches.ts'
import type { Batches } from '../../storage/batches.ts'
import { createGroupCommit } from '../../storage/group-commit.ts'
import { createMemoryStore } from '../../storage/memory-store.ts'
import type { MemoryStore } from '../../storage/memory-store.ts'
import type { Store } from '../../storage/store.ts'
import type { DelegationEvent } from '../../tasks/caller/delegation-events.ts'
import { createDelegations } from '../../tasks/caller/delegations.ts'
import type { Delegations, DelegationsInit } from '../../tasks/caller/delegations.ts'
import type { DispatchEvent, Dispatcher, Placement } from '../../tasks/caller/dispatcher.ts'
import { createEdgeAccounts } from '../../tasks/edge/accounts.ts'
import type { EdgeAccounts } from '../../tasks/edge/accounts.ts'
import { openOutboxStore } from '../../tasks/caller/outbox-store.ts'
import type { OutboxStore, OutboxStoreInit } from '../../tasks/caller/outbox-store.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'

export const TASK = '01890a5d-ac96-774b-bcce-b302099a8057'

/** What a stream brings: updates, then silence, unless an error ends it. */
export type Answer = readonly (StreamResponse | LumosError)[]

/** The whole task, as it begins an attempt or a resumed stream. */
export function begin(state: TaskState = 'TASK_STATE_WORKING', at = position(0)): StreamResponse {
  return { task: { id: TASK, contextId: 'c', status: { state }, metadata: stamp(at) } }
}

export function piece(text: string, at: Position, append = at.seq > 1): StreamResponse {
  const artifact = { artifactId: 'result', parts: [{ text }] }
  return {
    artifactUpdate: { taskId: TASK, contextId: 'c', artifact, append, metadata: stamp(at) }
  }
}

export function finish(at: Position, state: TaskState = 'TASK_STATE_COMPLETED'): StreamResponse {
  const status = { state }
  return { statusUpdate: { taskId: TASK, contextId: 'c', status, metadata: stamp(at) } }
}

/** The task asks. */
export function ask(text: string, at: Position, auth = false): StreamResponse {
  const state = auth ? 'TASK_STATE_AUTH_REQUIRED' : 'TASK_STATE_INPUT_REQUIRED'
  const message = { messageId: `q-${text}`, role: 'ROLE_AGENT' as const, parts: [{ text }] }
  const status = { state, message } as const
  return { statusUpdate: { taskId: TASK, contextId: 'c', status, metadata: stamp(at) } }
}

export function position(seq: number, attempt = 1): Position {
  return { attempt, seq }
}

function batchesOf(store: Store): Batches {
  const commit = createGroupCommit({ store })
  return createBatches({
    append: async (_, { sync, operations = [] }) => {
      await commit.append(operations, { sync })
      return 0
    }
  })
}

export async function openOutbox(store: Store, init?: OutboxStoreInit): Promise<OutboxStore> {
  return openOutboxStore({ store, batches: batchesOf(store) }, init)
}

/** The worker, and what it was asked. */
export class ScriptedWorker implements Dispatcher {
  readonly placement: Placement
  /** Orders that left the node, by task id. */
  readonly sent: string[] = []
  /** From where streams were resumed. */
  readonly resumed: (Position | undefined)[] = []
  readonly cancelled: string[] = []
  /** Who is asked before it and does not take the task, as far as is known. */
  before: readonly { readonly placement: Placement; readonly maybeTaken: boolean }[] = []
  /** Names of those others who were told that the task is wanted no more. */
  readonly recalled: string[] = []
  /** What it was told when it asked. */
  readonly heard: string[] = []
  /** What it answers to a cancel instead of obeying. */
  refusal: LumosError | undefined
  reachable = true
  /** Whether a cancel is never answered. */
  deaf = false
  /** What each stream brings, in the order in which they are opened; then nothing ever. */
  readonly answers: Answer[] = []
  /** What it would tell of the task when there is no such answer. */
  story: readonly StreamResponse[] = []
  /** Why no worker is found. */
  nobody: LumosError | undefined
  /** Whether the search for a worker takes for ever: from its beginning, or after those `before`. */
  searching: boolean | 'between' = false
  readonly #waiting = new Set<() => void>()

  constructor(idempotent: boolean) {
    const worker = { id: 'worker', name: 'birch' }
    this.placement = { worker, agentId: 'echo', path: 'direct', idempotent }
  }

  comeBack(): void {
    this.reachable = true
    for (const wake of this.#waiting) wake()
  }

  async *dispatch(
    ...[{ taskId }, { signal }]: Parameters<Dispatcher['dispatch']>
  ): AsyncIterable<DispatchEvent> {
    if (this.searching === true) await untilAborted(signal)
    if (this.nobody !== undefined) throw this.nobody
    for (const { placement, maybeTaken } of this.before) {
      yield { type: 'routed', placement, candidates: 1, lookupMs: 0 }
      yield { type: 'retry', error: new LumosError('STREAM_IDLE'), maybeTaken }
    }
    if (this.searching === 'between') await untilAborted(signal)
    yield { type: 'routed', placement: this.placement, candidates: 1, lookupMs: 0 }
    this.sent.push(taskId)
    for await (const update of this.#stream(signal, -1)) yield { type: 'update', update }
  }

  async *resume(
    ...[{ order, after, answer }, { signal }]: Parameters<Dispatcher['resume']>
  ): AsyncIterable<StreamResponse> {
    if (!this.reachable) throw new LumosError('PEER_UNREACHABLE', { details: { peer: 'birch' } })
    if (answer !== undefined) this.heard.push(textOf(answer.parts))
    if (after === undefined) this.sent.push(order.taskId)
    else this.resumed.push(after)
    yield* this.#stream(signal, after?.seq ?? -1)
  }

  async cancel(...[{ worker }, taskId, signal]: Parameters<Dispatcher['cancel']>): Promise<void> {
    const { id, name } = worker
    if (this.deaf) await untilAborted(signal)
    if (id !== this.placement.worker.id && this.reachable) {
      this.recalled.push(name)
      return
    }
    if (!this.reachable) throw new LumosError('PEER_UNREACHABLE', { details: { peer: 'birch' } })
    if (this.refusal !== undefined) throw this.refusal
    this.cancelled.push(taskId)
  }

  isReachable(): boolean {
    return this.reachable
  }

  whenReachable(_: Placement, signal: AbortSignal): Promise<void> {
    if (this.reachable) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.add(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  async *#stream(signal: AbortSignal, after: number): AsyncIterable<StreamResponse> {
    for (const step of this.answers.shift() ?? this.story.slice(after + 1)) {
      if (step instanceof LumosError) throw step
      yield step
    }
    await untilAborted(signal)
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    if (signal.aborted) reject(signal.reason)
  })
}

export interface CallerSetup {
  readonly idempotent?: boolean
  readonly disk?: MemoryStore
  readonly init?: DelegationsInit
  readonly answers?: readonly Answer[]
}

/** A node that asks, and its machine. */
export class TestCaller {
  readonly clock = new ManualClock()
  readonly worker: ScriptedWorker
  disk: MemoryStore
  delegations: Delegations
  accounts: EdgeAccounts
  readonly #init: DelegationsInit | undefined

  constructor({ idempotent = false, disk, init, answers = [] }: CallerSetup = {}) {
    this.worker = new ScriptedWorker(idempotent)
    this.worker.answers.push(...answers)
    this.disk = disk ?? createMemoryStore()
    this.#init = init
    this.accounts = this.#createAccounts()
    this.delegations = this.#create()
  }

  ask(more: Partial<Parameters<Delegations['delegate']>[0]> = {}) {
    const message = { messageId: 'm', role: 'ROLE_USER' as const, parts: [{ text: 'hi' }] }
    return this.delegations.delegate({ taskId: TASK, target: 'echo', message, ...more })
  }

  /** Lets `ms` pass, and then what the disk and the worker have to do. */
  async pass(ms = 0): Promise<void> {
    await this.clock.advance(ms)
    // A write takes a few turns of the event loop.
    for (let turn = 0; turn < 10; turn += 1) await this.clock.advance(0)
  }

  /** Events so far, or until the end when it has come. */
  async told(): Promise<DelegationEvent[]> {
    const events: DelegationEvent[] = []
    const reading = new AbortController()
    const read = (async () => {
      const { signal } = reading
      for await (const event of this.delegations.watch(TASK, { signal })) events.push(event)
    })().catch(() => {})
    await this.pass()
    reading.abort()
    await read
    return events
  }

  /** The power fails; the machine starts again after `ms`. */
  async crash(ms = 0, seed = 1): Promise<void> {
    this.disk = this.disk.crash(seededRandom(seed))
    // Whatever still runs of it has no disk and no network any more.
    await this.stop()
    this.clock.jump(ms)
    this.accounts = this.#createAccounts()
    this.delegations = this.#create()
    await this.delegations.start()
    await this.pass()
  }

  async stop(): Promise<void> {
    await this.delegations.stop()
    await this.accounts.stop()
  }

  #createAccounts(): EdgeAccounts {
    const { clock, disk } = this
    const batches = batchesOf(disk)
    return createEdgeAccounts({
      clock,
      logger: silentLogger,
      database: () => ({ store: disk, batches })
    })
  }

  #create(): Delegations {
    const { clock, disk, accounts } = this
    const random = seededRandom(1)
    return createDelegations(
      {
        clock,
        random,
        logger: silentLogger,
        dispatcher: this.worker,
        ids: createIdSource(clock, random),
        openStore: async () => {
          await accounts.start()
          return openOutboxStore({ store: disk, batches: batchesOf(disk), accounts })
        }
      },
      this.#init
    )
  }
}

/** One that runs until the test has ended, and leaves no timer behind. */
export async function startCaller(init: CallerSetup = {}): Promise<TestCaller> {
  const caller = new TestCaller(init)
  await caller.delegations.start()
  onTestFinished(async () => {
    await caller.stop()
    expect(caller.clock.pending).toBe(0)
  })
  return caller
}

/** A disk that finishes its `n`-th write when it is told to. */
export function slowDisk(n: number): { disk: MemoryStore; finishWrite: () => void } {
  const gate = Promise.withResolvers<undefined>()
  const disk = createMemoryStore({ commit: (count) => (count === n ? gate.promise : undefined) })
  return { disk, finishWrite: () => gate.resolve(undefined) }
}

/** Types of events, and what artifacts say. */
export function briefly(events: readonly DelegationEvent[]): string[] {
  return events.map((event) => {
    if (event.type === 'artifact') return event.artifact.parts.map(({ text }) => text).join('')
    if (event.type === 'status') return event.state
    return event.type
  })
}
