/** The operations of A2A on this node's own tasks, for any caller: sessions and local edges alike. */
import type {
  A2aOperations,
  CancelTaskRequest,
  GetExtendedAgentCardRequest,
  GetTaskRequest,
  ListTasksRequest,
  ListTasksResponse,
  SendMessageRequest,
  SendMessageResponse,
  SubscribeToTaskRequest
} from '../core/a2a-operations.ts'
import type { AgentCard, Message, StreamResponse, Task } from '../core/a2a.ts'
import { LumosError } from '../core/errors.ts'
import type { PeerIdText } from '../core/ids.ts'
import { chosenTaskId } from '../protocols/a2a/extensions.ts'
import type { ServerOptions } from '../protocols/a2a/server.ts'
import type { TaskEngine, TaskHandle } from './engine.ts'
import { pageOf, queryOf } from './task-list.ts'

export interface TaskServiceComponents {
  readonly engine: TaskEngine
  /** The signed card of an agent as members of the swarm see it. */
  readonly extendedCard: (agentId: string, caller: PeerIdText) => AgentCard | undefined
}

export type TaskService = A2aOperations<ServerOptions>

/** A caller sees its own tasks only; another's and a missing one look the same. */
export function createTaskService(components: TaskServiceComponents): TaskService {
  return new Service(components)
}

class Service implements TaskService {
  readonly #engine: TaskEngine
  readonly #extendedCard: TaskServiceComponents['extendedCard']

  constructor({ engine, extendedCard }: TaskServiceComponents) {
    this.#engine = engine
    this.#extendedCard = extendedCard
  }

  async sendMessage(
    request: SendMessageRequest,
    options: ServerOptions
  ): Promise<SendMessageResponse> {
    const { view, settled } = await this.#submit(request, options)
    const { returnImmediately = false, historyLength } = request.configuration ?? {}
    if (!returnImmediately && !view.ended) await unlessAborted(settled, options.signal)
    return { task: view.snapshot({ historyLength }) }
  }

  async *sendStreamingMessage(
    request: SendMessageRequest,
    options: ServerOptions
  ): AsyncIterable<StreamResponse> {
    const { view } = await this.#submit(request, options)
    if (options.after !== undefined) {
      yield* view.subscribe(options.after, options.signal)
      return
    }
    for await (const { update } of view.events(options.signal)) yield update
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
    for (const { record } of page.tasks) {
      const { view } = await this.#engine.open(record)
      tasks.push(view.snapshot({ historyLength, artifacts: includeArtifacts }))
    }
    return pageOf(tasks, page, pageSize)
  }

  async cancelTask(request: CancelTaskRequest, options: ServerOptions): Promise<Task> {
    const { view } = await this.#find(request, options)
    return this.#engine.cancel(view.record)
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

  async #submit(request: SendMessageRequest, options: ServerOptions): Promise<TaskHandle> {
    const { tenant: agentId = '', message } = request
    if (request.configuration?.taskPushNotificationConfig !== undefined) {
      throw new LumosError('PUSH_NOT_SUPPORTED')
    }
    if (message.role !== 'ROLE_USER') throw invalid('the message is not of the role ROLE_USER')
    if (message.taskId) await this.#refuseFurtherTurn(message.taskId, message, options)
    const taskId = chosenTaskId(request.metadata)
    if (taskId !== undefined && typeof taskId !== 'string') throw invalid('the task id is no text')
    return this.#engine.submit(options.caller, {
      agentId,
      message,
      ...(taskId !== undefined && { taskId }),
      ...(options.deadlineMs !== undefined && { deadlineMs: options.deadlineMs })
    })
  }

  /** No agent of ours asks back yet, so that a task takes no second message. */
  async #refuseFurtherTurn(
    id: string,
    { contextId }: Message,
    { caller }: ServerOptions
  ): Promise<never> {
    const { view } = await this.#engine.open({ caller, id })
    if (contextId && contextId !== view.record.contextId) {
      throw invalid('the context is not that of the task')
    }
    throw unsupported('further messages to a task')
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

function invalid(reason: string): LumosError {
  return new LumosError('INVALID_REQUEST', { details: { reason } })
}
