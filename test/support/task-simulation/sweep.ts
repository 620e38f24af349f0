/** Loses the power at every write of a script, before it and after it, on either side. */
import { CRASHES } from './disk.ts'
import type { CrashPoint } from './disk.ts'
import { judge } from './judge.ts'
import type { Mutation } from './mutation.ts'
import { SCRIPTS } from './scripts.ts'
import type { Script, ScriptName } from './scripts.ts'
import type { Trace } from './trace.ts'
import { World } from './world.ts'

const SIDES = ['caller', 'worker'] as const

/** Whose power fails, and when. */
export interface Failure {
  readonly side: (typeof SIDES)[number]
  readonly crashes: readonly CrashPoint[]
}

export interface PlayInit {
  readonly failure?: Failure
  readonly mutation?: Mutation
  readonly trace?: Trace
}

interface Played {
  readonly problems: readonly string[]
  /** Of either side. */
  readonly writes: Readonly<Record<Failure['side'], number>>
}

/** What is down for lack of power comes back after this, milliseconds. */
const DARK_MS = 400
const STEP_MS = 50
/** After the last act all is at rest within this time, milliseconds. */
const CALM_MS = 30_000

/** Every single loss of power that a script can meet. */
export async function* failuresOf(name: ScriptName): AsyncIterable<Failure> {
  const { writes } = await play(name)
  for (const side of SIDES) {
    for (let write = 1; write <= writes[side]; write += 1) {
      for (const how of CRASHES) yield { side, crashes: [{ write, how }] }
    }
  }
}

/** The same, and then a second one soon after the machine is back. */
export async function* doubleFailuresOf(name: ScriptName): AsyncIterable<Failure> {
  for await (const { side, crashes } of failuresOf(name)) {
    for (let write = 1; write <= SECOND_WRITES; write += 1) {
      for (const how of CRASHES) yield { side, crashes: [...crashes, { write, how }] }
    }
  }
}

/** Writes of a recovery, and the first of what follows. */
const SECOND_WRITES = 5

/** How the first failure that does harm went; undefined when none does. */
export async function firstHarm(
  name: ScriptName,
  failures: AsyncIterable<Failure>
): Promise<{ readonly played: number; readonly harm?: string }> {
  let played = 0
  for await (const failure of failures) {
    played += 1
    const { problems } = await play(name, { failure })
    if (problems.length > 0) return { played, harm: await tell(name, failure) }
  }
  return { played }
}

async function tell(name: ScriptName, failure: Failure): Promise<string> {
  const lines: string[] = []
  const { problems } = await play(name, { failure, trace: (line) => lines.push(line()) })
  return [...lines, '', `${name}: ${JSON.stringify(failure)}`, ...problems].join('\n')
}

export async function play(name: ScriptName, init: PlayInit = {}): Promise<Played> {
  const { failure, mutation, trace } = init
  const world = new World({
    seed: 1,
    diskDelayMs: 4,
    ...(mutation && { mutation }),
    ...(trace && { trace })
  })
  const [caller] = world.callers
  if (caller === undefined) throw new TypeError('a world without a caller')
  const victim = failure?.side === 'worker' ? world.worker : caller
  const { disk } = victim.machine
  disk.crashes = failure?.crashes ?? []
  disk.onCrash = () => world.time.after(DARK_MS, () => victim.start())
  world.start()
  const acts: Script['acts'] = SCRIPTS[name].acts
  for (let at = 0; acts.some(([when]) => when >= at); at += STEP_MS) {
    for (const [when, act] of acts) if (when >= at && when < at + STEP_MS) act(world)
    await world.time.advance(STEP_MS)
  }
  await world.calm(CALM_MS)
  const problems = await judge(world)
  if (disk.crashes.length > 1 || disk.crashes.length === failure?.crashes.length) {
    problems.push('the power never failed')
  }
  const writes = { caller: caller.machine.disk.writes, worker: world.worker.machine.disk.writes }
  await world.close()
  return { problems, writes }
}
