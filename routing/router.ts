/** Hands each task to the peer that can do it best, and to another one when that fails in time. */
import type { StreamResponse } from '../core/a2a.ts'
import type { Clock } from '../core/clock.ts'
import { toLumosError } from '../core/errors.ts'
import type { ErrorCode, LumosError } from '../core/errors.ts'
import { LIMITS } from '../core/limits.ts'
import type { Logger } from '../core/logger.ts'
import type { Random } from '../core/random.ts'
import type { Tracer } from '../core/trace.ts'
import type {
  DispatchEvent,
  DispatchOptions,
  Dispatcher,
  Placement,
  WorkOrder
} from '../tasks/caller/dispatcher.ts'
import { retryDelay } from '../tasks/retry-delay.ts'
import type { RouteDirectory, RouteProvider } from './directory-port.ts'
import { pushbackOf } from './pushback.ts'
import { dispatchFailure } from './dispatch-failure.ts'
import { createLookup } from './lookup.ts'
import type { Found, Lookup, LookupInit, RouteQuestion } from './lookup.ts'
import { explainAll } from './explain.ts'
import type { Explanation } from './explain.ts'
import { told } from './told-choice.ts'
import type { HedgeBudget } from './hedge-budget.ts'
import { race } from './race.ts'
import type { RaceEvent } from './race.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { Selector } from './selector.ts'
import { createSending } from './sending.ts'
import type { Sending, ShowBehalf } from './sending.ts'
import type { Throttle } from './throttle.ts'
import { traceRoute } from './traced-route.ts'
import type { Workers } from './workers.ts'

export interface RouterComponents {
  readonly workers: Workers
  readonly selector: Selector
  readonly budget: RetryBudget
  /** Of tasks that are given to a second worker; without it none is. */
  readonly hedges?: HedgeBudget
  /** Refuses here what an overloaded peer would refuse. */
  readonly throttle?: Throttle
  readonly behalf?: ShowBehalf
  readonly directory: RouteDirectory
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly tracer?: Tracer
}

export interface Router extends Dispatcher {
  /** Who would be asked, if it were now, and why not the others. Throws as a dispatch does when nobody can. */
  explain(order: RouteQuestion, signal: AbortSignal): Promise<Explanation>
}

export function createRouter(components: RouterComponents, init: LookupInit = {}): Router {
  return new PeerRouter(components, init)
}

/** After these nobody knows whether the worker took the task: only the same worker may be asked again. */
const UNCERTAIN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SESSION_CLOSED',
  'STREAM_TRUNCATED',
  'STREAM_IDLE',
  'PEER_SILENT',
  'WRITE_STALLED',
  'TIMED_OUT',
  'AGENT_RESPONSE_INVALID',
  // It has the task, and its disk is full.
  'TASK_SUSPENDED'
])

/** No other peer would answer these differently. */
const REQUEST_AT_FAULT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TASK_CONFLICT',
  'TASK_GONE',
  'INVALID_REQUEST',
  'ASKED_TOO_DEEP',
  'PAYLOAD_TOO_LARGE'
])

/** How the search for a worker stands. */
interface Search extends Found {
  readonly order: WorkOrder
  readonly options: DispatchOptions
  /** Those that have not refused yet. */
  left: readonly RouteProvider[]
  /** Those that may have the task, whatever was heard of them. */
  readonly doubtful: Set<RouteProvider>
  /** Those by which this node may not have it done, whoever else might. */
  readonly forbidding: Set<string>
  /** The one of them that alone may be asked again: another one could do harm. */
  suspect: RouteProvider | undefined
  /** Names of the nodes asked so far, in order. */
  readonly asked: string[]
}

class PeerRouter implements Router {
  readonly #parts: RouterComponents
  readonly #workers: Workers
  readonly #lookup: Lookup
  readonly #send: Sending

  constructor(components: RouterComponents, init: LookupInit) {
    this.#parts = components
    this.#workers = components.workers
    this.#lookup = createLookup(components, init)
    this.#send = createSending(components)
  }

  async *dispatch(order: WorkOrder, options: DispatchOptions): AsyncIterable<DispatchEvent> {
    const { selector, budget, hedges, tracer } = this.#parts
    const route = traceRoute(tracer, order)
    const search = await route.looking(this.#search(order, options))
    if (options.isMove !== true) {
      budget.deposit(kindOf(order))
      hedges?.deposit()
    } else if (!budget.withdraw(kindOf(order))) throw route.failed(dispatchFailure(search))
    for (;;) {
      const choice =
        search.suspect === undefined ? selector.choose(search.left, search.demand) : undefined
      let provider = search.suspect ?? choice?.provider
      if (provider === undefined) throw route.failed(dispatchFailure(search))
      const placement = this.#placementOf(provider)
      const { candidates, lookupMs } = search
      const facts = { placement, candidates: candidates.length, lookupMs }
      const why = choice && { choice: told(choice, search.demand) }
      route.chosen(placement, { ...facts, ...why })
      yield { type: 'routed', ...facts, ...why }
      let accepted = false
      try {
        for await (const event of this.#contest(search, provider)) {
          if (event.type === 'update') {
            accepted = true
            yield event
          } else if (event.type === 'hedge-won') {
            if (!accepted && event.error) yield retryOf(search, provider, event.error)
            ;({ provider } = event)
            yield { type: 'routed', ...facts, placement: this.#placementOf(provider) }
          } else {
            const { provider: other, ...rest } = event
            // It is told to stop, and would say so to whoever asked it again.
            if (event.type === 'hedge-lost') drop(search, other, event.error)
            yield { ...rest, placement: this.#placementOf(other) }
          }
        }
        return
      } catch (cause) {
        if (accepted || options.signal.aborted) throw cause
        const error = toLumosError(cause)
        const delayMs = this.#afterFailure(search, provider, error)
        yield { type: 'retry', error, maybeTaken: search.doubtful.has(provider) }
        await this.#parts.clock.sleep(delayMs, options.signal)
        options.signal.throwIfAborted()
        route.again(error, delayMs)
      }
    }
  }

  async *resume(
    { placement, order, after, answer }: Parameters<Dispatcher['resume']>[0],
    options: DispatchOptions
  ): AsyncIterable<StreamResponse> {
    if (after === undefined) {
      yield* this.#send(order, placement, options)
      return
    }
    const { signal } = options
    const worker = await this.#workers.reach(placement.worker.id, signal)
    const tenant = placement.agentId
    yield* this.#workers.silent.unlessSilent({ placement, signal }, (listening) => {
      const how = { signal: listening, after }
      if (answer === undefined) return worker.subscribeToTask({ tenant, id: order.taskId }, how)
      const message = { ...answer, taskId: order.taskId }
      return worker.sendStreamingMessage({ tenant, message }, how)
    })
  }

  async cancel(
    { worker: { id }, agentId }: Placement,
    taskId: string,
    signal: AbortSignal
  ): Promise<void> {
    const worker = await this.#workers.reach(id, signal)
    await worker.cancelTask({ tenant: agentId, id: taskId }, { signal })
  }

  async explain(question: RouteQuestion, signal: AbortSignal): Promise<Explanation> {
    const { selector } = this.#parts
    const { candidates, demand, lookupMs } = await this.#lookup(question, signal)
    const standings = selector.explain(candidates, demand)
    const path = ({ peer }: RouteProvider) => this.#workers.path(peer)
    return { policy: demand.policy, lookupMs, candidates: explainAll(standings, path) }
  }

  isReachable({ worker }: Placement): boolean {
    return this.#workers.isReachable(worker.id)
  }

  whenReachable({ worker }: Placement, signal: AbortSignal): Promise<void> {
    return this.#workers.whenReachable(worker.id, signal)
  }

  async #search(order: WorkOrder, options: DispatchOptions): Promise<Search> {
    const { contextId: thread } = order.message
    const question = { ...order, ...(thread !== undefined && { thread }) }
    const found = await this.#lookup(question, options.signal)
    const { inDoubt = [], except = [] } = options
    const doubtful = found.candidates.filter((one) =>
      inDoubt.some((placement) => isAt(one, placement))
    )
    return {
      order,
      options,
      ...found,
      left: found.candidates.filter((one) => !except.some((placement) => isAt(one, placement))),
      doubtful: new Set(doubtful),
      forbidding: new Set(),
      suspect: undefined,
      asked: []
    }
  }

  /** One worker, or two at once when the first takes longer than usual. */
  async *#contest(search: Search, first: RouteProvider): AsyncIterable<RaceEvent> {
    const { selector, hedges, clock } = this.#parts
    const { order, options, left, demand } = search
    const send = (provider: RouteProvider, signal: AbortSignal) => {
      const patienceMs = this.#patienceMs(search, provider)
      const how = { ...options, signal, patienceMs, isLast: left.length < 2 }
      return this.#send(order, this.#placementOf(provider), how)
    }
    // Once a task, and not while it is uncertain who has it.
    const isCalm = search.asked.length + search.doubtful.size === 0 && options.isMove !== true
    const mayHedge = isCalm && hedges !== undefined && first.idempotent && left.length > 1
    const afterMs = mayHedge ? selector.lateAfterMs(first.agentId) : undefined
    if (afterMs === undefined) {
      for await (const update of send(first, options.signal)) yield { type: 'update', update }
      return
    }
    yield* race(clock, {
      first,
      afterMs,
      second: () => {
        const other = selector.second(left, demand, first)
        return other !== undefined && hedges?.withdraw() === true ? other : undefined
      },
      signal: options.signal,
      send,
      isFinal: ({ code }) => REQUEST_AT_FAULT.has(code) || options.signal.aborted
    })
  }

  /** One whose silence does no harm, and that is not the last, is left for another one soon. */
  #patienceMs({ left }: Search, provider: RouteProvider): number {
    const canLeave = provider.idempotent && left.length > 1
    return canLeave ? this.#parts.selector.patienceMs(provider) : LIMITS.acceptance.value
  }

  /** Decides who is asked next; returns how long to wait before. Throws when it is over. */
  #afterFailure(search: Search, provider: RouteProvider, error: LumosError): number {
    const { random, logger } = this.#parts
    const { order, options, asked } = search
    asked.push(provider.name)
    logger.debug('a peer did not take a task', {
      task: order.taskId,
      peer: provider.peer,
      code: error.code
    })
    if (REQUEST_AT_FAULT.has(error.code)) throw error
    const uncertain = judge(search, provider, error)
    // What can be repeated without harm can be given to somebody else even when in doubt.
    search.suspect = uncertain && !provider.idempotent ? provider : undefined
    const others = search.left.filter((one) => one !== provider)
    // With nobody else to ask, who is only busy or away is asked again.
    search.left = others.length === 0 && error.retry ? [provider] : others
    const again = search.suspect ?? (search.left[0] === provider ? provider : undefined)
    const pushback = again === undefined ? undefined : pushbackOf(error)
    const delayMs = Math.max(pushback ?? 0, retryDelay(random, asked.length - 1))
    if (
      asked.length >= LIMITS.dispatchAttempts.value ||
      (again === undefined && others.length === 0) ||
      delayMs >= options.remainingMs() ||
      !this.#parts.budget.withdraw(kindOf(order))
    ) {
      throw dispatchFailure(search, error)
    }
    return delayMs
  }

  #placementOf({ peer, name, agentId, idempotent, resumable }: RouteProvider): Placement {
    const worker = { id: peer, name }
    const traits = { idempotent, ...(resumable === true && { resumable }) }
    return { worker, agentId, path: this.#workers.path(peer), ...traits }
  }
}

/** What retries are counted by. */
function kindOf({ target, to = '' }: Pick<WorkOrder, 'target' | 'to'>): string {
  return JSON.stringify([target, to])
}

function isAt({ peer, agentId }: RouteProvider, placement: Placement): boolean {
  return placement.worker.id === peer && placement.agentId === agentId
}

/** Whether `provider` may have the task. */
function judge(
  { doubtful, forbidding }: Search,
  provider: RouteProvider,
  { code }: LumosError
): boolean {
  if (code === 'FORBIDDEN') forbidding.add(provider.name)
  // One that may have it and then vanishes is no less doubtful; any other answer clears it.
  const vanished = code === 'PEER_UNREACHABLE' || code === 'SHUTTING_DOWN'
  const uncertain = UNCERTAIN.has(code) || (vanished && doubtful.has(provider))
  if (uncertain) doubtful.add(provider)
  else doubtful.delete(provider)
  return uncertain
}

/** Another one has the task as well, and is listened to from now on. */
function retryOf(search: Search, provider: RouteProvider, error: LumosError): DispatchEvent {
  search.asked.push(provider.name)
  drop(search, provider, error)
  return { type: 'retry', error, maybeTaken: search.doubtful.has(provider) }
}

function drop(search: Search, provider: RouteProvider, error: LumosError | undefined): void {
  search.left = search.left.filter((one) => one !== provider)
  if (error !== undefined) judge(search, provider, error)
}
