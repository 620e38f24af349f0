/** Remembers what a task has seen: private data and text of strangers together must not get out. */
import { LIMITS } from '../../core/limits.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { ToolCaller } from './rule.ts'
import type { Tool } from './tool.ts'

/** `private`: it saw what a `read-private` tool returned. `untrusted`: it saw what strangers wrote. */
export const TAINT_LABELS = ['private', 'untrusted'] as const
export type TaintLabel = (typeof TAINT_LABELS)[number]

/** The labels of one task; they are never taken off. */
export interface Taint {
  has(label: TaintLabel): boolean
  addAll(labels: readonly TaintLabel[]): void
  /** What a call of the tool lets the task see. */
  addFrom(tool: Pick<Tool, 'effects' | 'untrusted'>): void
  labels(): TaintLabel[]
}

export interface Taints {
  /**
   * One and the same for every run of a task on this node: for runs that go on after a question, and for
   * local agents that were asked, which work on the task of who asks them.
   */
  of(taskId: string): Taint
  /** Whether a run of that task was here before, and is remembered. */
  knows(taskId: string): boolean
  /** Remembers a task until `signal` aborts, however many others come. */
  hold(taskId: string, signal: AbortSignal): void
}

/** Forgets the tasks that were used longest ago: `toolTasks` (docs/limits.md) are remembered. */
export function createTaints(): Taints {
  const recent = new RecentMap<string, Taint>(LIMITS.toolTasks.value)
  const held = new Map<string, { readonly taint: Taint; holders: number }>()

  function of(taskId: string): Taint {
    const taint = recent.get(taskId) ?? held.get(taskId)?.taint ?? new TaskTaint()
    recent.set(taskId, taint)
    return taint
  }

  return {
    of,
    knows: (taskId) => recent.has(taskId) || held.has(taskId),
    hold(taskId, signal) {
      if (signal.aborted) return
      const hold = held.get(taskId) ?? { taint: of(taskId), holders: 0 }
      hold.holders += 1
      held.set(taskId, hold)
      const release = (): void => {
        hold.holders -= 1
        if (hold.holders === 0) held.delete(taskId)
      }
      signal.addEventListener('abort', release, { once: true })
    }
  }
}

/** A bit a label: thousands of tasks are remembered, and a set of them for each would take 2 MB. */
const BIT: Readonly<Record<TaintLabel, number>> = { private: 1, untrusted: 2 }

class TaskTaint implements Taint {
  #seen = 0

  has(label: TaintLabel): boolean {
    return (this.#seen & BIT[label]) !== 0
  }

  addAll(labels: readonly TaintLabel[]): void {
    for (const label of labels) this.#seen |= BIT[label]
  }

  addFrom({ effects, untrusted }: Pick<Tool, 'effects' | 'untrusted'>): void {
    if (effects.includes('read-private')) this.#seen |= BIT.private
    if (untrusted) this.#seen |= BIT.untrusted
  }

  labels(): TaintLabel[] {
    return TAINT_LABELS.filter((label) => this.has(label))
  }
}

export interface BegunRun {
  readonly taskId: string
  readonly caller: ToolCaller
  readonly history: readonly unknown[]
  /** Agents that asked each other before this run. */
  readonly depth: number
}

/** With what labels a run begins; `goesOn`: it goes on with a task that is not remembered. */
export function beginTaint(
  taints: Taints,
  { taskId, caller, history, depth }: BegunRun
): { readonly taint: Taint; readonly goesOn: boolean } {
  const isNew = !taints.knows(taskId)
  const taint = taints.of(taskId)
  if (caller === 'peer') taint.addAll(['untrusted'])
  // An agent of this node asked it by way of the swarm: what that one had seen did not come along.
  else if (isNew && depth > 0) taint.addAll(TAINT_LABELS)
  return { taint, goesOn: isNew && history.length > 1 }
}

/**
 * Whether a call could carry private data to where strangers told the model to send it. A tool that reads
 * private data itself counts as having read it; a chain also as having seen what its parts bring in,
 * since what one part returns another one sends.
 */
export function couldLeak(
  { egress, effects, untrusted, parts }: Pick<Tool, 'egress' | 'effects' | 'untrusted' | 'parts'>,
  taint: Pick<Taint, 'has'>
): boolean {
  if (!egress) return false
  const isPrivate = taint.has('private') || effects.includes('read-private')
  const isUntrusted = taint.has('untrusted') || (untrusted && parts !== undefined)
  return isPrivate && isUntrusted
}
