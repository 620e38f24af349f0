/** Who has a task that this node asked for, and who else may have it, as far as is known here. */
import { LIMITS } from '../../core/limits.ts'
import type { Placement } from './dispatcher.ts'

export class Holders {
  /** Who has the task, or was given it last. */
  placement: Placement | undefined
  /** Whose events are here: another one than `placement` while somebody is looked for in its place. */
  owner: Placement | undefined
  /** Whether `placement` may have the task, for all that is known. */
  maybeTaken = false
  /** Those that were asked besides and answered last: they are told to stop. */
  readonly stopped: Placement[] = []
  /** Asked besides `placement`, until one of them has answered. */
  #second: Placement | undefined
  /** Those before it that may have the task, too, by name; the one of longest ago first. */
  readonly #leftInDoubt = new Map<string, Placement>()

  /** Workers other than `placement` that may have the task: its next worker was asked in doubt. */
  get leftInDoubt(): readonly Placement[] {
    return [...this.#leftInDoubt.values()]
  }

  /** `placement`, unless that one has surely not taken the task. */
  get holder(): Placement | undefined {
    return this.maybeTaken ? this.placement : undefined
  }

  /** All workers that may have the task. */
  get inDoubt(): readonly Placement[] {
    const { holder } = this
    return holder === undefined ? this.leftInDoubt : [...this.leftInDoubt, holder]
  }

  /** Whether the task was given to another worker than the one that took it, and that one is silent yet. */
  get isElsewhere(): boolean {
    return this.owner !== undefined && !isSame(this.owner, this.placement)
  }

  /** Whether two were asked, and it is open which of them goes on. */
  get areTwo(): boolean {
    return this.#second !== undefined
  }

  /** Whether it was told to stop the task, and would say that it did. */
  isStopped(placement: Placement): boolean {
    return this.stopped.some((one) => isSame(one, placement))
  }

  place(placement: Placement): void {
    const before = this.placement
    const other = before !== undefined && !isSame(placement, before) ? before : undefined
    this.#leftInDoubt.delete(nameOf(placement))
    if (other !== undefined && this.maybeTaken) this.#doubt(other)
    if (other !== undefined && this.#second && isSame(this.#second, placement)) this.stop(other)
    this.placement = placement
    this.maybeTaken = true
  }

  /** Another one is asked as well: it may have the task from now on. */
  hedge(placement: Placement): void {
    this.#second = placement
    this.#doubt(placement)
  }

  /** It lost, and must not be asked again; it stays in doubt until the end. */
  stop(loser = this.#second): void {
    this.#second = undefined
    if (loser !== undefined) this.stopped.push(loser)
  }

  #doubt(placement: Placement): void {
    this.#leftInDoubt.set(nameOf(placement), placement)
    const [oldest] = this.#leftInDoubt.keys()
    if (this.#leftInDoubt.size > LIMITS.workersInDoubt.value && oldest !== undefined) {
      this.#leftInDoubt.delete(oldest)
    }
  }
}

export function isSame(one: Placement, other: Placement | undefined): boolean {
  return other !== undefined && nameOf(one) === nameOf(other)
}

function nameOf({ worker, agentId }: Placement): string {
  return `${worker.id} ${agentId}`
}
