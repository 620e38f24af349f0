/** The pane of tasks: given and taken, the newest first. */
import { INTERRUPTED_STATES, TERMINAL_STATES, type TaskState } from '../../core/a2a.ts'
import { age, shortId, stateName } from '../format.ts'
import type { Style } from '../style.ts'
import type { Task } from './data.ts'
import { NOTHING, time } from './figures.ts'
import type { Table } from './listing.ts'

/** Where the whole name would not fit. */
const SHORT: Readonly<Partial<Record<TaskState, string>>> = {
  TASK_STATE_INPUT_REQUIRED: 'asks',
  TASK_STATE_AUTH_REQUIRED: 'sign-in'
}

function paintState(text: string, { state }: Task, style: Style): string {
  if (state === 'TASK_STATE_COMPLETED') return style.good(text)
  if (INTERRUPTED_STATES.has(state)) return style.accent(text)
  return TERMINAL_STATES.has(state) ? style.bad(text) : style.doubtful(text)
}

function fromOf({ outgoing, caller }: Task): string {
  return outgoing ? 'this' : caller.name || shortId(caller.id)
}

function nodeOf({ worker }: Task): string {
  return worker.name || shortId(worker.id)
}

/** What is still at work has taken as long as it is old. */
function tookMs({ tookMs: whole, createdAt, state }: Task, now: number): number | null {
  if (whole !== null) return whole
  return TERMINAL_STATES.has(state) ? null : Math.max(0, now - Date.parse(createdAt))
}

function words({ input, error, question }: Task): string {
  if (question !== undefined) return `asks: ${question.text}`
  return error === undefined ? input : `${error.code} ${input}`
}

export const TASKS_TABLE: Table<Task> = {
  columns: [
    { title: 'ID', width: 9, rank: 4, cell: ({ id }) => shortId(id), order: ({ id }) => id },
    {
      title: 'STATE',
      width: 9,
      rank: 1,
      cell: ({ state }) => SHORT[state] ?? stateName(state),
      paint: paintState,
      order: ({ state }) => state
    },
    {
      title: 'AGENT',
      width: 10,
      most: 20,
      rank: 0,
      cell: ({ agent }) => agent,
      paint: (text, _, style) => style.strong(text),
      order: ({ agent }) => agent
    },
    { title: 'FROM', width: 8, most: 16, rank: 8, cell: fromOf, order: fromOf },
    { title: 'NODE', width: 10, most: 16, rank: 2, cell: nodeOf, order: nodeOf },
    {
      title: 'AGE',
      width: 4,
      rank: 3,
      align: 'right',
      cell: ({ createdAt }, { now }) => age(createdAt, now),
      order: ({ createdAt }) => -Date.parse(createdAt)
    },
    {
      title: 'TOOK',
      width: 6,
      rank: 6,
      align: 'right',
      cell: (task, { now }) => time(tookMs(task, now)),
      order: ({ tookMs: whole }) => whole ?? undefined,
      descends: true
    },
    {
      title: 'INPUT',
      width: 14,
      most: 400,
      rank: 7,
      cell: (task) => words(task) || NOTHING,
      paint: (text, { error, question }, style) => {
        if (question !== undefined) return style.accent(text)
        return error === undefined ? text : style.bad(text)
      }
    }
  ],
  key: ({ id }) => id,
  words: (task) =>
    [task.id, stateName(task.state), task.agent, fromOf(task), nodeOf(task), words(task)].join(' '),
  // Of ages that is: the newest first.
  sort: { title: 'AGE', descending: false }
}
