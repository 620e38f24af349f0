/** A caller and a worker whose processes, disks and link fail at random, under one simulated clock. */
import { LumosError, toLumosError } from '../../core/errors.ts'
import { createIdSource } from '../../core/ids.ts'
import { silentLogger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { taskIdMetadata } from '../../protocols/a2a/extensions.ts'
import type { StreamResponse } from '../../core/a2a.ts'
import { createBatches } from '../../storage/batches.ts'
import type { Batches } from '../../storage/batches.ts'
import { createGroupCommit } from '../../storage/group-commit.ts'
import { createMemoryStore } from '../../storage/memory-store.ts'
import type { MemoryStore } from '../../storage/memory-store.ts'
import { createDelegations } from '../../tasks/delegations.ts'
import type { Delegations } from '../../tasks/delegations.ts'
import type {
  DispatchEvent,
  DispatchOptions,
  Dispatcher,
  Placement,
  WorkOrder
} from '../../tasks/dispatcher.ts'
import { createTaskEngine } from '../../tasks/engine.ts'
import type { TaskEngine } from '../../tasks/engine.ts'
import type { AgentTraits, AgentUtterance, AgentWork } from '../../tasks/execution.ts'
import { openJournalTaskStore } from '../../tasks/journal-task-store.ts'
import { openOutboxStore } from '../../tasks/outbox-store.ts'
import { createTaskService } from '../../tasks/service.ts'
import type { TaskService } from '../../tasks/service.ts'
import type { TaskStore } from '../../tasks/task-store.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'

const PIECES = ['one ', 'two ', 'three ', 'four ', 'five']
/** What every agent says in the end, whatever happens on the way. */
export const WHOLE = PIECES.join('')

const TRAITS: Readonly<Record<string, AgentTraits>> = {
  harmless: { idempotent: true, resumable: false },
  harmful: { idempotent: false, resumable: false },
  resumable: { idempotent: false, resumable: true }
}

export const AGENTS = Object.keys(TRAITS)

/** How likely a fault is, each time that it could happen. */
export interface Faults {
  readonly cut: number
  readonly lost: number
  readonly maxDelayMs: number
}

/** Bugs that the simulation must find. */
export interface Mutation {
  readonly store?: (store: TaskStore) => TaskStore
  readonly batches?: (batches: Batches) => Batches
}

interface Process {
  readonly alive: boolean
}

interface Worker {
  readonly engine: TaskEngine
  readonly service: TaskService
  /** Rejects when the process is killed. */
  readonly died: Promise<never>
  readonly kill: (reason: LumosError) => void
  alive: boolean
}

interface Caller {
  readonly delegations: Delegations
  alive: boolean
}

export class TaskWorld {
  readonly clock = new ManualClock()
  readonly random: Random
  /** Runs of an agent that got as far as doing harm, by task id. */
  readonly effects = new Map<string, number>()
  faults: Faults
  readonly #mutation: Mutation
  #disks: { worker: MemoryStore; caller: MemoryStore }
  #worker: Worker | undefined
  #caller: Caller | undefined
  readonly #waiting = new Set<() => void>()

  constructor(seed: number, faults: Faults, mutation: Mutation = {}) {
    this.random = seededRandom(seed)
    this.faults = faults
    this.#mutation = mutation
    this.#disks = { worker: createMemoryStore(), caller: createMemoryStore() }
  }

  get delegations(): Delegations | undefined {
    return this.#caller?.delegations
  }

  async startWorker(): Promise<void> {
    if (this.#worker !== undefined) return
    const { promise: died, reject: kill } = Promise.withResolvers<never>()
    died.catch(() => {})
    const disk = this.#disks.worker
    const state = { alive: true }
    const engine = createTaskEngine({
      clock: this.clock,
      ids: createIdSource(this.clock, this.random),
      logger: silentLogger,
      runner: {
        traits: (id) => TRAITS[id],
        run: (work) => this.#speak(work, state)
      },
      openStore: async () => {
        const batches = this.#batchesOf(disk)
        const store = await openJournalTaskStore({ clock: this.clock, store: disk, batches })
        return this.#mutation.store?.(store) ?? store
      }
    })
    const service = createTaskService({ engine, extendedCard: () => undefined })
    const worker = Object.assign(state, { engine, service, died, kill })
    this.#worker = worker
    await engine.start()
    for (const wake of this.#waiting) wake()
  }

  async startCaller(): Promise<void> {
    if (this.#caller !== undefined) return
    const disk = this.#disks.caller
    const state = { alive: true }
    const delegations = createDelegations({
      clock: this.clock,
      random: this.random,
      logger: silentLogger,
      ids: createIdSource(this.clock, this.random),
      dispatcher: this.#dispatcher(state),
      openStore: () => openOutboxStore({ store: disk, batches: this.#batchesOf(disk) })
    })
    this.#caller = Object.assign(state, { delegations })
    await delegations.start()
  }

  /** The power of the worker's machine fails. */
  killWorker(): void {
    const worker = this.#worker
    if (worker === undefined) return
    this.#worker = undefined
    worker.alive = false
    worker.kill(new LumosError('SESSION_CLOSED'))
    this.#disks = { ...this.#disks, worker: this.#disks.worker.crash(this.random) }
  }

  killCaller(): void {
    const caller = this.#caller
    if (caller === undefined) return
    this.#caller = undefined
    caller.alive = false
    this.#disks = { ...this.#disks, caller: this.#disks.caller.crash(this.random) }
  }

  async stop(): Promise<void> {
    await this.#caller?.delegations.stop()
    await this.#worker?.engine.stop()
  }

  #batchesOf(disk: MemoryStore): Batches {
    const commit = createGroupCommit({ store: disk })
    const batches = createBatches({
      append: async (_, { sync, operations = [] }) => {
        await commit.append(operations, { sync })
        return 0
      }
    })
    return this.#mutation.batches?.(batches) ?? batches
  }

  /** Says its pieces with pauses between them; does its harm in the middle. */
  async *#speak(
    { taskId, signal, resumed }: AgentWork,
    process: Process
  ): AsyncIterable<AgentUtterance> {
    const said = resumed === undefined ? '' : textSaid(resumed.events)
    for (const [index] of PIECES.entries()) {
      const upToHere = PIECES.slice(0, index + 1).join('')
      if (upToHere.length <= said.length) continue
      await this.clock.sleep(this.random.next() * 200, signal)
      signal.throwIfAborted()
      // What a dead process says, nobody hears.
      if (!process.alive) return
      if (index === 2) this.effects.set(taskId, (this.effects.get(taskId) ?? 0) + 1)
      yield upToHere.slice(Math.max(said.length, upToHere.length - (PIECES[index]?.length ?? 0)))
    }
  }

  #dispatcher(process: Process): Dispatcher {
    return {
      dispatch: (order, options) => this.#dispatch(process, order, options),
      resume: ({ placement, order, after }, options) => {
        const subscribe = (service: TaskService): AsyncIterable<StreamResponse> =>
          service.subscribeToTask(
            { tenant: placement.agentId, id: order.taskId },
            { caller: 'caller', signal: options.signal, ...(after && { after }) }
          )
        const open = after === undefined ? sending(order, options) : subscribe
        return this.#hear(open, process, options.signal)
      },
      cancel: async ({ agentId }, taskId) => {
        const { service } = this.#reach()
        await this.#travel()
        const { signal } = new AbortController()
        await service.cancelTask({ tenant: agentId, id: taskId }, { caller: 'caller', signal })
      },
      isReachable: () => this.#worker !== undefined,
      whenReachable: (_, signal) => this.#back(signal)
    }
  }

  /** Tries the only worker there is, a few times, as a router does. */
  async *#dispatch(
    process: Process,
    order: WorkOrder,
    options: DispatchOptions
  ): AsyncIterable<DispatchEvent> {
    const { signal } = options
    yield { type: 'routed', placement: placementOf(order), candidates: 1, lookupMs: 0 }
    for (let attempt = 0; ; attempt += 1) {
      let accepted = false
      try {
        for await (const update of this.#hear(sending(order, options), process, signal)) {
          accepted = true
          yield { type: 'update', update }
        }
        return
      } catch (cause) {
        const error = toLumosError(cause)
        if (accepted || signal.aborted || attempt === 5 || !error.retry) throw error
        yield { type: 'retry', error }
        await this.clock.sleep(500, signal)
      }
    }
  }

  /** A stream over a link that loses, delays and cuts. */
  async *#hear(
    open: (service: TaskService) => AsyncIterable<StreamResponse>,
    process: Process,
    signal: AbortSignal
  ): AsyncIterable<StreamResponse> {
    const worker = this.#reach()
    await this.#travel()
    const iterator = open(worker.service)[Symbol.asyncIterator]()
    try {
      for (;;) {
        const { done, value } = await Promise.race([iterator.next(), worker.died])
        if (done === true) return
        await this.#travel()
        signal.throwIfAborted()
        if (!process.alive) throw new LumosError('SHUTTING_DOWN')
        if (!worker.alive) throw new LumosError('SESSION_CLOSED')
        yield value
      }
    } finally {
      void iterator.return?.()
    }
  }

  #reach(): Worker {
    if (this.#worker === undefined) throw new LumosError('PEER_UNREACHABLE')
    return this.#worker
  }

  async #travel(): Promise<void> {
    const { maxDelayMs, cut, lost } = this.faults
    await this.clock.sleep(this.random.next() * maxDelayMs)
    if (this.random.next() < cut + lost) throw new LumosError('SESSION_CLOSED')
  }

  #back(signal: AbortSignal): Promise<void> {
    if (this.#worker !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }
}

function placementOf({ target }: WorkOrder): Placement {
  return {
    worker: { id: 'worker', name: 'worker' },
    agentId: target,
    path: 'direct',
    idempotent: TRAITS[target]?.idempotent === true
  }
}

function sending(order: WorkOrder, { signal, remainingMs }: DispatchOptions) {
  return (service: TaskService): AsyncIterable<StreamResponse> =>
    service.sendStreamingMessage(
      { tenant: order.target, message: order.message, metadata: taskIdMetadata(order.taskId) },
      {
        caller: 'caller',
        signal,
        ...(Number.isFinite(remainingMs()) && { deadlineMs: remainingMs() })
      }
    )
}

/** What an interrupted attempt is known to have said. */
function textSaid(events: readonly StreamResponse[]): string {
  let text = ''
  for (const { task, artifactUpdate } of events) {
    for (const artifact of task?.artifacts ?? []) text += textOfParts(artifact.parts)
    if (artifactUpdate !== undefined) text += textOfParts(artifactUpdate.artifact.parts)
  }
  return text
}

export function textOfParts(parts: readonly { readonly text?: string }[]): string {
  return parts.map(({ text = '' }) => text).join('')
}
