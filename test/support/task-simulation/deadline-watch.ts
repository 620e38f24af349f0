/** Watches that tasks with a deadline end in time, and not before it, whatever the clocks say. */
import { TERMINAL_STATES } from '../../../core/a2a.ts'
import type { CallerNode, Wish } from './caller-node.ts'
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

/** What an end needs to be kept and seen: steps of the storm, the way back, a slow disk. */
const LATE_MS = 2000
/** Taken off at each hop (LIMITS.hopMargin), and the way there. */
const EARLY_MS = 150

export class DeadlineWatch {
  readonly problems: string[] = []
  readonly #world: World
  readonly #starts = new Map<Machine, { readonly lives: number; readonly at: number }>()
  readonly #ended = new Set<Wish>()

  constructor(world: World) {
    this.#world = world
  }

  async look(): Promise<void> {
    const now = this.#world.time.monotonic()
    const { worker, callers } = this.#world
    for (const { machine } of [worker, ...callers]) this.#noticeStart(machine, now)
    for (const caller of this.#world.callers) {
      if (caller.delegations === undefined) continue
      for (const wish of caller.wishes.values()) {
        if (wish.timeoutMs === undefined || this.#ended.has(wish)) continue
        await this.#check(caller, wish, now)
      }
    }
  }

  async #check(caller: CallerNode, wish: Wish, now: number): Promise<void> {
    const { id, timeoutMs = Infinity, askedAt, acknowledgedAt } = wish
    if (acknowledgedAt === undefined) return
    const view = await caller.delegations?.find(id)
    const state = view?.state ?? 'TASK_STATE_SUBMITTED'
    const name = `${caller.name} ${wish.agent} ${id}`
    if (TERMINAL_STATES.has(state)) {
      this.#ended.add(wish)
      if (view?.error?.code !== 'TIMED_OUT') return
      this.#world.trace(() => `${name} is out of time`)
      const soonest = askedAt + timeoutMs - this.#setForward(caller, askedAt) - EARLY_MS
      if (now < soonest) {
        this.problems.push(`${name} timed out ${soonest - now} ms early`)
      }
      return
    }
    // Set back while the process was down, a clock may give the whole time once more, and no more.
    const latest = Math.max(acknowledgedAt, this.#startOf(caller.machine)) + timeoutMs + LATE_MS
    if (now > latest && caller.machine.disk.fills === 0) {
      this.#ended.add(wish)
      this.problems.push(`${name} is ${state} ${now - latest} ms after its deadline`)
    }
  }

  /** By how much clocks were set that a restart since `since` may have read anew. */
  #setForward(caller: CallerNode, since: number): number {
    return [this.#world.worker, caller]
      .filter(({ machine }) => this.#startOf(machine) >= since)
      .reduce((sum, { machine }) => sum + machine.jumped.forward, 0)
  }

  #startOf(machine: Machine): number {
    return this.#starts.get(machine)?.at ?? 0
  }

  #noticeStart(machine: Machine, at: number): void {
    const { lives } = machine
    if (this.#starts.get(machine)?.lives !== lives) this.#starts.set(machine, { lives, at })
  }
}
