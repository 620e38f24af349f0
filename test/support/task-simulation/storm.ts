/** A seeded storm: users ask, cancel and watch while machines, disks, clocks and the link fail at random. */
import type { AgentName } from './agents.ts'
import type { CallerNode } from './caller-node.ts'
import { judge } from './judge.ts'
import { CALM_LINK } from './link.ts'
import type { LinkFaults } from './link.ts'
import type { Mutation } from './mutation.ts'
import { DeadlineWatch } from './deadline-watch.ts'
import type { Trace } from './trace.ts'
import type { WorkerNode } from './worker-node.ts'
import { World } from './world.ts'
import type { WorldInit } from './world.ts'

/** What may happen in a step, and how likely each is. */
export interface Chances {
  readonly ask: number
  /** The user asks for the same again. */
  readonly repeat: number
  /** An order of any age arrives at the worker again. */
  readonly replay: number
  readonly cancel: number
  readonly failWorker: number
  readonly failCaller: number
  /** As `failCaller`, but what the process has written is safe. */
  readonly killCaller: number
  readonly startWorker: number
  readonly startCaller: number
  readonly setClock: number
  readonly fill: number
  readonly empty: number
  readonly follow: number
  readonly subscribe: number
}

export interface Storm extends Pick<
  WorldInit,
  'callers' | 'workers' | 'diskDelayMs' | 'engine' | 'lateAfterMs'
> {
  readonly agents: readonly AgentName[]
  readonly steps: number
  readonly stepMs: number
  /** Faults have ended: all must have come to its end within this time. */
  readonly calmMs: number
  readonly chances: Partial<Chances>
  readonly faults?: Partial<LinkFaults>
  /** The longest deadline of a task; none without. */
  readonly timeoutMs?: number
  /** Milliseconds a subscriber takes for an event at most. */
  readonly slownessMs?: number
  /** Whether tasks are forgotten before everybody has read them. */
  readonly mayForget?: boolean
}

export interface StormRun {
  readonly seed: number
  /** Told how long it took until all was at rest, milliseconds of simulated time. */
  readonly onRest?: (ms: number) => void
  readonly mutation?: Mutation
  readonly trace?: Trace
}

/** Sentences about what went wrong; none when nothing did. */
export async function weather(storm: Storm, run: StormRun): Promise<string[]> {
  const { callers, workers, diskDelayMs, engine, lateAfterMs } = storm
  const world = new World({
    ...run,
    ...(callers !== undefined && { callers }),
    ...(workers !== undefined && { workers }),
    ...(diskDelayMs !== undefined && { diskDelayMs }),
    ...(engine && { engine }),
    ...(lateAfterMs !== undefined && { lateAfterMs })
  })
  const deeds = new Deeds(world, storm)
  const deadlines = new DeadlineWatch(world)
  world.link.faults = { ...CALM_LINK, ...storm.faults }
  world.start()
  for (let step = 0; step < storm.steps; step += 1) {
    deeds.next()
    await world.time.advance(storm.stepMs)
    await deadlines.look()
  }
  const restMs = await world.calm(storm.calmMs)
  run.onRest?.(restMs)
  await deadlines.look()
  const problems = [...(await judge(world, storm.mayForget)), ...deadlines.problems]
  await world.close()
  return problems
}

/** By how much clocks are set: minutes to hours, forward and back. */
const JUMPS_MS = [61_000, 3_600_000, -61_000, -5 * 3_600_000, 7 * 3_600_000]

class Deeds {
  readonly #world: World
  readonly #storm: Storm
  readonly #deeds: readonly (readonly [chance: number, deed: () => void])[]

  constructor(world: World, storm: Storm) {
    const { chances } = storm
    const { workers, random } = world
    this.#world = world
    this.#storm = storm
    const deeds: Readonly<Record<keyof Chances, () => void>> = {
      ask: () => this.#ask(),
      repeat: () => this.#some((caller, id) => caller.repeat(id)),
      replay: () => this.#some((caller, id) => void caller.replay(id)),
      cancel: () => this.#some((caller, id) => void caller.cancel(id)),
      failWorker: () => {
        const { machine } = this.#worker()
        if (random.next() < 0.5) machine.kill()
        else machine.fail()
      },
      failCaller: () => {
        const { machine } = this.#caller()
        if (random.next() < 0.5) machine.kill()
        else machine.fail()
      },
      killCaller: () => this.#caller().machine.kill(),
      startWorker: () => {
        for (const worker of workers) worker.start()
      },
      startCaller: () => this.#caller().start(),
      setClock: () => this.#machine().setClock(pick(JUMPS_MS, random.next())),
      fill: () => {
        this.#machine().disk.full = true
      },
      empty: () => {
        this.#machine().disk.full = false
      },
      follow: () => this.#some((caller, id) => caller.follow(id)),
      subscribe: () => {
        const slownessMs = (storm.slownessMs ?? 0) * random.next()
        this.#some((caller, id) => world.subscribe(caller, id, slownessMs))
      }
    }
    this.#deeds = Object.entries(deeds).map(([name, deed]) => [
      chances[name as keyof Chances] ?? 0,
      deed
    ])
  }

  next(): void {
    let dice = this.#world.random.next()
    for (const [chance, deed] of this.#deeds) {
      if (dice < chance) return deed()
      dice -= chance
    }
  }

  #ask(): void {
    const { random, ids, callers } = this.#world
    const { agents, timeoutMs } = this.#storm
    const agent = pick(agents, random.next())
    const caller = this.#caller()
    const others = callers.filter((one) => one !== caller).flatMap((one) => [...one.wishes.keys()])
    // Ids are chosen by callers: two may have chosen the same.
    const id = others.length > 0 && random.next() < 0.1 ? pick(others, random.next()) : ids()
    const timed = timeoutMs !== undefined && random.next() < 0.7
    caller.wish({ id, agent, ...(timed && { timeoutMs: 500 + random.next() * timeoutMs }) })
  }

  #some(deed: (caller: CallerNode, id: string) => void): void {
    const caller = this.#caller()
    const ids = [...caller.wishes.keys()]
    if (ids.length > 0) deed(caller, pick(ids, this.#world.random.next()))
  }

  #caller(): CallerNode {
    return pick(this.#world.callers, this.#world.random.next())
  }

  #worker(): WorkerNode {
    const { worker, workers, random } = this.#world
    return workers.length === 1 ? worker : pick(workers, random.next())
  }

  #machine() {
    const { workers, callers, random } = this.#world
    return pick([...workers, ...callers], random.next()).machine
  }
}

function pick<T>(items: readonly T[], dice: number): T {
  const item = items[Math.floor(dice * items.length)]
  if (item === undefined) throw new TypeError('nothing to choose from')
  return item
}
