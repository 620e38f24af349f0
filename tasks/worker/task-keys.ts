/** Where a worker's tasks lie in the database (docs/protocols/tasks.md, "Record layout"). */
import type { KeyRange } from '../../storage/store.ts'
import { prefixRange } from '../../storage/store.ts'
import type { EventPlace } from '../event-lines.ts'
import type { ListPlace, TaskKey } from './task-store.ts'

/** Digits of the largest safe integer: numbers of equal length sort as texts do. */
const TIME_DIGITS = 16
const ATTEMPT_DIGITS = 6
const SEQ_DIGITS = 10

/** Ids come before callers, so that a task is found by its id alone, and the newest id is the last. */
function place({ id, caller }: TaskKey): string {
  return `${id}/${caller}`
}

function digits(value: number, length: number): string {
  return String(value).padStart(length, '0')
}

export const taskKeys = {
  /** What was agreed at acceptance. */
  record: (key: TaskKey): string => `task/${place(key)}`,
  records: prefixRange('task/'),
  recordsOf: (id: string): KeyRange => prefixRange(`task/${id}/`),
  /** There while the task has not ended. */
  open: (key: TaskKey): string => `open/${place(key)}`,
  allOpen: prefixRange('open/'),
  /** How the task ended. */
  end: (key: TaskKey): string => `end/${place(key)}`,
  event: (key: TaskKey, attempt: number, seq: number): string =>
    `event/${place(key)}/${digits(attempt, ATTEMPT_DIGITS)}/${digits(seq, SEQ_DIGITS)}`,
  /** Events of all attempts, in order. */
  events: (key: TaskKey): KeyRange => prefixRange(`event/${place(key)}/`),
  /** Those of one attempt. */
  attempt: (key: TaskKey, attempt: number): EventPlace => ({
    key: (seq) => taskKeys.event(key, attempt, seq),
    get all() {
      return prefixRange(`event/${place(key)}/${digits(attempt, ATTEMPT_DIGITS)}/`)
    }
  }),
  /** Ended tasks of a caller in the order of their end. */
  ended: ({ id, caller }: TaskKey, updatedAt: number): string =>
    `ended/${caller}/${digits(updatedAt, TIME_DIGITS)}/${id}`,
  endedOf: (caller: string): KeyRange => prefixRange(`ended/${caller}/`),
  allEnded: prefixRange('ended/'),
  /** Those of the callers that come after this one: `0` is the character behind `/`. */
  endedAfter: (caller: string): KeyRange => ({
    ...prefixRange('ended/'),
    gte: `ended/${caller}0`
  }),
  /** How many there are. */
  endedTotal: 'ended-total',
  /** Those that come behind a place in lists, which begin with the youngest. */
  endedBehind: (caller: string, { updatedAt, id }: ListPlace): KeyRange => ({
    gte: `ended/${caller}/`,
    lt: taskKeys.ended({ caller, id }, updatedAt)
  }),
  endedTask: (key: string): TaskKey => {
    const [, caller = '', , id = ''] = key.split('/')
    return { caller, id }
  },
  /** Whose task has ended; `undefined` for a key of something else. */
  endedBy: (key: string): string | undefined =>
    key.startsWith('ended/') ? taskKeys.endedTask(key).caller : undefined,
  endedAt: (key: string): number => Number(key.split('/')[2]),
  /** Time and id, which order the tasks of all callers. */
  endedPlace: (key: string): string => key.slice(key.indexOf('/', 'ended/'.length) + 1),
  /** A task that was forgotten. */
  gone: (key: TaskKey): string => `gone/${place(key)}`,
  allGone: prefixRange('gone/'),
  /** The same in the order in which they were forgotten. */
  goneAt: (key: TaskKey, at: number): string => `gone-at/${digits(at, TIME_DIGITS)}/${place(key)}`,
  allGoneAt: prefixRange('gone-at/'),
  /** The task that a key names; its last two parts for every kind but events. */
  taskOf: (key: string): TaskKey => {
    const [caller = '', id = ''] = key.split('/').toReversed()
    return { caller, id }
  }
}
