/** What an honest peer and its node feel, calm and under attack. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Attack, AttackReport } from './attack.ts'
import type { Attacker } from './attacker.ts'
import type { Feeling } from './probe.ts'
import type { Stage } from './stage.ts'

export interface Felt {
  /** Milliseconds that each task of the honest peer took. */
  readonly tasks: readonly number[]
  /** The worst of both. */
  readonly worst: Feeling
}

export interface Attacked extends Felt {
  readonly report: AttackReport
}

export interface Scene {
  readonly attacker: Attacker
  readonly attack: Attack
  /** Whose honest peer gives tasks. */
  readonly stage: Stage
  /** Who is attacked: another one tells what the attack costs the machine rather than its victim. */
  readonly at: Stage
}

export async function feltCalm(stage: Stage, durationMs: number): Promise<Felt> {
  const calm = AbortSignal.timeout(durationMs)
  const [tasks, worst] = await Promise.all([stage.honestTasks(calm), worstFelt(stage, calm)])
  return { tasks, worst }
}

async function underAttack({ attacker, attack, stage, at }: Scene): Promise<Attacked> {
  const over = new AbortController()
  const [report, tasks, worst] = await Promise.all([
    attacker.carryOut(attack.name, at.target).finally(() => over.abort()),
    stage.honestTasks(over.signal),
    worstFelt(stage, over.signal),
    attack.lures === true ? at.beLured(over.signal) : undefined,
    attack.sentAway === true ? at.sendAway(over.signal) : undefined
  ])
  return { report, tasks, worst }
}

/** The same again until there are so many tasks: the 95th percentile of few is chance. */
export async function attackedFor(scene: Scene, leastTasks: number): Promise<Attacked> {
  let all = await underAttack(scene)
  for (let round = 1; round < MOST_ROUNDS && all.tasks.length < leastTasks; round++) {
    if (all.report.success !== undefined) break
    await scene.attacker.gone()
    const { report, tasks, worst } = await underAttack(scene)
    const accused = [...all.report.accused, ...report.accused]
    all = {
      report: { ...report, accused },
      tasks: [...all.tasks, ...tasks],
      worst: worstOf(all.worst, worst)
    }
  }
  return all
}

const MOST_ROUNDS = 8
const FEEL_EACH_MS = 100

export function percentile95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Infinity
}

async function worstFelt({ victim }: Stage, signal: AbortSignal): Promise<Feeling> {
  // What was before is somebody else's.
  await victim.feel()
  let worst: Feeling = { gapMs: 0, rssBytes: 0 }
  do {
    await pause(FEEL_EACH_MS)
    worst = worstOf(worst, await victim.feel())
  } while (!signal.aborted)
  return worst
}

function worstOf(one: Feeling, other: Feeling): Feeling {
  return {
    gapMs: Math.max(one.gapMs, other.gapMs),
    rssBytes: Math.max(one.rssBytes, other.rssBytes)
  }
}
