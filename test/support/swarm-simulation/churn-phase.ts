/** Nodes leave and come back, as long as those of a measured swarm stay, while the others work on. */
import { pick } from '../../../bench/swarm/stage.ts'
import { spreadOf } from '../../../bench/swarm/figures.ts'
import { toLumosError } from '../../../core/errors.ts'
import { exponentialMs } from '../routing-simulation/distributions.ts'
import { delegate, hasAgents, lookUps, untilFound, PATIENCE_MS } from './measures.ts'
import type { Host } from './network.ts'
import { residualSessionMs, sessionOfMeanMs } from './session-lengths.ts'
import { skillOf } from './node.ts'
import type { SimulationStage } from './stage.ts'

/** A tenth of the nodes leaves each minute when they stay ten minutes on average. */
const MEAN_STAY_MS = 10 * 60_000
const MEAN_AWAY_MS = 20_000
const ERRAND_MS = 100
/** Who has been there so long is found by all. */
const KNOWN_MS = 20_000

interface Stay {
  from: number
  to: number
}

export async function churnPhase(stage: SimulationStage): Promise<void> {
  const { world, book, say, durations } = stage
  const turnover = new Turnover(stage)
  const errands = new Errands(stage, turnover)
  turnover.begin()
  await errands.run(durations.churnMs)
  turnover.end()
  await world.time.advance(MEAN_AWAY_MS)
  for (const host of world.hosts) if (!world.running.has(host.peer)) await world.start(host)
  const found = await untilFound(stage)
  const { stopped, killed } = turnover
  say(`${stopped} stopped and ${killed} were killed; ${errands.looks} lookups`)
  const lookups = spreadOf(errands.lookTimes)
  const tasks = spreadOf(errands.taskTimes)
  const after = await lookUps(stage, { count: world.nodes.length })
  const shares = {
    lookups: errands.lookTimes.length / errands.looks,
    delegations: errands.taskTimes.length / errands.tasks
  }
  const { failures } = errands
  const turned = { stopped, killed }
  book.note('churn', { turnover: turned, found, lookups, delegations: tasks, shares, failures })
  book.whole('churn: lookups of those who are there that succeed', shares.lookups)
  book.atMost('churn: lookup, p95', lookups.p95, [1000, 'ms'])
  book.whole('churn: delegations to those who are there that succeed', shares.delegations)
  book.atMost('churn over: every skill found by every node', found.lastMs, [PATIENCE_MS, 'ms'])
  book.whole('churn over: lookups that succeed', after.success)
}

/** Half of those who leave say so. */
class Turnover {
  stopped = 0
  killed = 0
  readonly #stage: SimulationStage
  readonly #stays = new Map<Host, Stay>()
  #over = false

  constructor(stage: SimulationStage) {
    this.#stage = stage
  }

  begin(): void {
    const { world } = this.#stage
    for (const { host } of world.nodes) {
      // They have been there for a while, and longer than a tenth of them.
      this.#stays.set(host, { from: -Infinity, to: Infinity })
      if (host !== world.bootstrap)
        this.#leaveIn(host, residualSessionMs(world.random, MEAN_STAY_MS))
    }
  }

  end(): void {
    this.#over = true
  }

  /** Whether it has been there for as long as others need to know, and still is. */
  isKnown(host: Host, now: number): boolean {
    const { from, to } = this.#stays.get(host) ?? { from: Infinity, to: -Infinity }
    return from + KNOWN_MS <= now && to > now
  }

  #leaveIn(host: Host, ms: number): void {
    const { world } = this.#stage
    world.time.after(ms, () => {
      if (this.#over || !world.running.has(host.peer)) return
      const now = world.time.monotonic()
      this.#stays.set(host, { from: Infinity, to: now })
      if (world.random.next() < 0.5) {
        this.killed += 1
        world.kill(host)
      } else {
        this.stopped += 1
        void world.stop(host)
      }
      world.time.after(exponentialMs(world.random, MEAN_AWAY_MS), () => void this.#back(host))
    })
  }

  async #back(host: Host): Promise<void> {
    const { world } = this.#stage
    if (this.#over || world.running.has(host.peer)) return
    world.returning.push(host)
    this.#stays.set(host, { from: world.time.monotonic(), to: Infinity })
    this.#leaveIn(host, sessionOfMeanMs(world.random, MEAN_STAY_MS))
  }
}

/** A task and a lookup every moment, each by somebody about somebody who is there. */
class Errands {
  looks = 0
  tasks = 0
  readonly lookTimes: number[] = []
  readonly taskTimes: number[] = []
  readonly failures: string[] = []
  readonly #stage: SimulationStage
  readonly #turnover: Turnover
  readonly #open: Promise<void>[] = []

  constructor(stage: SimulationStage, turnover: Turnover) {
    this.#stage = stage
    this.#turnover = turnover
  }

  async run(durationMs: number): Promise<void> {
    const { world } = this.#stage
    const end = world.time.monotonic() + durationMs
    while (world.time.monotonic() < end) {
      for (const host of world.returning.splice(0)) await world.start(host)
      this.#open.push(this.#look(), this.#task())
      await world.time.advance(ERRAND_MS)
    }
    await world.run(Promise.all(this.#open))
  }

  async #look(): Promise<void> {
    const { world } = this.#stage
    const [asker, owner] = this.#pair()
    const since = world.time.monotonic()
    const { providers } = await asker.finder.find(skillOf(owner.host), { exact: true })
    if (!this.#areKnown([asker.host, owner.host])) return
    this.looks += 1
    const took = world.time.monotonic() - since
    if (providers.some(({ peer }) => peer === owner.host.peer)) this.lookTimes.push(took)
    else this.failures.push(`${owner.host.index} not found by ${asker.host.index}`)
  }

  async #task(): Promise<void> {
    const { world } = this.#stage
    const [asker, owner] = this.#pair()
    const since = world.time.monotonic()
    const why = await delegate(world, asker, owner.host).then(
      () => undefined,
      (error: unknown) => toLumosError(error).code
    )
    if (!this.#areKnown([asker.host, owner.host])) return
    this.tasks += 1
    if (why === undefined) this.taskTimes.push(world.time.monotonic() - since)
    else this.failures.push(why)
  }

  #pair() {
    const { world } = this.#stage
    const now = world.time.monotonic()
    const known = world.nodes.filter(({ host }) => this.#turnover.isKnown(host, now))
    return [pick(world.random, known), pick(world.random, known.filter(hasAgents))] as const
  }

  /** Still, after it was done. */
  #areKnown(hosts: readonly Host[]): boolean {
    const now = this.#stage.world.time.monotonic()
    return hosts.every((host) => this.#turnover.isKnown(host, now))
  }
}
