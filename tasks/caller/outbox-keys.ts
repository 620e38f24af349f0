/** Where the tasks that this node asked for lie in the database (docs/protocols/tasks.md, "Record layout"). */
import type { KeyRange } from '../../storage/store.ts'
import { prefixRange } from '../../storage/store.ts'
import type { EventPlace } from '../event-lines.ts'
import type { ListPlace } from '../worker/task-store.ts'
import type { Recall } from './recalls.ts'

/** Digits of the largest safe integer: numbers of equal length sort as texts do. */
const TIME_DIGITS = 16
const NUMBER_DIGITS = 10

function time(value: number): string {
  return String(value).padStart(TIME_DIGITS, '0')
}

/** An owner `a/b` is none of `a`. */
function encoded(owner: string): string {
  return owner.replaceAll(/[%/]/g, encodeURIComponent)
}

export const outboxKeys = {
  record: (id: string): string => `out/record/${id}`,
  /** There while the task has not ended. */
  open: (id: string): string => `out/open/${id}`,
  allOpen: prefixRange('out/open/'),
  /** There once somebody wants the task to stop, until its end. */
  cancel: (id: string): string => `out/cancel/${id}`,
  /** There from the end of the task until the worker knows that nobody wants it from that one. */
  recall: ({ taskId, placement: { worker, agentId } }: Recall): string =>
    `out/recall/${taskId}/${worker.id}/${agentId}`,
  allRecalls: prefixRange('out/recall/'),
  event: (id: string, number: number): string =>
    `out/event/${id}/${String(number).padStart(NUMBER_DIGITS, '0')}`,
  events: (id: string): KeyRange => prefixRange(`out/event/${id}/`),
  place: (id: string): EventPlace => ({
    key: (number) => outboxKeys.event(id, number),
    get all() {
      return outboxKeys.events(id)
    }
  }),
  /** How the task ended. */
  end: (id: string): string => `out/end/${id}`,
  /** Ended tasks in the order of their end. */
  ended: (id: string, at: number): string => `out/ended/${time(at)}/${id}`,
  allEnded: prefixRange('out/ended/'),
  /** Those behind a place in lists, which begin with the youngest. */
  endedBehind: ({ updatedAt, id }: ListPlace): KeyRange => ({
    gte: 'out/ended/',
    lt: outboxKeys.ended(id, updatedAt)
  }),
  /** Ended tasks of one owner at the edge, in the order of their end. */
  owned: (owner: string, at: number, id: string): string =>
    `out/owned/${encoded(owner)}/${time(at)}/${id}`,
  allOwned: (owner: string): KeyRange => prefixRange(`out/owned/${encoded(owner)}/`),
  /** Whose ended task a key is of; `undefined` for a key of something else. */
  ownedBy: (key: string): string | undefined =>
    key.startsWith('out/owned/') ? decodeURIComponent(key.split('/')[2] ?? '') : undefined,
  ownedTimeOf: (key: string): number => Number(key.split('/').at(-2)),
  /** The id of the order that one at the edge gave under this key. */
  keyed: (key: string): string => `out/keyed/${key}`,
  allKeyed: prefixRange('out/keyed/'),
  /** What one at the edge used on one day. */
  use: (day: string, owner: string): string => `out/usage/${day}/${encoded(owner)}`,
  /** Where the uses of a day begin. */
  usesOf: (day: string): string => `out/usage/${day}`,
  allUse: prefixRange('out/usage/'),
  dayOf: (key: string): string => key.split('/').at(-2) ?? '',
  /** How many ended tasks of one at the edge there are. */
  kept: (owner: string): string => `out/kept/${encoded(owner)}`,
  allKept: prefixRange('out/kept/'),
  ownerOf: (key: string): string => decodeURIComponent(outboxKeys.idOf(key)),
  /** How many ended ones there are. */
  total: 'out/total',
  idOf: (key: string): string => key.slice(key.lastIndexOf('/') + 1),
  timeOf: (key: string): number => Number(key.split('/')[2])
}
