/** Callers, a worker, their machines and the link between them, under one simulated time. */
import { createIdSource } from '../../../core/ids.ts'
import type { IdSource } from '../../../core/ids.ts'
import type { Random } from '../../../core/random.ts'
import type { TaskEngineInit } from '../../../tasks/worker/engine.ts'
import { ManualClock } from '../manual-clock.ts'
import { seededRandom } from '../random.ts'
import { Agents } from './agents.ts'
import { CallerNode } from './caller-node.ts'
import { CALM_LINK, Link, STRAY_MS, WORKER } from './link.ts'
import type { Mutation } from './mutation.ts'
import { ProcessClock } from './process-clock.ts'
import { Subscriber } from './subscriber.ts'
import { NO_TRACE } from './trace.ts'
import type { Trace } from './trace.ts'
import { WorkerNode } from './worker-node.ts'

export interface WorldInit {
  readonly seed: number
  readonly callers?: number
  readonly workers?: number
  /** Milliseconds that a write takes at most. */
  readonly diskDelayMs?: number
  readonly engine?: TaskEngineInit
  /** When callers ask a second worker for what does no harm; without it they never do. */
  readonly lateAfterMs?: number
  readonly mutation?: Mutation
  readonly trace?: Trace
}

/** Between two looks whether all is at rest, milliseconds. */
const LOOK_MS = 1000

export class World {
  readonly time = new ManualClock()
  readonly random: Random
  readonly ids: IdSource
  readonly agents: Agents
  readonly link: Link
  readonly workers: readonly WorkerNode[]
  /** The first of them. */
  readonly worker: WorkerNode
  readonly callers: readonly CallerNode[]
  readonly subscribers: Subscriber[] = []
  readonly facts = new Map<string, string>()
  readonly trace: Trace
  #over = false

  constructor(init: WorldInit) {
    const {
      seed,
      callers = 1,
      workers = 1,
      diskDelayMs = 0,
      engine = {},
      mutation = {},
      lateAfterMs
    } = init
    const { time } = this
    const random = seededRandom(seed)
    const told = init.trace
    const trace: Trace =
      told === undefined
        ? NO_TRACE
        : (line) => told(() => `${Math.round(time.monotonic())} ms  ${line()}`)
    const parts = { time, random, trace }
    this.random = random
    this.trace = trace
    // Ids have times of their own: users' clocks are right.
    this.ids = createIdSource(
      new ProcessClock(time, () => Math.floor(time.monotonic()) + 1),
      random
    )
    this.agents = new Agents(parts)
    this.link = new Link(parts)
    const worker = (name: string) =>
      new WorkerNode(
        { ...parts, agents: this.agents, link: this.link },
        { name, diskDelayMs, engine, mutation }
      )
    this.worker = worker(WORKER)
    const others = Array.from({ length: workers - 1 }, (_, index) =>
      worker(`${WORKER}-${index + 2}`)
    )
    this.workers = [this.worker, ...others]
    const names = this.workers.map(({ machine }) => machine.name)
    this.callers = Array.from(
      { length: callers },
      (_, index) =>
        new CallerNode(
          { ...parts, link: this.link },
          {
            name: `caller-${index + 1}`,
            workers: names,
            diskDelayMs,
            mutation,
            ...(lateAfterMs !== undefined && { lateAfterMs })
          }
        )
    )
  }

  /** Starts whatever does not run. */
  start(): void {
    for (const worker of this.workers) worker.start()
    for (const caller of this.callers) caller.start()
  }

  subscribe(caller: CallerNode, task: string, slownessMs = 0): void {
    const agent = caller.wishes.get(task)?.agent
    if (agent === undefined) return
    const subscriber = new Subscriber(this, { caller, task, agent, slownessMs })
    this.subscribers.push(subscriber)
    void subscriber.attend(() => this.#over)
  }

  /**
   * No faults from now on, and what is down is started again within a second. Resolves when
   * everything has come to rest, or after `ms`, with how long that took.
   */
  async calm(ms: number): Promise<number> {
    this.trace(() => 'calm')
    this.link.faults = CALM_LINK
    for (const { machine } of [...this.workers, ...this.callers]) machine.disk.full = false
    for (let passed = 0; passed < ms; passed += LOOK_MS) {
      this.start()
      this.#cancelEndless()
      await this.time.advance(LOOK_MS)
      if (!(await this.#isAtRest())) continue
      // What still comes then repeats what has ended; readers see the rest.
      await this.time.advance(STRAY_MS)
      return passed + LOOK_MS
    }
    return ms
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.#over = true
    const nodes = [...this.workers, ...this.callers]
    for (const { machine } of nodes) machine.kill()
    for (const node of nodes) node.release()
    await this.time.advance(60_000)
  }

  async #isAtRest(): Promise<boolean> {
    if (this.workers.some(({ engine }) => engine?.counts().running !== 0)) return false
    for (const { ended, init } of this.subscribers) {
      if (!ended && (await this.worker.knows(init.caller.name, init.task))) return false
    }
    for (const caller of this.callers) {
      if (caller.delegations === undefined || caller.delegations.counts().running > 0) return false
      for (const wish of caller.wishes.values()) {
        if (wish.acknowledgedAt === undefined) return false
      }
    }
    for (const worker of this.workers) {
      if ((await worker.open()).length > 0) return false
    }
    return true
  }

  /** What ends only when somebody says so has to be told. */
  #cancelEndless(): void {
    for (const caller of this.callers) {
      for (const { id, agent, cancel, timeoutMs, acknowledgedAt } of caller.wishes.values()) {
        const endless = agent === 'endless' || agent === 'patient'
        if (!endless || timeoutMs !== undefined || cancel === 'acknowledged') continue
        if (acknowledgedAt !== undefined) void caller.cancel(id)
      }
    }
  }
}
