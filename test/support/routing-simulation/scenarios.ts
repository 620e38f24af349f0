/** What the routing simulation puts a swarm through. */
import { sessionMs } from './distributions.ts'
import { reportOf } from './report.ts'
import type { Report } from './report.ts'
import { run } from './traffic.ts'
import type { Outcome } from './traffic.ts'
import { World } from './world.ts'
import type { Method, WorldInit } from './world.ts'

const SCENARIOS = {
  /** Nothing goes wrong. */
  healthy: () => {},
  /** One of five peers takes 5 s longer for everything. */
  slow: (world: World) => {
    for (const [index, peer] of world.peers.entries()) {
      if (Math.floor(index / world.init.skills) % 5 === 0) peer.traits.delayMs = 5000
    }
  },
  /** One of five peers is cut off for good, without a word, in the middle of the run. */
  dead: (world: World) => {
    world.time.after(DIES_AT_MS, () => {
      for (const [index, peer] of world.peers.entries()) {
        if (Math.floor(index / world.init.skills) % 5 === 0) world.kill(peer, 'silent')
      }
    })
  },
  /** One of five peers dies and comes back again and again. */
  flapping: (world: World) => {
    for (const [index, peer] of world.peers.entries()) {
      if (Math.floor(index / world.init.skills) % 5 === 0) {
        world.flap(peer, { upMs: 10_000, downMs: 5000 })
      }
    }
  },
  /** Peers differ by a factor of ten in what they can do. */
  uneven: (world: World) => {
    for (const peer of world.peers) peer.traits.medianMs *= 10 ** (world.random.next() - 0.5)
  },
  /** Peers come and go as they do in file sharing. */
  churn: (world: World) => {
    for (const peer of world.peers) {
      const leave = (): void => {
        world.time.after(sessionMs(world.random), () => {
          world.kill(peer, world.random.next() < 0.5 ? 'gone' : 'silent')
          world.time.after(sessionMs(world.random, CHURN_AWAY_MS), () => {
            world.revive(peer)
            leave()
          })
        })
      }
      leave()
    }
  }
} as const satisfies Readonly<Record<string, (world: World) => void>>

export type Scenario = keyof typeof SCENARIOS

export const SCENARIO_NAMES: readonly Scenario[] = [
  'healthy',
  'slow',
  'dead',
  'flapping',
  'uneven',
  'churn'
]

/** When those of the scenario `dead` die. */
export const DIES_AT_MS = 5000
/** Scale of the absences: so many that some 1 of 5 is away. */
const CHURN_AWAY_MS = 600_000

export interface ScenarioInit {
  readonly scenario: Scenario
  readonly method: Method
  readonly seed: number
  readonly tasks: number
  readonly world?: Partial<WorldInit>
  /** Part of what the peers that are asked can do together; 0.3 unless given. */
  readonly utilisation?: number
}

export interface ScenarioRun {
  readonly world: World
  readonly outcomes: readonly Outcome[]
  readonly report: Report
}

/** Two hundred skills, five peers each; the callers ask for half of them. */
const SWARM = {
  peers: 1000,
  callers: 20,
  skills: 200,
  skillsOfCaller: 5,
  slots: 1,
  queue: 8,
  medianMs: 100
}
/** A task may take so long; those of the slowest peers do, too. */
const DEADLINE_MS = 60_000
/** Mean of a log-normal with the spread of distributions.ts, in medians. */
const MEAN_PER_MEDIAN = Math.exp((Math.log(10) / 2.326) ** 2 / 2)

export async function play(init: ScenarioInit): Promise<ScenarioRun> {
  const { scenario, method, seed, tasks, utilisation = 0.3 } = init
  const world = new World({ ...SWARM, ...init.world, method, seed })
  const { slots, medianMs } = world.init
  SCENARIOS[scenario](world)
  const places = world.asked().length * slots
  const perSecond = (utilisation * places * 1000) / (medianMs * MEAN_PER_MEDIAN)
  const durationMs = (tasks / perSecond) * 1000
  const outcomes = await run(world, { perSecond, durationMs, deadlineMs: DEADLINE_MS })
  return { world, outcomes, report: reportOf(world, outcomes) }
}
