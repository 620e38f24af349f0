/** Checks every A2A document that a peer sends, and brings it into the form of core/a2a.ts. */
import { z } from 'zod'
import type {
  Artifact,
  Message,
  Part,
  StreamResponse,
  Task,
  TaskArtifactUpdateEvent,
  TaskStatus,
  TaskStatusUpdateEvent
} from '../../core/a2a.ts'
import type {
  CancelTaskRequest,
  GetExtendedAgentCardRequest,
  GetTaskRequest,
  ListPushNotificationConfigsRequest,
  ListPushNotificationConfigsResponse,
  ListTasksRequest,
  ListTasksResponse,
  PushNotificationConfigRequest,
  SendMessageConfiguration,
  SendMessageRequest,
  SendMessageResponse,
  SubscribeToTaskRequest,
  TaskPushNotificationConfig
} from '../../core/a2a-operations.ts'
import { LIMITS } from '../../core/limits.ts'
import {
  anyValue,
  base64,
  count,
  enumeration,
  flag,
  message,
  name,
  shortText,
  struct,
  text,
  timestamp
} from './proto-json.ts'

/** In the order of their protobuf numbers, from 1. */
const TASK_STATES = [
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_REJECTED',
  'TASK_STATE_AUTH_REQUIRED'
] as const

const taskState = enumeration(TASK_STATES)

const metadata = struct.exactOptional()

const names = z.array(shortText).max(LIMITS.partsPerMessage.value).exactOptional()

const partSchema = message(
  {
    text: text.exactOptional(),
    raw: base64.exactOptional(),
    url: text.exactOptional(),
    data: anyValue.exactOptional(),
    filename: shortText.exactOptional(),
    mediaType: shortText.exactOptional(),
    metadata
  },
  new Set(['data'])
).refine(exactlyOne(['text', 'raw', 'url', 'data']), 'a part needs exactly one content')

// The SDK leaves empty lists out, so an absent list of parts is an empty one.
const parts = z.array(partSchema).max(LIMITS.partsPerMessage.value).default([])

const messageSchema = message({
  messageId: name,
  contextId: shortText.exactOptional(),
  taskId: shortText.exactOptional(),
  role: enumeration(['ROLE_USER', 'ROLE_AGENT']),
  parts,
  metadata,
  extensions: names,
  referenceTaskIds: names
})

const artifactSchema = message({
  artifactId: name,
  name: shortText.exactOptional(),
  description: text.exactOptional(),
  parts,
  metadata,
  extensions: names
})

const statusSchema = message({
  state: taskState,
  message: messageSchema.exactOptional(),
  timestamp: timestamp.exactOptional()
})

const taskSchema = message({
  id: name,
  contextId: shortText.default(''),
  status: statusSchema,
  artifacts: z.array(artifactSchema).max(LIMITS.artifactsPerTask.value).exactOptional(),
  history: z.array(messageSchema).exactOptional(),
  metadata
})

const statusUpdateSchema = message({
  taskId: name,
  contextId: shortText.default(''),
  status: statusSchema,
  metadata
})

const artifactUpdateSchema = message({
  taskId: name,
  contextId: shortText.default(''),
  artifact: artifactSchema,
  append: flag.exactOptional(),
  lastChunk: flag.exactOptional(),
  metadata
})

const streamResponseSchema = message({
  task: taskSchema.exactOptional(),
  message: messageSchema.exactOptional(),
  statusUpdate: statusUpdateSchema.exactOptional(),
  artifactUpdate: artifactUpdateSchema.exactOptional()
}).refine(
  exactlyOne(['task', 'message', 'statusUpdate', 'artifactUpdate']),
  'a stream response needs exactly one member'
)

const tenant = shortText.exactOptional()

const pushConfigSchema = message({
  tenant,
  id: shortText.exactOptional(),
  taskId: shortText.exactOptional(),
  url: text.max(2048),
  token: text.max(2048).exactOptional(),
  authentication: message({
    scheme: name,
    credentials: text.max(4096).exactOptional()
  }).exactOptional()
})

const configurationSchema = message({
  acceptedOutputModes: names,
  taskPushNotificationConfig: pushConfigSchema.exactOptional(),
  historyLength: count.exactOptional(),
  returnImmediately: flag.exactOptional()
})

const sendMessageRequestSchema = message({
  tenant,
  message: messageSchema.refine(({ parts: sent }) => sent.length > 0, 'a message needs a part'),
  configuration: configurationSchema.exactOptional(),
  metadata
})

const sendMessageResponseSchema = message({
  task: taskSchema.exactOptional(),
  message: messageSchema.exactOptional()
}).refine(exactlyOne(['task', 'message']), 'a response needs a task or a message')

const getTaskRequestSchema = message({
  tenant,
  id: name,
  historyLength: count.exactOptional()
})

const listTasksRequestSchema = message({
  tenant,
  contextId: shortText.exactOptional(),
  status: taskState.exactOptional(),
  pageSize: z.int().min(1).max(100).exactOptional(),
  pageToken: shortText.exactOptional(),
  historyLength: count.exactOptional(),
  statusTimestampAfter: timestamp.exactOptional(),
  includeArtifacts: flag.exactOptional()
})

const listTasksResponseSchema = message({
  tasks: z.array(taskSchema).max(100).default([]),
  nextPageToken: shortText.default(''),
  pageSize: count.default(0),
  totalSize: count.default(0)
})

const cancelTaskRequestSchema = message({ tenant, id: name, metadata })

const subscribeRequestSchema = message({ tenant, id: name })

const extendedCardRequestSchema = message({ tenant })

const pushConfigRequestSchema = message({ tenant, taskId: name, id: name })

const listPushConfigsRequestSchema = message({
  tenant,
  taskId: name,
  pageSize: count.exactOptional(),
  pageToken: shortText.exactOptional()
})

const listPushConfigsResponseSchema = message({
  configs: z.array(pushConfigSchema).max(100).default([]),
  nextPageToken: shortText.default('')
})

function exactlyOne(members: readonly string[]): (value: object) => boolean {
  return (value) => {
    let present = 0
    for (const member of members) if (Object.hasOwn(value, member)) present += 1
    return present === 1
  }
}

/** The compiler proves here that what the schemas let through is what core/a2a*.ts promises. */
export const schemas = {
  part: partSchema,
  message: messageSchema,
  artifact: artifactSchema,
  status: statusSchema,
  task: taskSchema,
  statusUpdate: statusUpdateSchema,
  artifactUpdate: artifactUpdateSchema,
  streamResponse: streamResponseSchema,
  pushConfig: pushConfigSchema,
  configuration: configurationSchema,
  sendMessageRequest: sendMessageRequestSchema,
  sendMessageResponse: sendMessageResponseSchema,
  getTaskRequest: getTaskRequestSchema,
  listTasksRequest: listTasksRequestSchema,
  listTasksResponse: listTasksResponseSchema,
  cancelTaskRequest: cancelTaskRequestSchema,
  subscribeRequest: subscribeRequestSchema,
  extendedCardRequest: extendedCardRequestSchema,
  pushConfigRequest: pushConfigRequestSchema,
  listPushConfigsRequest: listPushConfigsRequestSchema,
  listPushConfigsResponse: listPushConfigsResponseSchema
} satisfies {
  part: z.ZodType<Part>
  message: z.ZodType<Message>
  artifact: z.ZodType<Artifact>
  status: z.ZodType<TaskStatus>
  task: z.ZodType<Task>
  statusUpdate: z.ZodType<TaskStatusUpdateEvent>
  artifactUpdate: z.ZodType<TaskArtifactUpdateEvent>
  streamResponse: z.ZodType<StreamResponse>
  pushConfig: z.ZodType<TaskPushNotificationConfig>
  configuration: z.ZodType<SendMessageConfiguration>
  sendMessageRequest: z.ZodType<SendMessageRequest>
  sendMessageResponse: z.ZodType<SendMessageResponse>
  getTaskRequest: z.ZodType<GetTaskRequest>
  listTasksRequest: z.ZodType<ListTasksRequest>
  listTasksResponse: z.ZodType<ListTasksResponse>
  cancelTaskRequest: z.ZodType<CancelTaskRequest>
  subscribeRequest: z.ZodType<SubscribeToTaskRequest>
  extendedCardRequest: z.ZodType<GetExtendedAgentCardRequest>
  pushConfigRequest: z.ZodType<PushNotificationConfigRequest>
  listPushConfigsRequest: z.ZodType<ListPushNotificationConfigsRequest>
  listPushConfigsResponse: z.ZodType<ListPushNotificationConfigsResponse>
}
