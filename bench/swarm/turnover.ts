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
const LOOK_MS = 1000
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
  const until = nowMs() + durationMs
  const busy = new Set<number>()
  const actions: Promise<unknown>[] = []
  const done = { stopped: 0, killed: 0 }
  /** Nodes that ought to have left by now, with a word and without. */
  const due = { stops: 0, kills: 0 }
  function begin(host: number, action: () => Promise<void>): void {
    busy.add(host)
    const ended = action().finally(() => busy.delete(host))
    // Told when all are awaited, and not before.
    ended.catch(() => undefined)
    actions.push(ended)
  }
  while (nowMs() < until) {
    await delay(LOOK_MS)
    const leaving = (SHARE * fleet.members.length * LOOK_MS) / MINUTE_MS
    due.stops += leaving / 2
    due.kills += leaving / 2
    const rested = fleet.running().filter(({ index, host, since = Infinity }) => {
      return index !== BOOTSTRAP && !busy.has(host) && since < nowMs() - REST_MS
    })
    if (rested.length === 0) continue
    const member = pick(random, rested)
    const { host } = member
    const neighbours = fleet.of(host).length
    if (due.kills >= neighbours) {
      due.kills -= neighbours
      done.killed += neighbours
      begin(host, () => crash(stage, absences, host))
    } else if (due.stops >= 1) {
      due.stops -= 1
      done.stopped += 1
      begin(host, () => restart(stage, absences, member))
    }
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
