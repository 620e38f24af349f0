/** The worker of the task simulation: the real engine, service and protocol over a simulated machine. */
import { TERMINAL_STATES } from '../../../core/a2a.ts'
import { createIdSource } from '../../../core/ids.ts'
import { silentLogger } from '../../../core/logger.ts'
import { serveA2a } from '../../../protocols/a2a/server.ts'
import { createTaskEngine } from '../../../tasks/worker/engine.ts'
import type { TaskEngine, TaskEngineInit } from '../../../tasks/worker/engine.ts'
import { openJournalTaskStore } from '../../../tasks/worker/journal-task-store.ts'
import type { StoredTask } from '../../../tasks/worker/task-store.ts'
import { createTaskService } from '../../../tasks/worker/service.ts'
import type { Agents } from './agents.ts'
import { Methods } from './link.ts'
import type { Link } from './link.ts'
import { Machine } from './machine.ts'
import type { Life, MachineComponents, MachineInit } from './machine.ts'
import type { Mutation } from './mutation.ts'

export interface WorkerNodeComponents extends MachineComponents {
  readonly agents: Agents
  readonly link: Link
}

export interface WorkerNodeInit extends MachineInit {
  readonly engine: TaskEngineInit
  readonly mutation: Mutation
}

/** More tasks than any run has. */
const EVERYTHING = 10_000

export class WorkerNode {
  readonly machine: Machine
  readonly #parts: WorkerNodeComponents
  readonly #init: WorkerNodeInit
  readonly #engines: TaskEngine[] = []
  #engine: TaskEngine | undefined

  constructor(parts: WorkerNodeComponents, init: WorkerNodeInit) {
    this.machine = new Machine(parts, init)
    this.#parts = parts
    this.#init = init
  }

  /** There once its process is up. */
  get engine(): TaskEngine | undefined {
    return this.#engine
  }

  start(): void {
    const life = this.machine.start()
    if (life === undefined) return
    life.onEnd(() => {
      this.#engine = undefined
    })
    this.#boot(life).catch((error: unknown) => {
      this.#parts.trace(() => `${this.machine.name} does not start: ${String(error)}`)
      if (life.alive) this.machine.kill()
    })
  }

  /** Whether it has the task, ended or not. */
  async knows(caller: string, id: string): Promise<boolean> {
    const page = await this.#engine?.list({ caller, id, limit: 1 })
    return page?.tasks.length === 1
  }

  /** Tasks that have not ended. */
  async open(): Promise<readonly StoredTask[]> {
    const page = await this.#engine?.list({ limit: EVERYTHING })
    return page?.tasks.filter(({ state }) => !TERMINAL_STATES.has(state)) ?? []
  }

  /** Lets go of what dead processes would wait for for ever. */
  release(): void {
    for (const engine of this.#engines) void engine.stop()
  }

  async #boot(life: Life): Promise<void> {
    const { agents, link, random } = this.#parts
    const { mutation, engine: init } = this.#init
    const { clock } = life
    const batches = mutation.batches?.(life.batches) ?? life.batches
    const engine = createTaskEngine(
      {
        clock,
        ids: createIdSource(clock, random),
        logger: silentLogger,
        self: 'worker',
        runner: agents.runnerOf(life, mutation.traits),
        openStore: async () => {
          const store = await openJournalTaskStore({ clock, store: life.store, batches })
          return mutation.store?.(store) ?? store
        }
      },
      init
    )
    this.#engines.push(engine)
    const service = createTaskService({ engine, extendedCard: () => undefined })
    const methods = new Methods()
    serveA2a(methods, mutation.service?.(service) ?? service)
    await engine.start()
    if (!life.alive) return
    this.#engine = engine
    link.listen(this.machine.name, life, methods)
  }
}
