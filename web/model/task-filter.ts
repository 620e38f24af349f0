/** Which of many tasks somebody wants to see. */
import type { TaskList } from '../../client/api.ts'
import { INTERRUPTED_STATES, TERMINAL_STATES } from '../../core/a2a.ts'

type Row = TaskList['tasks'][number]

/** States, as people ask for them. */
export const STATE_GROUPS = {
  running: ({ state }) => !TERMINAL_STATES.has(state) && !INTERRUPTED_STATES.has(state),
  waiting: ({ state }) => INTERRUPTED_STATES.has(state),
  completed: ({ state }) => state === 'TASK_STATE_COMPLETED',
  failed: ({ state }) => TERMINAL_STATES.has(state) && state !== 'TASK_STATE_COMPLETED'
} satisfies Readonly<Record<string, (row: Row) => boolean>>

export type StateGroup = keyof typeof STATE_GROUPS

export interface TaskWish {
  /** Empty: of all states. */
  readonly state?: string
  readonly agent?: string
  /** Name of a node that asked or works. */
  readonly node?: string
  /** Words that all have to be there. */
  readonly q?: string
}

export interface FilteredTasks {
  readonly rows: readonly Row[]
  /** How many there would be of each state. */
  readonly counts: Readonly<Record<StateGroup, number>>
  /** What could be asked for. */
  readonly agents: readonly string[]
  readonly nodes: readonly string[]
}

export function filterTasks(rows: readonly Row[], wish: TaskWish): FilteredTasks {
  const { state = '', agent = '', node = '', q = '' } = wish
  const words = q.toLowerCase().split(/\s+/).filter(Boolean)
  const agents = new Set<string>()
  const nodes = new Set<string>()
  const counts = { running: 0, waiting: 0, completed: 0, failed: 0 }
  const found: Row[] = []
  for (const row of rows) {
    agents.add(row.agent)
    nodes.add(row.worker.name).add(row.caller.name)
    if (agent !== '' && row.agent !== agent) continue
    if (node !== '' && row.worker.name !== node && row.caller.name !== node) continue
    if (!holds(row, words)) continue
    const group = groupOf(row)
    counts[group] += 1
    if (state === '' || state === group) found.push(row)
  }
  nodes.delete('')
  return { rows: found, counts, agents: [...agents].toSorted(), nodes: [...nodes].toSorted() }
}

function groupOf(row: Row): StateGroup {
  if (STATE_GROUPS.waiting(row)) return 'waiting'
  if (STATE_GROUPS.completed(row)) return 'completed'
  return STATE_GROUPS.failed(row) ? 'failed' : 'running'
}

function holds(
  { id, agent, input, worker, caller, error }: Row,
  words: readonly string[]
): boolean {
  if (words.length === 0) return true
  const texts = [
    id,
    agent,
    input,
    worker.name,
    caller.name,
    error?.code ?? '',
    error?.message ?? ''
  ]
  const text = texts.join('\n').toLowerCase()
  return words.every((word) => text.includes(word))
}
