/** The operations of A2A on any agent of the swarm, for those outside of it: this node asks in their stead. */
import type {
  A2aOperations,
  PushConfigOperations,
  CancelTaskRequest,
  GetTaskRequest,
  ListTasksRequest,
  ListTasksResponse,
  SendMessageRequest,
  SendMessageResponse,
  SubscribeToTaskRequest
} from '../../core/a2a-operations.ts'
import { TERMINAL_STATES } from '../../core/a2a.ts'
import type { AgentCard, StreamResponse, Task } from '../../core/a2a.ts'
import { LumosError, toLumosError, invalidRequest } from '../../core/errors.ts'
import type { Position } from '../../protocols/a2a/extensions.ts'
import type { DelegationEvent } from '../caller/delegation-events.ts'
import type { DelegationView } from '../caller/delegation-view.ts'
import type { Delegations } from '../caller/delegations.ts'
import type { PushDialect } from '../push/configs.ts'
import { formatCursor, queryOf } from '../worker/task-list.ts'
import { uuidOf } from './scope.ts'
import { pushConfigOperations } from './push.ts'
import type { EdgePush } from './push.ts'
import { EdgeStory, isBehind, isEdgeView, taskOf } from './story.ts'
import type { EdgeView } from './story.ts'

export interface EdgeOptions {
  /** Who asks: it sees its own tasks only. */
  readonly owner: string
  /** Aborts when nobody waits for the answer any more. That does not cancel a task. */
  readonly signal: AbortSignal
  /** Told the id of the task as soon as it is on disk, before anybody has it. */
  readonly onTask?: (id: string) => void
  /** The last update that the caller holds; a stream continues behind it. */
  readonly after?: Position
  /** Told the place of each update just before a stream tells it. */
  readonly onPlace?: (place: Position) => void
  /** Whose words its push notifications have, if not those of A2A 1.0. */
  readonly dialect?: PushDialect
}

export interface EdgeServiceComponents {
  readonly delegations: Pick<
    Delegations,
    'answer' | 'cancel' | 'delegate' | 'find' | 'listEdge' | 'remove' | 'watch'
  >
  /** The card of an agent under the name by which it is asked here. */
  readonly card: (agent: string, owner: string) => Promise<AgentCard | undefined>
  readonly push: EdgePush
}

export type EdgeService = A2aOperations<EdgeOptions>

/**
 * Every task is an order in the outbox of this node: it goes on when a client leaves, when its worker
 * goes away and when this node restarts. Another's task and a missing one look the same.
 */
export function createEdgeService(components: EdgeServiceComponents): EdgeService {
  const service = new Service(components)
  return Object.assign(
    service,
    pushConfigOperations<EdgeOptions>(components.push, ({ id, tenant }, options) =>
      service.own(id, options, tenant)
    )
  )
}

class Service implements Omit<EdgeService, keyof PushConfigOperations<EdgeOptions>> {
  readonly #delegations: EdgeServiceComponents['delegations']
  readonly #card: EdgeServiceComponents['card']
  readonly #push: EdgePush

  constructor({ delegations, card, push }: EdgeServiceComponents) {
    this.#delegations = delegations
    this.#card = card
    this.#push = push
  }

  async sendMessage(
    request: SendMessageRequest,
    options: EdgeOptions
  ): Promise<SendMessageResponse> {
    const { id } = await this.#submit(request, options)
    options.onTask?.(id)
    const { returnImmediately = false, historyLength } = request.configuration ?? {}
    if (!returnImmediately) {
      for await (const event of this.#told(id, options.signal)) {
        if (mayRest(event) && (await this.#rests(id, event))) break
      }
    }
    return { task: taskOf(await this.own(id, options), { historyLength }) }
  }

  async *sendStreamingMessage(
    request: SendMessageRequest,
    options: EdgeOptions
  ): AsyncIterable<StreamResponse> {
    const view = await this.#submit(request, options)
    options.onTask?.(view.id)
    const { messageId, taskId } = request.message
    const story = new EdgeStory(view)
    let begun = false
    for await (const event of this.#told(view.id, options.signal)) {
      const update = story.take(event)
      const begins = taskId ? isAnswer(event, messageId) : event.type === 'accepted'
      if (!begun && begins) {
        begun = true
        options.onPlace?.(story.place)
        yield { task: story.snapshot() }
      } else if (begun && update !== undefined) {
        options.onPlace?.(story.place)
        yield update
      }
      if (begun && mayRest(event) && (await this.#rests(view.id, event))) return
    }
    // It was cancelled before a worker had it.
    if (!begun) yield { task: taskOf(await this.own(view.id, options), {}) }
  }

  async getTask({ id, tenant, historyLength }: GetTaskRequest, options: EdgeOptions) {
    return taskOf(await this.own(id, options, tenant), { historyLength })
  }

  async listTasks(request: ListTasksRequest, { owner }: EdgeOptions): Promise<ListTasksResponse> {
    const { query, pageSize } = queryOf(request, owner)
    const { agentId: agent, caller: _, total: __, ...rest } = query
    const page = await this.#delegations.listEdge({ ...rest, owner, ...(agent && { agent }) })
    const { historyLength, includeArtifacts = false } = request
    const own = page.views.filter(isEdgeView)
    const last = page.views.at(-1)
    return {
      tasks: own.map((view) => taskOf(view, { historyLength, artifacts: includeArtifacts })),
      nextPageToken: page.more && last !== undefined ? formatCursor(last) : '',
      pageSize,
      totalSize: page.total
    }
  }

  async cancelTask({ id, tenant }: CancelTaskRequest, options: EdgeOptions): Promise<Task> {
    const view = await this.own(id, options, tenant)
    if (view.state === 'TASK_STATE_CANCELED') return taskOf(view, {})
    await this.#delegations.cancel(id)
    // Until its worker has stopped: an answer that says WORKING would look like a refusal.
    for await (const _ of this.#told(id, options.signal)) continue
    return taskOf(await this.own(id, options), {})
  }

  async *subscribeToTask(
    { id, tenant }: SubscribeToTaskRequest,
    options: EdgeOptions
  ): AsyncIterable<StreamResponse> {
    const view = await this.own(id, options, tenant)
    const { after, signal, onPlace } = options
    // Only who says where it stands can still learn something from a task that has ended.
    if (TERMINAL_STATES.has(view.state) && after === undefined) {
      const operation = 'subscribing to a task that has ended'
      throw new LumosError('UNSUPPORTED_OPERATION', { details: { operation } })
    }
    const story = new EdgeStory(view)
    const missed: { readonly update: StreamResponse; readonly place: Position }[] = []
    let read = 0
    let isOver = false
    for await (const event of this.#delegations.watch(id, { signal, follow: false })) {
      read += 1
      isOver = event.type === 'result'
      const update = story.take(event)
      if (update !== undefined && isBehind(story.place, after)) {
        missed.push({ update, place: story.place })
      }
    }
    // Else what it holds counts no more.
    const held = after?.attempt === story.place.attempt ? after : undefined
    if (held !== undefined) {
      onPlace?.(held)
      yield { task: story.snapshot({ artifacts: false, historyLength: 0 }) }
      for (const { update, place } of missed) {
        onPlace?.(place)
        yield update
      }
    } else {
      onPlace?.(story.place)
      yield { task: story.snapshot() }
    }
    if (isOver) return
    for await (const event of this.#delegations.watch(id, { signal, from: read })) {
      const update = story.take(event)
      // What it holds may not have reached the disk here before a crash, and is told again.
      if (update === undefined || !isBehind(story.place, held)) continue
      onPlace?.(story.place)
      yield update
    }
  }

  async getExtendedAgentCard(
    { tenant = '' }: { readonly tenant?: string },
    { owner }: Pick<EdgeOptions, 'owner'>
  ): Promise<AgentCard> {
    const card = await this.#card(tenant, owner)
    if (card === undefined) throw new LumosError('EXTENDED_CARD_UNAVAILABLE')
    return card
  }

  #submit(request: SendMessageRequest, options: EdgeOptions): Promise<EdgeView> {
    return this.#push.placed(request, options, () => this.#place(request, options))
  }

  async #place(request: SendMessageRequest, options: EdgeOptions): Promise<EdgeView> {
    const { tenant = '', message } = request
    if (message.role !== 'ROLE_USER')
      throw invalidRequest('the message is not of the role ROLE_USER')
    if (tenant === '' && !message.taskId) throw invalidRequest('no agent is named: give a tenant')
    if (message.taskId) return this.#answer(request, message.taskId, options)
    const { owner } = options
    // The message's id is the caller's key: the same one again is the same task.
    const key = uuidOf('task', owner, tenant, message.messageId)
    const contextId = message.contextId || uuidOf('context', key)
    const view = await this.#delegations.delegate({
      target: `@${tenant}`,
      message: { ...message, contextId },
      edge: { owner, agent: tenant, contextId, key }
    })
    return marked(view, owner)
  }

  /** A further message to a task, which waits for it. */
  async #answer(
    { tenant, message }: SendMessageRequest,
    id: string,
    options: EdgeOptions
  ): Promise<EdgeView> {
    const { edge } = await this.own(id, options, tenant)
    if (message.contextId && message.contextId !== edge.contextId) {
      throw invalidRequest('the context is not that of the task')
    }
    return marked(await this.#delegations.answer(id, message), options.owner)
  }

  /** A task of the one who asks; throws TASK_NOT_FOUND. */
  async own(id: string, { owner }: EdgeOptions, tenant = ''): Promise<EdgeView> {
    const view = await this.#delegations.find(id)
    if (view === undefined) throw new LumosError('TASK_NOT_FOUND')
    const own = marked(view, owner)
    if (tenant !== '' && own.edge.agent !== tenant) throw new LumosError('TASK_NOT_FOUND')
    return own
  }

  /** All events. When no worker takes the task, it is forgotten, and a repeat is tried anew. */
  async *#told(id: string, signal: AbortSignal): AsyncIterable<DelegationEvent> {
    let accepted = false
    try {
      for await (const event of this.#delegations.watch(id, { signal })) {
        if (event.type === 'accepted') accepted = true
        yield event
      }
    } catch (error) {
      if (accepted || signal.aborted) throw error
      // That is what somebody wanted, and no failure.
      if (toLumosError(error).code === 'CANCELLED') return
      await this.#forget(id)
      throw error
    }
  }

  async #forget(id: string): Promise<void> {
    try {
      await this.#delegations.remove(id)
    } catch (error) {
      if (!STILL_THERE.has(toLumosError(error).code)) throw error
    }
  }

  /** Whether the caller has the next word, or nobody. In a replay, a question that was answered is no end. */
  async #rests(id: string, event: DelegationEvent): Promise<boolean> {
    if (event.type === 'result') return true
    return (await this.#delegations.find(id))?.question !== undefined
  }
}

/** It goes on, with the next process at the latest; or another repeat has forgotten it. */
const STILL_THERE: ReadonlySet<string> = new Set([
  'SHUTTING_DOWN',
  'TASK_NOT_FOUND',
  'TASK_RUNNING'
])

function marked(view: DelegationView, owner: string): EdgeView {
  if (isEdgeView(view) && view.edge.owner === owner) return view
  throw new LumosError('TASK_NOT_FOUND')
}

function mayRest({ type }: DelegationEvent): boolean {
  return type === 'result' || type === 'input-required'
}

function isAnswer(event: DelegationEvent, messageId: string): boolean {
  return event.type === 'answered' && event.message.messageId === messageId
}
