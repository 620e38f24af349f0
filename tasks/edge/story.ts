/** The story of a task in the words of A2A, for those outside the swarm who asked for it. */
import { TERMINAL_STATES } from '../../core/a2a.ts'
import type { Message, Part, StreamResponse, Task, TaskState, TaskStatus } from '../../core/a2a.ts'
import { LumosError } from '../../core/errors.ts'
import type { WireError } from '../../core/errors.ts'
import { errorMetadata, progressMetadata } from '../../protocols/a2a/extensions.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'
import { turnMetadata } from '../../protocols/a2a/turn.ts'
import type { DelegationEvent } from '../caller/delegation-events.ts'
import type { DelegationView } from '../caller/delegation-view.ts'
import { createTaskFold } from '../task-fold.ts'
import type { SnapshotOptions, TaskFold } from '../task-fold.ts'
import { outward } from './scope.ts'

/** What an agent says with a status. */
type Words = readonly [parts: readonly Part[], metadata?: Message['metadata']]

/** One that somebody at the edge asked for. */
export type EdgeView = DelegationView & { readonly edge: NonNullable<DelegationView['edge']> }

export function isEdgeView(view: DelegationView): view is EdgeView {
  return view.edge !== undefined
}

export class EdgeStory {
  /**
   * Of the last update. Attempts are counted here, a move to another worker included; `seq` counts the
   * updates of one, so that what tells nothing in A2A (a lost contact, say) takes no number: after a
   * crash the same updates have the same places.
   */
  place: Position = { attempt: 1, seq: 0 }
  readonly #view: EdgeView
  readonly #fold: TaskFold = createTaskFold()

  constructor(view: EdgeView) {
    this.#view = view
    this.#fold.apply({ task: this.#blank([outward(view.message, view.edge)]) })
  }

  /** The task as far as it was told. */
  snapshot(options?: SnapshotOptions): Task {
    return this.#fold.snapshot(options) ?? this.#blank([])
  }

  /** What an event says in A2A; `undefined` for one that says nothing there. */
  take(event: DelegationEvent): StreamResponse | undefined {
    const update = this.#updateOf(event)
    if (update === undefined) return undefined
    const { attempt, seq } = this.place
    this.place = update.task ? { attempt: attempt + 1, seq: 0 } : { attempt, seq: seq + 1 }
    this.#fold.apply(update)
    return update
  }

  #updateOf(event: DelegationEvent): StreamResponse | undefined {
    switch (event.type) {
      case 'status': {
        const { state, text, atMs } = event
        const metadata = progressMetadata(event)
        const said = text === undefined && metadata === undefined ? [] : [{ text: text ?? '' }]
        return this.#status(state, atMs, [said, metadata])
      }
      case 'artifact': {
        const { artifact, append, lastChunk } = event
        return {
          artifactUpdate: {
            ...this.#names,
            artifact,
            ...(append && { append }),
            ...(lastChunk && { lastChunk })
          }
        }
      }
      case 'input-required': {
        const { auth, text, parts = [], atMs } = event
        const state = auth ? 'TASK_STATE_AUTH_REQUIRED' : 'TASK_STATE_INPUT_REQUIRED'
        return this.#status(state, atMs, [[{ text }, ...parts]])
      }
      case 'answered': {
        const update = this.#status('TASK_STATE_SUBMITTED', event.atMs)
        const metadata = turnMetadata({
          ...outward(event.message, this.#view.edge),
          ...this.#names
        })
        return { statusUpdate: { ...update.statusUpdate, metadata } }
      }
      case 'restarted':
        return { task: this.#blank(this.snapshot().history ?? []) }
      case 'result': {
        const { state, tookMs, error } = event
        return this.#status(state, tookMs, saidOf(error))
      }
      // How the task found its worker is nobody's business outside.
      case 'accepted':
      case 'hedge-lost':
      case 'hedged':
      case 'resumed':
      case 'retry':
      case 'routed':
      case 'waiting':
        return undefined
      default:
        throw new LumosError('INTERNAL')
    }
  }

  #status(state: TaskState, atMs: number, [parts, metadata]: Words = [[]]) {
    const { createdAt } = this.#view
    const { attempt, seq } = this.place
    const messageId = `${this.#view.id}:${attempt}.${seq + 1}`
    const message = { messageId, ...this.#names, ...spoken(parts, metadata) }
    const status: TaskStatus = {
      state,
      ...(parts.length > 0 && { message }),
      timestamp: new Date(createdAt + Math.round(atMs)).toISOString()
    }
    return { statusUpdate: { ...this.#names, status } }
  }

  get #names() {
    return { taskId: this.#view.id, contextId: this.#view.edge.contextId }
  }

  #blank(history: readonly Message[]): Task {
    const { id, edge, createdAt } = this.#view
    const timestamp = new Date(createdAt).toISOString()
    return {
      id,
      contextId: edge.contextId,
      status: { state: 'TASK_STATE_SUBMITTED', timestamp },
      history
    }
  }
}

/** Whether a place is one that who holds all up to `after` has not seen. */
export function isBehind({ attempt, seq }: Position, after: Position | undefined): boolean {
  if (after === undefined || attempt > after.attempt) return true
  return attempt === after.attempt && seq > after.seq
}

/** The task as it is now, without its story. */
export function taskOf(view: EdgeView, { historyLength, artifacts = true }: SnapshotOptions): Task {
  const { id, edge, state, updatedAt, error, question } = view
  const { contextId } = edge
  const asked = question === undefined ? undefined : view.history.at(-1)
  const history = (asked === undefined ? view.history : view.history.slice(0, -1))
    .slice(historyLength === undefined ? 0 : -historyLength || Infinity)
    .map((message) => outward(message, edge))
  const [parts, metadata] = saidOf(TERMINAL_STATES.has(state) ? error : undefined)
  const names = { taskId: id, contextId }
  const said = parts.length > 0 && { messageId: `${id}:end`, ...names, ...spoken(parts, metadata) }
  const message = asked ?? said
  return {
    id,
    contextId,
    status: { state, ...(message && { message }), timestamp: new Date(updatedAt).toISOString() },
    ...(artifacts && view.artifacts.length > 0 && { artifacts: view.artifacts }),
    ...(history.length > 0 && { history })
  }
}

function spoken(parts: readonly Part[], metadata: Message['metadata']) {
  return { role: 'ROLE_AGENT' as const, parts, ...(metadata && { metadata }) }
}

/** The words of a failure, and the error itself for those who know our extension. */
function saidOf(error: WireError | undefined): Words {
  return error === undefined ? [[]] : [[{ text: error.message }], errorMetadata(error)]
}
