/** A caller of the task simulation: the real outbox and router over a simulated machine, and a user who insists. */
import { createIdSource } from '../../../core/ids.ts'
import { toLumosError } from '../../../core/errors.ts'
import { silentLogger } from '../../../core/logger.ts'
import { replaced } from '../../../node/libp2p/replaced.ts'
import { createA2aClient } from '../../../protocols/a2a/client.ts'
import { taskIdMetadata } from '../../../protocols/a2a/extensions.ts'
import { createRouter } from '../../../routing/router.ts'
import type { RouteProvider } from '../../../routing/directory-port.ts'
import { createRetryBudget } from '../../../routing/retry-budget.ts'
import { createSelector } from '../../../routing/selector.ts'
import { createWorkers } from '../../../routing/workers.ts'
import type { RouteSessions, WorkersComponents } from '../../../routing/workers.ts'
import { createDelegations } from '../../../tasks/caller/delegations.ts'
import type { Delegations } from '../../../tasks/caller/delegations.ts'
import type { DispatchEvent, Dispatcher } from '../../../tasks/caller/dispatcher.ts'
import { openOutboxStore } from '../../../tasks/caller/outbox-store.ts'
import { say } from '../tasks.ts'
import { AGENTS } from './agents.ts'
import type { AgentName } from './agents.ts'
import { WORKER } from './link.ts'
import type { Link } from './link.ts'
import { Machine } from './machine.ts'
import type { Life, MachineComponents, MachineInit } from './machine.ts'
import type { Mutation } from './mutation.ts'
import { Reading } from './reading.ts'

/** What the user wants, and what the user was told. */
export interface Wish {
  readonly id: string
  readonly agent: AgentName
  readonly timeoutMs?: number
  /** When it was told that the order is kept, milliseconds of simulated time. */
  acknowledgedAt?: number
  /** When it was asked for first. */
  readonly askedAt: number
  /** A process ended before the order was on disk; what does no harm may have left all the same. */
  unkept?: true
  /** Whether somebody asked to stop it, and whether that was acknowledged. */
  cancel?: 'asked' | 'acknowledged'
}

export interface CallerNodeComponents extends MachineComponents {
  readonly link: Link
}

export interface CallerNodeInit extends MachineInit {
  /** Names of those that it can ask. */
  readonly workers: readonly string[]
  readonly mutation: Mutation
  /** When a task is late; without it none ever is. */
  readonly lateAfterMs?: number
}

/** Between two tries of a user whose order was refused. */
const INSIST_MS = 1000

export class CallerNode {
  readonly machine: Machine
  readonly wishes = new Map<string, Wish>()
  /** Those who follow a task here, by its id. */
  readonly readings: Reading[] = []
  readonly #parts: CallerNodeComponents
  readonly #init: CallerNodeInit
  readonly #outboxes: Delegations[] = []
  #delegations: Delegations | undefined
  #sessions: RouteSessions | undefined

  constructor(parts: CallerNodeComponents, init: CallerNodeInit) {
    this.machine = new Machine(parts, init)
    this.#parts = parts
    this.#init = init
  }

  get name(): string {
    return this.machine.name
  }

  /** There once its process is up. */
  get delegations(): Delegations | undefined {
    return this.#delegations
  }

  get sessions(): RouteSessions | undefined {
    return this.#sessions
  }

  start(): void {
    const life = this.machine.start()
    if (life === undefined) return
    life.onEnd(() => {
      this.#delegations = undefined
      this.#sessions = undefined
    })
    this.#boot(life).catch((error: unknown) => {
      this.#parts.trace(() => `${this.name} does not start: ${String(error)}`)
      if (life.alive) this.machine.kill()
    })
  }

  /** Asks until it is told that the order is kept, through restarts. */
  wish(wish: Omit<Wish, 'askedAt'>): void {
    if (this.wishes.has(wish.id)) return
    const kept = { ...wish, askedAt: this.#parts.time.monotonic() }
    this.wishes.set(wish.id, kept)
    void this.#ask(kept)
  }

  /** Asks for what was asked already. */
  repeat(id: string): void {
    const wish = this.wishes.get(id)
    if (wish !== undefined) void this.#ask(wish, false)
  }

  async cancel(id: string): Promise<void> {
    const wish = this.wishes.get(id)
    const { life } = this.machine
    if (wish === undefined || life === undefined || this.#delegations === undefined) return
    wish.cancel ??= 'asked'
    this.#parts.trace(() => `${this.name} wants ${id} cancelled`)
    try {
      await this.#delegations.cancel(id)
      if (life.alive) wish.cancel = 'acknowledged'
    } catch (error) {
      this.#parts.trace(() => `${this.name} cannot cancel ${id}: ${toLumosError(error).code}`)
    }
  }

  /** An order that was sent long ago arrives at the worker once more. */
  async replay(id: string): Promise<void> {
    const wish = this.wishes.get(id)
    const session = this.#sessions?.get(WORKER)
    if (wish === undefined || session === undefined || wish.cancel !== undefined) return
    if (!this.#parts.link.wasOrdered(WORKER, id)) return
    this.#parts.trace(() => `${this.name} replays ${id}`)
    const request = { tenant: wish.agent, message: say('go'), metadata: taskIdMetadata(id) }
    try {
      for await (const _ of createA2aClient(session).sendStreamingMessage(request, {})) return
    } catch (error) {
      this.#parts.trace(() => `${this.name} replays in vain: ${toLumosError(error).code}`)
    }
  }

  /** Somebody begins to follow a task of this caller, and comes and goes. */
  follow(id: string): void {
    const reading = new Reading(this.#parts, { id })
    this.readings.push(reading)
    if (this.#delegations !== undefined && this.machine.life !== undefined) {
      reading.attend(this.#delegations, this.machine.life)
    }
  }

  /** Lets go of what dead processes would wait for for ever. */
  release(): void {
    for (const outbox of this.#outboxes) void outbox.stop()
  }

  async #ask(wish: Wish, insist = true): Promise<void> {
    const { time, trace } = this.#parts
    const { life } = this.machine
    const delegations = this.#delegations
    if (life === undefined || delegations === undefined) return
    const { id, agent, timeoutMs } = wish
    trace(() => `${this.name} asks for ${agent} ${id}`)
    try {
      await delegations.delegate({
        target: agent,
        message: say('go'),
        taskId: id,
        patient: true,
        ...(timeoutMs !== undefined && { timeoutMs })
      })
      if (!life.alive) return
      trace(() => `${this.name} is told that ${id} is kept`)
      wish.acknowledgedAt ??= time.monotonic()
    } catch (error) {
      trace(() => `${this.name} is refused ${id}: ${toLumosError(error).code}`)
      if (insist && (await life.clock.sleep(INSIST_MS))) await this.#ask(wish)
    }
  }

  async #boot(life: Life): Promise<void> {
    const { random, link } = this.#parts
    const { mutation } = this.#init
    const { clock } = life
    const batches = mutation.batches?.(life.batches) ?? life.batches
    const sessions = link.sessionsOf(this.name, life)
    const delegations = createDelegations({
      clock,
      random,
      logger: silentLogger,
      ids: createIdSource(clock, random),
      dispatcher: this.#router(life, sessions),
      openStore: async () => {
        const outbox = await openOutboxStore({ store: life.store, batches })
        return mutation.outbox?.(outbox) ?? outbox
      }
    })
    this.#outboxes.push(delegations)
    await delegations.start()
    if (!life.alive) return
    this.#delegations = delegations
    this.#sessions = sessions
    for (const wish of this.wishes.values()) {
      if (wish.acknowledgedAt !== undefined) continue
      wish.unkept = true
      void this.#ask(wish)
    }
    for (const reading of this.readings) reading.attend(delegations, life)
  }

  async *#traced(events: AsyncIterable<DispatchEvent>): AsyncIterable<DispatchEvent> {
    const { trace } = this.#parts
    let second: string | undefined
    for await (const event of events) {
      if (event.type !== 'update' && event.type !== 'retry') {
        const { name } = event.placement.worker
        if (event.type === 'hedged') second = name
        const what = event.type === 'routed' && name === second ? 'hedge-won' : event.type
        trace(() => `${this.name}: ${what} ${name}`)
      }
      yield event
    }
  }

  #router({ clock }: Life, sessions: RouteSessions): Dispatcher {
    const { random } = this.#parts
    const { workers, lateAfterMs, mutation } = this.#init
    const directory = {
      find: async (target: string) =>
        workers
          .map((worker) => provider(worker, target))
          .map((one) => mutation.provider?.(one) ?? one),
      nodes: () => workers.map((name) => ({ id: name, name }))
    }
    const parts = { clock, random, logger: silentLogger }
    const reach = createWorkers({ clock, sessions, local: NOBODY }, this.name)
    const measured = createSelector({ ...parts, workers: reach })
    // Too few tasks for a percentile, and for a twentieth of them to be any.
    const selector = replaced(measured, { lateAfterMs: () => lateAfterMs })
    const budget = createRetryBudget(clock)
    const hedges = { deposit() {}, overloaded() {}, withdraw: () => true }
    const router = createRouter({ ...parts, workers: reach, selector, budget, hedges, directory })
    const dispatcher = mutation.dispatcher?.(router) ?? router
    return replaced<Dispatcher>(dispatcher, {
      dispatch: (order, options) => this.#traced(dispatcher.dispatch(order, options))
    })
  }
}

/** A caller has no agents of its own. */
const NOBODY = {} as WorkersComponents['local']

function provider(worker: string, target: string): RouteProvider {
  return {
    peer: worker,
    name: worker,
    agentId: target,
    match: 'agent',
    load: 0,
    slots: 4,
    local: false,
    connected: true,
    ...AGENTS[target as AgentName]
  }
}
