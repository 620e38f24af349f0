/** The documents of the eleven A2A 1.0 operations, in wire form (ProtoJSON), beside the data in a2a.ts. */
import type { AgentCard, Message, StreamResponse, Task, TaskState } from './a2a.ts'
import type { JsonObject } from './json.ts'

export interface SendMessageConfiguration {
  readonly acceptedOutputModes?: readonly string[]
  readonly taskPushNotificationConfig?: TaskPushNotificationConfig
  /** Most recent messages wanted back; absent means no limit, 0 means none. */
  readonly historyLength?: number
  /** Answer once the task exists instead of once it has ended. */
  readonly returnImmediately?: boolean
}

export interface SendMessageRequest {
  /** Which of the peer's agents is meant: its agent id. */
  readonly tenant?: string
  readonly message: Message
  readonly configuration?: SendMessageConfiguration
  readonly metadata?: JsonObject
}

/** Exactly one member is present. */
export interface SendMessageResponse {
  readonly task?: Task
  readonly message?: Message
}

export interface GetTaskRequest {
  readonly tenant?: string
  readonly id: string
  readonly historyLength?: number
}

export interface ListTasksRequest {
  readonly tenant?: string
  readonly contextId?: string
  readonly status?: TaskState
  /** 1 to 100, default 50. */
  readonly pageSize?: number
  readonly pageToken?: string
  readonly historyLength?: number
  /** ISO 8601; tasks whose status is as young as this or younger. */
  readonly statusTimestampAfter?: string
  readonly includeArtifacts?: boolean
}

/** Youngest status first. */
export interface ListTasksResponse {
  readonly tasks: readonly Task[]
  /** Empty at the end. */
  readonly nextPageToken: string
  readonly pageSize: number
  /** Tasks that match, on all pages together. */
  readonly totalSize: number
}

export interface CancelTaskRequest {
  readonly tenant?: string
  readonly id: string
  readonly metadata?: JsonObject
}

export interface SubscribeToTaskRequest {
  readonly tenant?: string
  readonly id: string
}

export interface GetExtendedAgentCardRequest {
  readonly tenant?: string
}

export interface TaskPushNotificationConfig {
  readonly tenant?: string
  readonly id?: string
  readonly taskId?: string
  readonly url: string
  readonly token?: string
  readonly authentication?: { readonly scheme: string; readonly credentials?: string }
}

/** Names one push configuration of a task: the request of both Get and Delete. */
export interface PushNotificationConfigRequest {
  readonly tenant?: string
  readonly taskId: string
  readonly id: string
}

export interface ListPushNotificationConfigsRequest {
  readonly tenant?: string
  readonly taskId: string
  readonly pageSize?: number
  readonly pageToken?: string
}

export interface ListPushNotificationConfigsResponse {
  readonly configs: readonly TaskPushNotificationConfig[]
  readonly nextPageToken: string
}

/** Operations on where a task's updates are pushed to. What a config holds is its caller's secret. */
export interface PushConfigOperations<O> {
  /** Replaces the config of that id; without an id, one that follows from the URL is given. */
  createTaskPushNotificationConfig(
    request: TaskPushNotificationConfig,
    options: O
  ): Promise<TaskPushNotificationConfig>
  getTaskPushNotificationConfig(
    request: PushNotificationConfigRequest,
    options: O
  ): Promise<TaskPushNotificationConfig>
  listTaskPushNotificationConfigs(
    request: ListPushNotificationConfigsRequest,
    options: O
  ): Promise<ListPushNotificationConfigsResponse>
  /** Deleting what is not there is no error. */
  deleteTaskPushNotificationConfig(
    request: PushNotificationConfigRequest,
    options: O
  ): Promise<void>
}

/**
 * The operations that a node answers, each under the options `O` of its side:
 * a server learns who calls, a client says how long it waits.
 */
export interface A2aOperations<O> extends PushConfigOperations<O> {
  /** Resolves when the task has ended or waits for input, unless asked to return at once. */
  sendMessage(request: SendMessageRequest, options: O): Promise<SendMessageResponse>
  /** The Task, then its updates until it ends. */
  sendStreamingMessage(request: SendMessageRequest, options: O): AsyncIterable<StreamResponse>
  getTask(request: GetTaskRequest, options: O): Promise<Task>
  listTasks(request: ListTasksRequest, options: O): Promise<ListTasksResponse>
  cancelTask(request: CancelTaskRequest, options: O): Promise<Task>
  /** The Task as it is, then its updates until it ends. */
  subscribeToTask(request: SubscribeToTaskRequest, options: O): AsyncIterable<StreamResponse>
  getExtendedAgentCard(request: GetExtendedAgentCardRequest, options: O): Promise<AgentCard>
}
