/** Callers who ask at random moments, and what became of each task. */
import { TERMINAL_STATES } from '../../../core/a2a.ts'
import { toLumosError } from '../../../core/errors.ts'
import type { Placement } from '../../../tasks/caller/dispatcher.ts'
import { say } from '../tasks.ts'
import { exponentialMs } from './distributions.ts'
import type { Caller, World } from './world.ts'

export interface TrafficInit {
  /** Tasks of all callers together. */
  readonly perSecond: number
  readonly durationMs: number
  /** Milliseconds each task may take. */
  readonly deadlineMs: number
}

/** What became of one task. */
export interface Outcome {
  /** Place of its caller in the list of them. */
  readonly caller: number
  readonly ok: boolean
  /** Whether a second worker was asked as well. */
  readonly hedged: boolean
  /** From the wish to its end, milliseconds. */
  readonly tookMs: number
  readonly askedAt: number
  /** Why it failed. */
  readonly code?: string
}

/** Resolves when all have ended. */
export async function run(world: World, init: TrafficInit): Promise<readonly Outcome[]> {
  const { time, random, callers } = world
  const outcomes: Outcome[] = []
  let asked = 0
  const next = (): void => {
    if (time.monotonic() >= init.durationMs) return
    const index = Math.floor(random.next() * callers.length)
    const caller = callers[index]
    asked += 1
    const { skills, skillsOfCaller } = world.init
    const skill = (index * skillsOfCaller + (asked % skillsOfCaller)) % skills
    const order = { id: `task-${asked}`, skill: `skill-${skill}` }
    if (caller !== undefined) {
      void ask(world, caller, { ...order, deadlineMs: init.deadlineMs }).then((outcome) =>
        outcomes.push({ ...outcome, caller: index })
      )
    }
    time.after(exponentialMs(random, 1000 / init.perSecond), next)
  }
  next()
  await time.runUntil(init.durationMs + init.deadlineMs + 1)
  return outcomes
}

interface Wish {
  readonly id: string
  readonly skill: string
  readonly deadlineMs: number
}

async function ask(
  { time }: World,
  { router }: Caller,
  { id, skill, deadlineMs }: Wish
): Promise<Omit<Outcome, 'caller'>> {
  const askedAt = time.monotonic()
  const late = new AbortController()
  const disarm = time.after(deadlineMs, () => late.abort(new DOMException('late', 'TimeoutError')))
  const remainingMs = (): number => deadlineMs - (time.monotonic() - askedAt)
  const order = { taskId: id, target: skill, where: 'any' as const, message: say(id) }
  const inDoubt: Placement[] = []
  let hedged = false
  try {
    for (;;) {
      let placement: Placement | undefined
      try {
        const options = { signal: late.signal, remainingMs, inDoubt }
        for await (const event of router.dispatch(order, options)) {
          if (event.type === 'routed') ({ placement } = event)
          if (event.type === 'hedged') hedged = true
          const state =
            event.type === 'update' ? event.update.statusUpdate?.status.state : undefined
          if (state !== undefined && TERMINAL_STATES.has(state)) {
            return { ok: true, hedged, tookMs: time.monotonic() - askedAt, askedAt }
          }
        }
      } catch (error) {
        const { code, retry } = toLumosError(error)
        late.signal.throwIfAborted()
        // Lost after it was taken: as tasks/ does for idempotent agents, another one is asked.
        if (!retry || code === 'DELEGATION_FAILED' || placement === undefined) throw error
        inDoubt.push(placement)
      }
    }
  } catch (error) {
    const { code } = toLumosError(error)
    return { ok: false, hedged, tookMs: time.monotonic() - askedAt, askedAt, code }
  } finally {
    disarm()
  }
}
