/** Nodes that leave and come back all the time: half of them with a word, half killed with their whole process. */
import { setTimeout as delay } from 'node:timers/promises'
import { nowMs } from '../memory/clock.ts'
import { BOOTSTRAP } from './fleet.ts'
import type { Member } from './fleet.ts'
import { pick } from './stage.ts'
import type { Stage } from './stage.ts'

/** Share of the nodes that leave in a minute. */
const SHARE = 0.1
const MINUTE_MS = 60_000
/** Long enough that the others notice. */
const AWAY_MS = 5000
/** Who has just come back is left alone. */
const REST_MS = 15_000

export interface Turnover {
  readonly stopped: number
  readonly killed: number
}

/** Who was away when. */
export class Absences {
  readonly #spans = new Map<number, { from: number; to: number }[]>()

  leaves({ index }: Member): void {
    this.#spans.set(index, [...(this.#spans.get(index) ?? []), { from: nowMs(), to: Infinity }])
  }

  returns({ index }: Member): void {
    const span = this.#spans.get(index)?.at(-1)
    if (span !== undefined) span.to = nowMs()
  }

  /** Whether the node was there from then until then. */
  wasThere(index: number, from: number, to: number): boolean {
    return (this.#spans.get(index) ?? []).every((span) => span.to < from || span.from > to)
  }
}

export async function turnOver(
  stage: Stage,
  absences: Absences,
  durationMs: number
): Promise<Turnover> {
  const { fleet, random } = stage
  const pauseMs = MINUTE_MS / (SHARE * fleet.members.length)
  const until = nowMs() + durationMs
  const busy = new Set<number>()
  const actions: Promise<void>[] = []
  const done = { stopped: 0, killed: 0 }
  let crashes = 0
  async function within(host: number, action: () => Promise<void>): Promise<void> {
    busy.add(host)
    await action()
    busy.delete(host)
  }
  while (nowMs() < until) {
    const rested = fleet.running().filter(({ index, host, since = Infinity }) => {
      return index !== BOOTSTRAP && !busy.has(host) && since < nowMs() - REST_MS
    })
    if (rested.length > 0) {
      const member = pick(random, rested)
      const neighbours = fleet.of(member.host)
      if (random.next() < 0.5) crashes += 1
      else {
        done.stopped += 1
        actions.push(within(member.host, () => restart(stage, absences, member)))
      }
      if (crashes >= neighbours.length && !busy.has(member.host)) {
        crashes -= neighbours.length
        done.killed += neighbours.length
        actions.push(within(member.host, () => crash(stage, absences, member.host)))
      }
    }
    await delay(pauseMs)
  }
  await Promise.all(actions)
  return done
}

async function restart({ fleet }: Stage, absences: Absences, member: Member): Promise<void> {
  absences.leaves(member)
  await fleet.stop(member)
  await delay(AWAY_MS)
  await fleet.start([member])
  absences.returns(member)
}

async function crash({ fleet }: Stage, absences: Absences, host: number): Promise<void> {
  for (const member of fleet.of(host)) absences.leaves(member)
  await fleet.kill(host)
  await delay(AWAY_MS)
  await fleet.revive(host)
  for (const member of fleet.of(host)) absences.returns(member)
}
