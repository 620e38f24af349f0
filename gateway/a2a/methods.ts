/** The operations of A2A 1.0 by name, whatever binding they come through: what each needs, checks and does. */
import type { A2aOperations } from '../../core/a2a-operations.ts'
import type * as a2a from '../../core/a2a-operations.ts'
import type { EdgeOptions } from '../../tasks/edge/service.ts'
import type { OperationName } from '../../trust/operations.ts'

/** Checks what came in. Each throws INVALID_REQUEST. */
export interface A2aRequests {
  readonly json: (bytes: Uint8Array) => unknown
  readonly sendMessage: (value: unknown) => a2a.SendMessageRequest
  readonly getTask: (value: unknown) => a2a.GetTaskRequest
  readonly listTasks: (value: unknown) => a2a.ListTasksRequest
  readonly cancelTask: (value: unknown) => a2a.CancelTaskRequest
  readonly subscribe: (value: unknown) => a2a.SubscribeToTaskRequest
  readonly extendedCard: (value: unknown) => a2a.GetExtendedAgentCardRequest
  readonly createPushConfig: (value: unknown) => a2a.TaskPushNotificationConfig
  readonly pushConfig: (value: unknown) => a2a.PushNotificationConfigRequest
  readonly listPushConfigs: (value: unknown) => a2a.ListPushNotificationConfigsRequest
}

interface Method<A> {
  /** What the caller has to be allowed. */
  readonly operation: OperationName
  readonly call: (params: unknown, options: EdgeOptions) => A
}

/** What is answered is in the words of its version, and of its binding. */
export type A2aMethod =
  | (Method<Promise<object | null>> & { readonly kind: 'document' })
  | (Method<AsyncIterable<object>> & { readonly kind: 'stream' })

export type A2aMethods = ReadonlyMap<string, A2aMethod>

type Acts<R, A> = (request: R, options: EdgeOptions) => A

export function document<R>(
  operation: OperationName,
  check: (value: unknown) => R,
  act: Acts<R, Promise<object | null>>
): A2aMethod {
  const call = async (params: unknown, options: EdgeOptions) => act(check(params), options)
  return { kind: 'document', operation, call }
}

export function stream<R>(
  operation: OperationName,
  check: (value: unknown) => R,
  act: Acts<R, AsyncIterable<object>>
): A2aMethod {
  return { kind: 'stream', operation, call: (params, options) => act(check(params), options) }
}

export function createA2aMethods(to: A2aOperations<EdgeOptions>, check: A2aRequests): A2aMethods {
  const [send, follow] = ['task.send', 'task.follow'] as const
  const { createPushConfig, pushConfig, listPushConfigs, extendedCard } = check
  return new Map([
    ['SendMessage', document(send, check.sendMessage, (...asked) => to.sendMessage(...asked))],
    [
      'SendStreamingMessage',
      stream(send, check.sendMessage, (...asked) => to.sendStreamingMessage(...asked))
    ],
    ['GetTask', document(follow, check.getTask, (...asked) => to.getTask(...asked))],
    ['ListTasks', document(follow, check.listTasks, (...asked) => to.listTasks(...asked))],
    ['CancelTask', document(follow, check.cancelTask, (...asked) => to.cancelTask(...asked))],
    [
      'SubscribeToTask',
      stream(follow, check.subscribe, (...asked) => to.subscribeToTask(...asked))
    ],
    [
      'GetExtendedAgentCard',
      document('agent.list', extendedCard, (...asked) => to.getExtendedAgentCard(...asked))
    ],
    [
      'CreateTaskPushNotificationConfig',
      document(follow, createPushConfig, (...asked) =>
        to.createTaskPushNotificationConfig(...asked)
      )
    ],
    [
      'GetTaskPushNotificationConfig',
      document(follow, pushConfig, (...asked) => to.getTaskPushNotificationConfig(...asked))
    ],
    [
      'ListTaskPushNotificationConfigs',
      document(follow, listPushConfigs, (...asked) => to.listTaskPushNotificationConfigs(...asked))
    ],
    [
      'DeleteTaskPushNotificationConfig',
      document(follow, pushConfig, async (...asked) => {
        await to.deleteTaskPushNotificationConfig(...asked)
        return {}
      })
    ]
  ])
}
