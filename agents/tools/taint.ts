/** Remembers what a task has seen: private data and text of strangers together must not get out. */
import { LIMITS } from '../../core/limits.ts'
import type { Tool } from './tool.ts'

/** `private`: it saw what a `read-private` tool returned. `untrusted`: it saw what strangers wrote. */
export const TAINT_LABELS = ['private', 'untrusted'] as const
export type TaintLabel = (typeof TAINT_LABELS)[number]

/** The labels of one task; they are never taken off. */
export interface Taint {
  has(label: TaintLabel): boolean
  add(label: TaintLabel): void
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
}

/** Forgets the tasks that were used longest ago: `toolTasks` (docs/limits.md) are remembered. */
export function createTaints(): Taints {
  const tasks = new Map<string, Taint>()
  return {
    of(taskId) {
      const taint = tasks.get(taskId) ?? createTaint()
      tasks.delete(taskId)
      tasks.set(taskId, taint)
      if (tasks.size > LIMITS.toolTasks.value) {
        const [oldest] = tasks.keys()
        if (oldest !== undefined) tasks.delete(oldest)
      }
      return taint
    },
    knows: (taskId) => tasks.has(taskId)
  }
}

function createTaint(): Taint {
  const labels = new Set<TaintLabel>()
  return {
    has: (label) => labels.has(label),
    add: (label) => void labels.add(label),
    labels: () => TAINT_LABELS.filter((label) => labels.has(label))
  }
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
