/** A router among workers that answer as a test says. */
import { EventEmitter } from 'node:events'
import type { A2aOperations } from '../../core/a2a-operations.ts'
import type { StreamResponse } from '../../core/a2a.ts'
import { silentLogger } from '../../core/logger.ts'
import type { ServerOptions } from '../../protocols/a2a/server.ts'
import type { Session, SessionEvents } from '../../protocols/session/session.ts'
import type { RouteProvider } from '../../routing/directory-port.ts'
import { createRouter } from '../../routing/router.ts'
import { createRetryBudget } from '../../routing/retry-budget.ts'
import { createSelector } from '../../routing/selector.ts'
import { createWorkers } from '../../routing/workers.ts'
import type { DispatchEvent, WorkOrder } from '../../tasks/caller/dispatcher.ts'
import { LumosError } from '../../core/errors.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'
import { say } from './tasks.ts'

export const SELF = 'self'
export const TASK = '01890a5d-ac96-774b-bcce-b302099a8057'

/** What a peer does with the n-th task it is asked to take, from 0. */
export type Answer = (n: number) => readonly StreamResponse[] | LumosError | 'silence'

export const ACCEPT: Answer = () => [
  { task: { id: TASK, contextId: 'c', status: { state: 'TASK_STATE_COMPLETED' } } }
]

export function refuse(code: ConstructorParameters<typeof LumosError>[0], details = {}): Answer {
  return () => new LumosError(code, { details })
}

export function provider(peer: string, more: Partial<RouteProvider> = {}): RouteProvider {
  return {
    peer,
    name: `name-of-${peer}`,
    agentId: 'echo',
    match: 'agent',
    load: 0,
    local: peer === SELF,
    connected: true,
    idempotent: false,
    ...more
  }
}

export interface RoutingSetup {
  readonly providers: readonly RouteProvider[]
  readonly answers?: Readonly<Record<string, Answer>>
}

interface Call {
  readonly peer: string
  readonly method: string
  readonly body: unknown
}

/** Peers with a session are those that answer. */
class FakePeers {
  /** Peers in the order in which they were asked to take a task. */
  readonly asked: string[] = []
  readonly calls: Call[] = []
  readonly #answers: Readonly<Record<string, Answer>>

  constructor(answers: Readonly<Record<string, Answer>>) {
    this.#answers = answers
  }

  async *answer(peer: string, signal?: AbortSignal): AsyncIterable<StreamResponse> {
    const outcome = this.#answers[peer]?.(this.asked.filter((one) => one === peer).length) ?? []
    this.asked.push(peer)
    if (outcome === 'silence') {
      await new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
      })
      return
    }
    if (outcome instanceof LumosError) throw outcome
    yield* outcome
  }

  session(peer: string): Session | undefined {
    if (!(peer in this.#answers)) return undefined
    const { calls } = this
    const updates = (signal?: AbortSignal): AsyncIterable<StreamResponse> =>
      this.answer(peer, signal)
    const fake: Partial<Session> = {
      peer,
      path: 'direct',
      roundTripMs: 1,
      watchSilence: () => () => undefined,
      async *stream(method, body, options) {
        calls.push({ peer, method, body: parse(body) })
        for await (const update of updates(options?.signal)) yield encode(update)
      },
      async request(method, body) {
        calls.push({ peer, method, body: parse(body) })
        return encode({ id: TASK, contextId: 'c', status: { state: 'TASK_STATE_CANCELED' } })
      }
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that a router uses of it
    return fake as Session
  }

  async connect(peer: string): Promise<Session> {
    const session = this.session(peer)
    if (session !== undefined) return session
    this.asked.push(peer)
    throw new LumosError('PEER_UNREACHABLE', { details: { peer } })
  }
}

function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

function parse(body: Uint8Array): unknown {
  return JSON.parse(Buffer.from(body).toString())
}

export function setupRouting({ providers, answers = {} }: RoutingSetup) {
  const clock = new ManualClock()
  const peers = new FakePeers(answers)
  const local: Partial<A2aOperations<ServerOptions>> = {
    sendStreamingMessage: () => peers.answer(SELF)
  }
  const random = seededRandom(1)
  const sessions = {
    events: new EventEmitter<SessionEvents>(),
    get: (peer: string) => peers.session(peer),
    connect: (peer: string) => peers.connect(peer)
  }
  const workers = createWorkers(
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that a router uses of it
    { clock, sessions, local: local as A2aOperations<ServerOptions> },
    SELF
  )
  const router = createRouter({
    workers,
    budget: createRetryBudget(clock),
    selector: createSelector({ workers, clock, random }),
    directory: {
      find: async () => providers,
      nodes: () => providers.map(({ peer, name }) => ({ id: peer, name }))
    },
    clock,
    random,
    logger: silentLogger
  })

  /** Runs to the end; pauses between tries pass by themselves. */
  async function dispatch(order: Partial<WorkOrder> = {}, remainingMs = Infinity) {
    const whole = { taskId: TASK, target: 'echo', where: 'any' as const, message: say('hi') }
    const { signal } = new AbortController()
    const options = { signal, remainingMs: () => remainingMs }
    const run = { done: false }
    const events = drain(router.dispatch({ ...whole, ...order }, options)).finally(() => {
      run.done = true
    })
    while (!run.done) await clock.advance(1000)
    return events
  }

  return { asked: peers.asked, calls: peers.calls, clock, dispatch, router }
}

/** All events, and what ended them. */
async function drain(
  source: AsyncIterable<DispatchEvent>
): Promise<{ events: DispatchEvent[]; error?: unknown }> {
  const events: DispatchEvent[] = []
  try {
    for await (const event of source) events.push(event)
    return { events }
  } catch (error) {
    return { events, error }
  }
}
