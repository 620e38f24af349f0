/** Where a worker keeps its tasks: the port that memory fulfils today and a journal can fulfil as well. */
import type { Message, StreamResponse, TaskState } from '../../core/a2a.ts'
import type { Chain } from '../../core/chain.ts'
import type { PeerIdText } from '../../core/ids.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'

/** Names a task: ids are chosen by callers, so that only caller and id together are unique. */
export interface TaskKey {
  readonly caller: PeerIdText
  readonly id: string
}

/** What was agreed when the task was accepted; never changes. */
export interface TaskRecord extends TaskKey {
  readonly contextId: string
  readonly agentId: string
  readonly message: Message
  /** Hash of what was asked (tasks/worker/payload-hash.ts): tells a repeat from a conflict. */
  readonly payloadHash: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** When the task is out of time, milliseconds since the epoch. */
  readonly deadlineAt: number
  /** Agents that asked each other before this one; absent when it was a person or a program. */
  readonly depth?: number
  /** Another worker had begun it: its first attempt goes on from there. */
  readonly continued?: true
  /** Absent in those that were accepted before there were any. */
  readonly chain?: Chain
  /** The first in the chain has signed that those after it act for it. */
  readonly proven?: true
}

export interface TaskEvent extends Position {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** In wire form, with its position in the metadata. */
  readonly update: StreamResponse
}

export interface StoredTask {
  readonly record: TaskRecord
  readonly state: TaskState
  /** When the state was reached, milliseconds since the epoch. */
  readonly updatedAt: number
}

export interface TaskQuery {
  readonly id?: string
  readonly caller?: PeerIdText
  /** Leaves out the tasks of this one. */
  readonly exceptCaller?: PeerIdText
  readonly agentId?: string
  readonly contextId?: string
  readonly state?: TaskState
  /** Only tasks whose state is as young as this or younger. */
  readonly updatedSince?: number
  /** Only tasks behind this one in the order of the list. */
  readonly before?: ListPlace
  readonly limit: number
  /** Whether to count all that match, which reads every one of them. */
  readonly total?: boolean
}

/** A place in the order of lists: youngest state first, then by id. */
export interface ListPlace {
  readonly updatedAt: number
  readonly id: string
}

export interface TaskPage {
  readonly tasks: readonly StoredTask[]
  readonly more: boolean
  /** Tasks that match, whatever their place, when that was asked. */
  readonly total: number | undefined
}

/**
 * How sure an event must be before readers see it: `flushed` survives power loss,
 * `written` survives the process, `lazy` (pieces of text) may be shown before it is written.
 */
export type Durability = 'flushed' | 'written' | 'lazy'

/** `undefined` means done already: stores in memory spare the hot path a turn of the event loop. */
export type Commit = Promise<void> | undefined

/**
 * Commits of one task are made in the order of the calls, without waiting for each other;
 * a store groups what arrives together.
 */
export interface TaskStore {
  /** Whether tasks are still there when another process opens the store. */
  readonly durable: boolean
  /** Keeps the record and its first event for good before the caller is told ACCEPTED. */
  accept(record: TaskRecord, first: TaskEvent): Commit
  /** An event with number 0 begins a new attempt: the events of the one before are forgotten. */
  append(key: TaskKey, event: TaskEvent, durability: Durability): Commit
  /** Tasks that a process before this one accepted and did not end. */
  unfinished(): Promise<readonly StoredTask[]>
  /** `'gone'` for a task that was kept once and has been forgotten. */
  find(key: TaskKey): Promise<StoredTask | 'gone' | undefined>
  /** Events of the latest attempt, from `from` on. */
  events(key: TaskKey, from?: number): AsyncIterable<TaskEvent>
  list(query: TaskQuery): Promise<TaskPage>
  /** Forgets ended tasks beyond the store's limits and those that ended before `horizon`. */
  collect(horizon: number): Promise<void>
}
