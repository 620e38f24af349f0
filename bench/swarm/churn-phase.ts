/** A tenth of the nodes leaves and comes back every minute, while the swarm is at work. */
import { setTimeout as delay } from 'node:timers/promises'
import { nowMs } from '../memory/clock.ts'
import { spreadOf } from './figures.ts'
import { PATIENCE_MS, untilFound } from './measures.ts'
import { pick, seedOf } from './stage.ts'
import type { Stage } from './stage.ts'
import { skillOf } from './swarm-node.ts'
import { Absences, turnOver } from './turnover.ts'

const PAUSE_MS = 200
/** Who has been there so long is found by all: twice what a start may take (start-phase.ts). */
const KNOWN_MS = 20_000

interface Errand {
  readonly asker: number
  readonly owner: number
  readonly from: number
  to: number
}

interface Task extends Errand {
  readonly id: string
  /** `done`, why not, or `open`. */
  end: string
}

interface Look extends Errand {
  readonly found: boolean
}

export async function churnPhase(stage: Stage): Promise<void> {
  const { book, say, durations } = stage
  const absences = new Absences()
  const work = new Work(stage)
  const [turnover] = await Promise.all([
    turnOver(stage, absences, durations.churnMs),
    work.run(durations.churnMs)
  ])
  const since = nowMs()
  const found = await untilFound(stage, since)
  await work.finish()
  say(`${turnover.stopped} stopped and ${turnover.killed} killed; ${work.tasks.length} tasks`)
  const there = ({ asker, owner, from, to }: Errand): boolean =>
    [asker, owner].every((index) => absences.wasThere(index, from - KNOWN_MS, to))
  const looks = work.looks.filter(there)
  const tasks = work.tasks.filter(there)
  const lookups = spreadOf(looks.filter((look) => look.found).map(({ from, to }) => to - from))
  const done = tasks.filter(({ end }) => end === 'done')
  const delegations = spreadOf(done.map(({ from, to }) => to - from))
  const lost = work.tasks.filter(({ end }) => end === 'unknown' || end === 'open')
  const shares = {
    lookups: looks.filter((look) => look.found).length / looks.length,
    delegations: done.length / tasks.length
  }
  const ends = countOf(work.tasks.map(({ end }) => end))
  const acknowledged = work.tasks.length
  const { refused } = work
  book.note('churn', { turnover, found, lookups, delegations, shares, acknowledged, refused, ends })
  book.whole('churn: lookups of those who are there that succeed', shares.lookups)
  book.atMost('churn: lookup, p95', lookups.p95, [1000, 'ms'])
  book.whole('churn: delegations to those who are there that succeed', shares.delegations)
  book.atMost('churn: acknowledged tasks lost', lost.length, [0, 'tasks'])
  book.atMost('churn over: every skill found by every node', found.lastMs, [PATIENCE_MS, 'ms'])
}

/** A task and a lookup every moment, each by somebody about somebody. */
class Work {
  readonly tasks: Task[] = []
  readonly looks: Look[] = []
  /** Orders that were never acknowledged: their caller went at that moment. */
  refused = 0
  readonly #stage: Stage
  readonly #open: Promise<void>[] = []

  constructor(stage: Stage) {
    this.#stage = stage
  }

  async run(durationMs: number): Promise<void> {
    const until = nowMs() + durationMs
    while (nowMs() < until) {
      this.#open.push(this.#order(), this.#look())
      await delay(PAUSE_MS)
    }
  }

  /** Those whose caller went are asked for again, now that it is back. */
  async finish(): Promise<void> {
    await Promise.all(this.#open)
    for (const task of this.tasks) if (task.end === 'open') await this.#follow(task)
  }

  async #order(): Promise<void> {
    const { fleet, random } = this.#stage
    const [asker, owner] = [pick(random, fleet.running()), pick(random, fleet.running())]
    const from = nowMs()
    const skill = skillOf(owner.index)
    try {
      const { id } = await fleet.ask(asker.host, 'order', { index: asker.index, skill })
      const task = { id, asker: asker.index, owner: owner.index, from, to: Infinity, end: 'open' }
      this.tasks.push(task)
      await this.#follow(task)
    } catch {
      this.refused += 1
    }
  }

  async #follow(task: Task): Promise<void> {
    const { fleet } = this.#stage
    const { host, index } = fleet.member(task.asker)
    try {
      task.end = await fleet.ask(host, 'outcome', { index, id: task.id, timeoutMs: PATIENCE_MS })
      task.to = nowMs()
    } catch {
      // Its caller has gone: see `finish`.
      task.end = 'open'
    }
  }

  async #look(): Promise<void> {
    const { fleet, random } = this.#stage
    const [asker, owner] = [pick(random, fleet.running()), pick(random, fleet.running())]
    const work = { count: 1, inFlight: 1, targets: [owner.index], seed: seedOf(random) }
    try {
      const tries = await fleet.ask(asker.host, 'lookUp', { ...work, by: asker.index })
      const [took] = tries.times
      const to = nowMs()
      const found = took !== undefined
      this.looks.push({ asker: asker.index, owner: owner.index, from: to - (took ?? 0), to, found })
    } catch {
      // Its asker has gone.
    }
  }
}

function countOf(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
