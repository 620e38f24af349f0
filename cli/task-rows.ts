/** Tasks as a table: who asked whom for what, and what is part of what. */
import type { TaskList, TaskView } from '../client/api.ts'
import type { Cli } from './cli.ts'
import type { Column } from './columns.ts'
import { age, duration, shortId, stateName } from './format.ts'

export type TaskRow = TaskList['tasks'][number] & {
  /** Of how many listed tasks it is a part. */
  readonly depth: number
}

/** What the agent of a task asked for stands below it, oldest first; the rest as it came. */
export function asTree(tasks: TaskList['tasks']): TaskRow[] {
  const listed = new Set(tasks.map(({ id }) => id))
  const parts = Map.groupBy(tasks, ({ parent = '' }) => (listed.has(parent) ? parent : ''))
  const rows: TaskRow[] = []
  const add = (task: TaskList['tasks'][number], depth: number): void => {
    rows.push({ ...task, depth })
    for (const part of parts.get(task.id)?.toReversed() ?? []) add(part, depth + 1)
  }
  for (const task of parts.get('') ?? []) add(task, 0)
  return rows
}

export function taskColumns(cli: Cli): Column<TaskRow>[] {
  const style = cli.out()
  const brief = cli.terminal.out.isTerminal
  const now = cli.clock.now()
  return [
    {
      title: 'ID',
      cell: ({ id, depth }) =>
        brief ? `${depth === 0 ? '' : `└${'─'.repeat(depth - 1)} `}${shortId(id)}` : id
    },
    {
      title: 'STATE',
      cell: ({ state }) => stateName(state),
      paint: (text, { state }) => paintState(text, state, cli)
    },
    { title: 'AGENT', cell: ({ agent }) => agent, paint: (text) => style.strong(text) },
    {
      title: 'FROM',
      cell: ({ caller, outgoing, parent }) => {
        if (!outgoing) return caller.name
        return parent === undefined ? 'this' : brief ? shortId(parent) : parent
      }
    },
    { title: 'NODE', cell: ({ worker }) => worker.name },
    { title: 'AGE', cell: ({ createdAt }) => age(createdAt, now), align: 'right' },
    {
      title: 'TOOK',
      cell: ({ tookMs }) => (tookMs === null ? '' : duration(tookMs)),
      align: 'right'
    },
    {
      title: 'INPUT',
      cell: ({ input, error, question }) => {
        if (question !== undefined) return `asks: ${question.text}`
        return error === undefined ? input : `${error.code}: ${input}`
      },
      elastic: true
    }
  ]
}

export function paintState(text: string, state: TaskView['state'], cli: Cli): string {
  const style = cli.out()
  if (state === 'TASK_STATE_COMPLETED') return style.good(text)
  if (state === 'TASK_STATE_FAILED' || state === 'TASK_STATE_REJECTED') return style.bad(text)
  return style.doubtful(text)
}
