/** Watches that tasks with a deadline end in time, and not before it, whatever the clocks say. */
import { TERMINAL_STATES } from '../../../core/a2a.ts'
import type { CallerNode, Wish } from './caller-node.ts'
import type { World } from './world.ts'

/** What an end needs to be kept and seen: steps of the storm, the way back, a slow disk. */
const LATE_MS = 2000
/** Taken off at each hop (LIMITS.hopMargin), and the way there. */
const EARLY_MS = 150

export class DeadlineWatch {
  readonly problems: string[] = []
  readonly #world: World
  readonly #starts = new Map<CallerNode, { lives: number; at: number }>()
  readonly #ended = new Set<Wish>()

  constructor(world: World) {
    this.#world = world
  }

  async look(): Promise<void> {
    const now = this.#world.time.monotonic()
    for (const caller of this.#world.callers) {
      if (caller.delegations === undefined) continue
      const started = this.#startOf(caller, now)
      for (const wish of caller.wishes.values()) {
        if (wish.timeoutMs === undefined || this.#ended.has(wish)) continue
        await this.#check(caller, wish, { now, started })
      }
    }
  }

  async #check(
    caller: CallerNode,
    wish: Wish,
    { now, started }: { readonly now: number; readonly started: number }
  ): Promise<void> {
    const { id, timeoutMs = Infinity, askedAt, acknowledgedAt } = wish
    if (acknowledgedAt === undefined) return
    const view = await caller.delegations?.find(id)
    const state = view?.state ?? 'TASK_STATE_SUBMITTED'
    const name = `${caller.name} ${wish.agent} ${id}`
    if (TERMINAL_STATES.has(state)) {
      this.#ended.add(wish)
      const soonest = askedAt + timeoutMs - this.#setForward() - EARLY_MS
      if (view?.error?.code === 'TIMED_OUT' && now < soonest) {
        this.problems.push(`${name} timed out ${soonest - now} ms early`)
      }
      return
    }
    // Set back while the process was down, a clock may give the whole time once more, and no more.
    const latest = Math.max(acknowledgedAt, started) + timeoutMs + LATE_MS
    if (now > latest && caller.machine.disk.fills === 0) {
      this.#ended.add(wish)
      this.problems.push(`${name} is ${state} ${now - latest} ms after its deadline`)
    }
  }

  /** Across restarts a deadline is measured with clocks that somebody may have set. */
  #setForward(): number {
    const { worker, callers } = this.#world
    return [worker, ...callers].reduce((sum, { machine }) => sum + machine.jumped.forward, 0)
  }

  #startOf(caller: CallerNode, now: number): number {
    const { lives } = caller.machine
    const known = this.#starts.get(caller)
    if (known?.lives === lives) return known.at
    this.#starts.set(caller, { lives, at: now })
    return now
  }
}
