/** The projects that a node hosts: they are added, replaced and taken away while it runs. */
import type { Clock } from '../../core/clock.ts'
import type { Component } from '../../core/component.ts'
import { LumosError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { AgentRequest } from '../agent.ts'
import type { Roster } from '../roster.ts'
import { createHostedAgent } from './hosted-agent.ts'
import type { QuestionStates } from './hosted-agent.ts'
import { HostedProject } from './hosted-project.ts'
import type { ProjectStatus } from './hosted-project.ts'
import type { Launch, StartProcess } from './host-process.ts'
import type { HostedAgent } from './protocol.ts'
import { createRunning } from './running.ts'
import type { Running } from './running.ts'

/** What a person wants to have hosted. */
export interface HostOrder {
  /** Lower case letters, digits and dashes. */
  readonly name: string
  /** Absolute: a file, or a folder. */
  readonly path: string
  /** What the process is given of an environment, beside a bare one. */
  readonly env: Readonly<Record<string, string>>
  readonly memoryBytes: number
  /** Whether it is hosted again after the node has been restarted. */
  readonly keep: boolean
}

/** As it is kept: with the agents it had, so that their tasks find them before the process is there. */
export interface HostRecord extends HostOrder {
  readonly agents: readonly HostedAgent[]
}

export interface HostView extends HostRecord, ProjectStatus {}

export interface RemovedHost {
  readonly host: HostView
  /** Runs that did not end in time. */
  readonly ended: number
}

export interface HostStore {
  read(): Promise<readonly HostRecord[]>
  write(records: readonly HostRecord[]): Promise<void>
}

export interface HostsComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly roster: Pick<Roster, 'assign'>
  readonly startProcess: StartProcess
  readonly states: QuestionStates
  /** How a path is started; @throws HOST_INVALID */
  readonly launchOf: (order: HostOrder) => Launch
  readonly store: HostStore
}

interface Hosted {
  readonly order: HostOrder
  readonly project: HostedProject
  readonly running: Running
  /** Those that the roster has. */
  agents: readonly HostedAgent[]
  /** It is being removed: what its process still tells is offered to nobody. */
  leaving: boolean
}

export class Hosts implements Component {
  readonly #components: HostsComponents
  readonly #hosted = new Map<string, Hosted>()
  #turn: Promise<unknown> = Promise.resolve()
  #isStopping = false

  constructor(components: HostsComponents) {
    this.#components = components
  }

  /** Resolves when the agents of what is kept are offered; their processes are still on their way. */
  async start(): Promise<void> {
    this.#isStopping = false
    for (const record of await this.#components.store.read()) {
      // oxlint-disable-next-line no-await-in-loop -- in the order they came, as ids are taken in it
      await this.#restore(record)
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all(Array.from(this.#hosted.values(), ({ project }) => project.stop()))
    // What was on its way has come to its end by that, and keeps what is hosted as it is.
    await this.#turn
    this.#hosted.clear()
  }

  list(): readonly HostView[] {
    return Array.from(this.#hosted.values(), viewOf)
  }

  /** @throws HOST_UNKNOWN */
  show(name: string): HostView {
    return viewOf(this.#find(name))
  }

  /**
   * Resolves when its agents can be asked. The same path again replaces what is hosted.
   *
   * @throws HOST_EXISTS, HOST_LIMIT, HOST_INVALID, SHUTTING_DOWN
   */
  add(order: HostOrder): Promise<HostView> {
    return this.#inTurn(() => this.#add(order))
  }

  /** Resolves when it is ready, or given up again; @throws HOST_UNKNOWN, SHUTTING_DOWN */
  restart(name: string): Promise<HostView> {
    return this.#inTurn(async () => {
      const entry = this.#find(name)
      await entry.project.stop()
      this.#checkOpen()
      entry.project.start()
      await entry.project.settled()
      return viewOf(entry)
    })
  }

  /**
   * Its agents are gone from the swarm at once; what runs there has `hostDrain` to end by itself, and
   * ends with HOST_DIED after that.
   *
   * @throws HOST_UNKNOWN
   */
  async remove(name: string): Promise<RemovedHost> {
    const { entry, view } = await this.#inTurn(async () => {
      const found = this.#find(name)
      const before = viewOf(found)
      found.leaving = true
      await this.#assign(found, [])
      await this.#keep()
      return { entry: found, view: before }
    })
    // Not in turn: other projects come and go meanwhile.
    await this.#components.clock.sleep(LIMITS.hostDrain.value, entry.running.idle())
    const ended = entry.running.count()
    return this.#inTurn(async () => {
      // Hosted again meanwhile, it is another one, and this one has been stopped.
      if (this.#hosted.get(name) === entry) await this.#forget(entry)
      return { host: { ...view, state: 'stopped' }, ended }
    })
  }

  async #add(order: HostOrder): Promise<HostView> {
    const { name, path } = order
    const before = this.#hosted.get(name)
    if (before !== undefined && before.order.path !== path) {
      throw new LumosError('HOST_EXISTS', { details: { host: name } })
    }
    const limit = LIMITS.hosts.value
    if (before === undefined && this.#hosted.size >= limit) {
      throw new LumosError('HOST_LIMIT', { details: { limit } })
    }
    await before?.project.stop()
    this.#checkOpen()
    const entry = this.#create(order)
    this.#hosted.set(name, entry)
    entry.project.start()
    await entry.project.settled()
    const { state, reason = '' } = entry.project.status()
    if (state === 'ready') return viewOf(entry)
    // What was hosted before stays, so that it can be mended and started again.
    if (before === undefined) await this.#forget(entry)
    this.#checkOpen()
    throw new LumosError('HOST_INVALID', { details: { path, reason } })
  }

  #create(order: HostOrder): Hosted {
    const { logger, launchOf } = this.#components
    const { name: host, memoryBytes } = order
    const running = createRunning()
    const project = new HostedProject(
      {
        ...this.#components,
        logger: logger.child(`host.${host}`),
        offer: (agents) => this.#offer(entry, agents),
        withdraw: () => this.#assign(entry, [])
      },
      { host, memoryBytes, launch: () => launchOf(order) }
    )
    const entry: Hosted = { order, project, running, agents: [], leaving: false }
    return entry
  }

  async #offer(entry: Hosted, agents: readonly HostedAgent[]): Promise<void> {
    if (entry.leaving) return
    // A process that was started again offers the same: that costs no new cards.
    if (JSON.stringify(agents) === JSON.stringify(entry.agents)) return
    await this.#assign(entry, agents)
    await this.#keep()
  }

  async #assign(entry: Hosted, agents: readonly HostedAgent[]): Promise<void> {
    const { roster, states } = this.#components
    const { order, project, running } = entry
    const hosted = agents.map((each) => {
      const agent = createHostedAgent({ project, states }, each)
      return { ...agent, run: (request: AgentRequest) => running.during(agent.run(request)) }
    })
    await roster.assign(`host:${order.name}`, hosted)
    entry.agents = agents
  }

  /** Tasks of before the restart wait for these agents, so they are there before any process is. */
  async #restore({ agents, ...order }: HostRecord): Promise<void> {
    const entry = this.#create(order)
    this.#hosted.set(order.name, entry)
    try {
      await this.#assign(entry, agents)
    } catch (error) {
      // Another source has an agent of that id meanwhile: its process will meet the same.
      this.#components.logger.warn('agents of a hosted project are not offered', {
        host: order.name,
        error
      })
    }
    entry.project.start()
  }

  async #forget(entry: Hosted): Promise<void> {
    this.#hosted.delete(entry.order.name)
    await this.#assign(entry, [])
    await entry.project.stop()
    await this.#keep()
  }

  async #keep(): Promise<void> {
    const records = [...this.#hosted.values()].flatMap(({ order, agents, leaving }) =>
      order.keep && !leaving ? [{ ...order, agents }] : []
    )
    await this.#components.store.write(records)
  }

  /** Nothing is started behind a node that stops. */
  #checkOpen(): void {
    if (this.#isStopping) throw new LumosError('SHUTTING_DOWN')
  }

  #find(name: string): Hosted {
    const found = this.#hosted.get(name)
    if (found === undefined) throw new LumosError('HOST_UNKNOWN', { details: { host: name } })
    return found
  }

  /** One after the other: what is kept is what is. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(action)
    this.#turn = done.catch(() => undefined)
    return done
  }
}

function viewOf({ order, project, agents }: Hosted): HostView {
  return { ...order, ...project.status(), agents }
}
