/** The operations of A2A on this node's own tasks, for any caller: sessions and local edges alike. */
import type {
  A2aOperations,
  CancelTaskRequest,
  GetExtendedAgentCardRequest,
  GetTaskRequest,
  ListPushNotificationConfigsRequest,
  ListPushNotificationConfigsResponse,
  ListTasksRequest,
  ListTasksResponse,
  PushNotificationConfigRequest,
  SendMessageRequest,
  SendMessageResponse,
  SubscribeToTaskRequest,
  TaskPushNotificationConfig
} from '../../core/a2a-operations.ts'
import type { AgentCard, StreamResponse, Task } from '../../core/a2a.ts'
import { LumosError, toLumosError, invalidRequest } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { chosenTaskId } from '../../protocols/a2a/extensions.ts'
import type { ServerOptions } from '../../protocols/a2a/server.ts'
import { bare } from '../push/notification.ts'
import { pushedTaskOf } from '../push/notifications.ts'
import type { PushNotifications } from '../push/notifications.ts'
import type { TaskHandle } from './engine.ts'
import type { TaskKey } from './task-store.ts'
import type { ServedEngine } from './traced-engine.ts'
import { pageOf, queryOf } from './task-list.ts'
import type { TaskEvent } from './task-store.ts'
import type { TaskView } from './task-view.ts'
import { isAsking } from './turns.ts'

export interface TaskServiceComponents {
  readonly engine: ServedEngine
  /** Absent on a node that sends no push notifications. */
  readonly push?: PushNotifications
  /** The signed card of an agent as members of the swarm see it. */
  readonly extendedCard: (agentId: string, caller: PeerIdText) => AgentCard | undefined
}

export type TaskService = A2aOperations<ServerOptions>

/** A caller sees its own tasks only; another's and a missing one look the same. */
export function createTaskService(components: TaskServiceComponents): TaskService {
  return new Service(components)
}

class Service implements TaskService {
  readonly #engine: ServedEngine
  readonly #push: PushNotifications | undefined
  readonly #extendedCard: TaskServiceComponents['extendedCard']

  constructor({ engine, push, extendedCard }: TaskServiceComponents) {
    this.#engine = engine
    this.#push = push
    this.#extendedCard = extendedCard
  }

  async sendMessage(
    request: SendMessageRequest,
    options: ServerOptions
  ): Promise<SendMessageResponse> {
    const { view, rested } = await this.#submit(request, options)
    const { returnImmediately = false, historyLength } = request.configuration ?? {}
    if (!returnImmediately && !view.ended) await unlessAborted(rested, options.signal)
    return { task: view.snapshot({ historyLength }) }
  }

  async *sendStreamingMessage(
    request: SendMessageRequest,
    options: ServerOptions
  ): AsyncIterable<StreamResponse> {
    const { view } = await this.#submit(request, options)
    const { after, signal } = options
    // Who sent a further message knows what came before it, so the Task is told as it is now.
    const fromNow = after !== undefined || Boolean(request.message.taskId)
    const updates = fromNow ? view.subscribe(after, signal) : updatesOf(view.events(signal))
    yield* untilAsking(view, updates)
  }

  async getTask(request: GetTaskRequest, options: ServerOptions): Promise<Task> {
    const { view } = await this.#find(request, options)
    return view.snapshot({ historyLength: request.historyLength })
  }

  async listTasks(
    request: ListTasksRequest,
    { caller }: ServerOptions
  ): Promise<ListTasksResponse> {
    const { query, pageSize } = queryOf(request, caller)
    const page = await this.#engine.list(query)
    const { historyLength, includeArtifacts = false } = request
    const tasks: Task[] = []
    let bytes = 0
    let read = 0
    for (const { record } of page.tasks) {
      // A task may have taken and made all that there may be: a page ends before it is too long for memory.
      if (bytes >= LIMITS.taskPageBytes.value) break
      read += 1
      const handle = await this.#stillThere(record)
      if (handle === undefined) continue
      const task = handle.view.snapshot({ historyLength, artifacts: includeArtifacts })
      bytes += Buffer.byteLength(JSON.stringify(task))
      tasks.push(task)
    }
    const more = page.more || read < page.tasks.length
    return pageOf(tasks, { ...page, tasks: page.tasks.slice(0, read), more }, pageSize)
  }

  /** It may be forgotten between the reading of a page and that of its tasks. */
  async #stillThere(key: TaskKey): Promise<TaskHandle | undefined> {
    try {
      return await this.#engine.open(key)
    } catch (error) {
      if (toLumosError(error).code === 'TASK_NOT_FOUND') return undefined
      throw error
    }
  }

  async cancelTask(request: CancelTaskRequest, options: ServerOptions): Promise<Task> {
    const { view } = await this.#find(request, options)
    const { id, contextId, status } = await this.#engine.cancel(view.record)
    // Its caller may cancel what it may read no more.
    return { id, contextId, status: bare(status) }
  }

  async *subscribeToTask(
    request: SubscribeToTaskRequest,
    options: ServerOptions
  ): AsyncIterable<StreamResponse> {
    const { view } = await this.#find(request, options)
    // Only who says where it stands can still learn something from a task that has ended.
    if (view.ended && options.after === undefined) {
      throw unsupported('subscribing to a task that has ended')
    }
    yield* view.subscribe(options.after, options.signal)
  }

  async getExtendedAgentCard(
    { tenant = '' }: GetExtendedAgentCardRequest,
    { caller }: ServerOptions
  ): Promise<AgentCard> {
    const card = this.#extendedCard(tenant, caller)
    if (card === undefined) throw new LumosError('EXTENDED_CARD_UNAVAILABLE')
    return card
  }

  async createTaskPushNotificationConfig(
    request: TaskPushNotificationConfig,
    options: ServerOptions
  ): Promise<TaskPushNotificationConfig> {
    const push = this.#requirePush()
    const { taskId: id = '', tenant = '' } = request
    const { view } = await this.#find({ id, tenant }, options)
    return push.create(pushedTaskOf(view), request)
  }

  async getTaskPushNotificationConfig(
    { taskId: id, tenant = '', id: config }: PushNotificationConfigRequest,
    options: ServerOptions
  ): Promise<TaskPushNotificationConfig> {
    const push = this.#requirePush()
    const { view } = await this.#find({ id, tenant }, options)
    return push.get(view.record, config)
  }

  async listTaskPushNotificationConfigs(
    { taskId: id, tenant = '' }: ListPushNotificationConfigsRequest,
    options: ServerOptions
  ): Promise<ListPushNotificationConfigsResponse> {
    const push = this.#requirePush()
    const { view } = await this.#find({ id, tenant }, options)
    return push.list(view.record)
  }

  async deleteTaskPushNotificationConfig(
    { taskId: id, tenant = '', id: config }: PushNotificationConfigRequest,
    options: ServerOptions
  ): Promise<void> {
    const push = this.#requirePush()
    const { view } = await this.#find({ id, tenant }, options)
    await push.remove(view.record, config)
  }

  #requirePush(): PushNotifications {
    if (this.#push === undefined) throw new LumosError('PUSH_NOT_SUPPORTED')
    return this.#push
  }

  /** The request is answered only once its push notification config is kept, too. */
  async #submit(request: SendMessageRequest, options: ServerOptions): Promise<TaskHandle> {
    const config = request.configuration?.taskPushNotificationConfig
    if (config === undefined) return this.#place(request, options)
    const push = this.#requirePush()
    const { taskId } = request.message
    const id = taskId || chosenTaskId(request.metadata)
    push.check(config, { caller: options.caller, id: typeof id === 'string' ? id : '' })
    const handle = await this.#place(request, options)
    await push.create(pushedTaskOf(handle.view), config, { whole: !taskId })
    return handle
  }

  async #place(request: SendMessageRequest, options: ServerOptions): Promise<TaskHandle> {
    const { tenant: agentId = '', message } = request
    if (message.role !== 'ROLE_USER')
      throw invalidRequest('the message is not of the role ROLE_USER')
    if (message.taskId) return this.#answer(request, message.taskId, options)
    const taskId = chosenTaskId(request.metadata)
    if (taskId !== undefined && typeof taskId !== 'string')
      throw invalidRequest('the task id is no text')
    return this.#engine.submit(options.caller, {
      agentId,
      message,
      ...(taskId !== undefined && { taskId }),
      ...(options.deadlineMs !== undefined && { deadlineMs: options.deadlineMs }),
      ...(options.depth !== undefined && { depth: options.depth }),
      ...(request.metadata && { metadata: request.metadata })
    })
  }

  /** A further message to a task, which waits for it. */
  async #answer(
    { tenant, message }: SendMessageRequest,
    id: string,
    options: ServerOptions
  ): Promise<TaskHandle> {
    const { view } = await this.#find({ id, ...(tenant && { tenant }) }, options)
    if (message.contextId && message.contextId !== view.record.contextId) {
      throw invalidRequest('the context is not that of the task')
    }
    return this.#engine.answer(view.record, message)
  }

  async #find(
    { id, tenant }: { readonly id: string; readonly tenant?: string },
    { caller }: ServerOptions
  ): Promise<TaskHandle> {
    const handle = await this.#engine.open({ caller, id })
    if (tenant && tenant !== handle.view.record.agentId) throw new LumosError('TASK_NOT_FOUND')
    return handle
  }
}

async function* updatesOf(events: AsyncIterable<TaskEvent>): AsyncIterable<StreamResponse> {
  for await (const { update } of events) yield update
}

/**
 * The stream of one message ends when its caller has the next word, as the A2A specification says in
 * section 11.7; what happens then is the stream of the next message, and of SubscribeToTask.
 */
async function* untilAsking(
  view: TaskView,
  updates: AsyncIterable<StreamResponse>
): AsyncIterable<StreamResponse> {
  for await (const update of updates) {
    yield update
    const { status } = update.task ?? update.statusUpdate ?? {}
    // In a replay, a question that was answered since is no end.
    if (isAsking(status) && status === view.status) return
  }
}

/** Waits; the wait ends with the signal's reason when nobody needs the answer any more. */
async function unlessAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  function onAbort(): void {
    aborted.reject(signal.reason)
  }
  signal.addEventListener('abort', onAbort)
  try {
    await Promise.race([wait, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function unsupported(operation: string): LumosError {
  return new LumosError('UNSUPPORTED_OPERATION', { details: { operation } })
}
