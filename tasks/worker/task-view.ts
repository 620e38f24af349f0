/** One task as its caller sees it: the state so far, and its events from any position on. */
import type { Message, StreamResponse, Task, TaskStatus } from '../../core/a2a.ts'
import type { Usage } from '../../core/budget.ts'
import { TERMINAL_STATES } from '../../core/a2a.ts'
import { usageOf } from '../../protocols/a2a/chain.ts'
import { stampTask } from '../../protocols/a2a/extensions.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'
import { createEventLog } from '../event-log.ts'
import type { EventLog } from '../event-log.ts'
import { createTaskFold, sizeOf } from '../task-fold.ts'
import type { SnapshotOptions, TaskFold } from '../task-fold.ts'
import type { TaskEvent, TaskRecord } from './task-store.ts'

export interface TaskView {
  readonly record: TaskRecord
  readonly status: TaskStatus | undefined
  readonly ended: boolean
  /** What was spent on it by the end of the last run, when that is told. */
  readonly usage: Usage | undefined
  /** What caller and agent said; the question of a task that waits is in its status yet. */
  readonly history: readonly Message[]
  /** The task with all its visible events, and the position of the last of them. */
  snapshot(options?: SnapshotOptions): Task
  /** Every event of this attempt, old and new. */
  events(signal?: AbortSignal): AsyncIterable<TaskEvent>
  /**
   * The task, then what happens after it. With `after` the Task is told as it was at that event,
   * without the artifacts that its reader has, and every later event follows; a position that this
   * attempt does not know gets a full Task, which replaces what the reader has.
   */
  subscribe(after?: Position, signal?: AbortSignal): AsyncIterable<StreamResponse>
}

/** The view as its owner fills it. */
export interface GrowingTaskView extends TaskView {
  readonly log: EventLog<TaskEvent>
  /** Shows the first `count` events to readers and adds them to the state. */
  reveal(count: number): void
  /** Appends and shows. */
  add(event: TaskEvent): void
}

export function createTaskView(record: TaskRecord, refill?: () => void): GrowingTaskView {
  return new View(record, refill)
}

class View implements GrowingTaskView {
  readonly record: TaskRecord
  readonly log: EventLog<TaskEvent>
  readonly #fold: TaskFold = createTaskFold()

  usage: Usage | undefined

  constructor(record: TaskRecord, refill: (() => void) | undefined) {
    this.record = record
    this.log = createEventLog(refill && { refill })
  }

  get status(): TaskStatus | undefined {
    return this.#fold.status
  }

  get ended(): boolean {
    return this.status !== undefined && TERMINAL_STATES.has(this.status.state)
  }

  get history(): readonly Message[] {
    return this.#fold.history
  }

  add(event: TaskEvent): void {
    this.log.append(event, sizeOf(event.update))
    this.reveal(this.log.length)
  }

  reveal(count: number): void {
    for (let index = this.log.visible; index < count; index += 1) {
      const event = this.log.at(index)
      if (event === undefined) continue
      this.#fold.apply(event.update)
      this.usage = usageOf(event.update) ?? this.usage
    }
    this.log.reveal(count)
    if (this.ended) this.log.end()
  }

  snapshot(options?: SnapshotOptions): Task {
    const task = this.#fold.snapshot(options)
    const last = this.log.at(this.log.visible - 1)
    // A view is handed out only once its first event, which is a Task, is in it.
    if (task === undefined || last === undefined) throw new TypeError('the task has no events yet')
    return stampTask(task, { attempt: last.attempt, seq: last.seq })
  }

  events(signal?: AbortSignal): AsyncIterable<TaskEvent> {
    return this.log.read(0, signal)
  }

  async *subscribe(after?: Position, signal?: AbortSignal): AsyncIterable<StreamResponse> {
    const known = after !== undefined && this.#knows(after) ? after : undefined
    const from = known === undefined ? this.log.visible : known.seq + 1
    // The reader is there before the Task is told, so that nothing falls between the two.
    const events = this.log.read(from, signal)
    try {
      yield { task: known === undefined ? this.snapshot() : this.#taskAt(known) }
      for await (const { update } of events) yield update
    } finally {
      await events.return?.()
    }
  }

  #knows({ attempt, seq }: Position): boolean {
    return seq < this.log.visible && this.log.at(seq)?.attempt === attempt
  }

  /** Walks back to the last change of state: resuming is rare, and text has no state. */
  #taskAt(position: Position): Task {
    const task = this.snapshot({ artifacts: false, historyLength: 0 })
    for (let index = position.seq; index >= 0; index -= 1) {
      const update = this.log.at(index)?.update
      const status = (update?.task ?? update?.statusUpdate)?.status
      if (status !== undefined) return stampTask({ ...task, status }, position)
    }
    return stampTask(task, position)
  }
}
