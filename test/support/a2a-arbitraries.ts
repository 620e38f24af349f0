/** Random A2A documents in canonical ProtoJSON: what is absent is left out, as the SDK writes them. */
import fc from 'fast-check'
import type { Artifact, Message, Part, StreamResponse, Task, TaskStatus } from '../../core/a2a.ts'
import type { SendMessageRequest } from '../../core/a2a-operations.ts'
import type { Json, JsonObject } from '../../core/json.ts'

const word = fc.string({ minLength: 1, maxLength: 24, unit: 'grapheme' })

const plain = fc
  .jsonValue({ maxDepth: 3, noUnicodeString: false })
  .map((value) => JSON.parse(JSON.stringify(value)) as Json)

const struct = fc
  .dictionary(word, plain, { maxKeys: 4 })
  .map((value) => ({ ...value }) as JsonObject)

/** A record whose keys are present or not, never undefined. */
function partial<R extends object, O extends object>(
  required: { [K in keyof R]: fc.Arbitrary<R[K]> },
  optional: { [K in keyof O]: fc.Arbitrary<O[K]> }
): fc.Arbitrary<R & Partial<O>> {
  const keys = Object.keys(required) as (keyof (R & O))[]
  const all = { ...required, ...optional } as { [K in keyof (R & O)]: fc.Arbitrary<(R & O)[K]> }
  return fc.record(all, { requiredKeys: keys }) as unknown as fc.Arbitrary<R & Partial<O>>
}

const base64 = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString('base64'))

const about = { filename: word, mediaType: word, metadata: struct }

export const part: fc.Arbitrary<Part> = fc.oneof(
  partial({ text: fc.string() }, about),
  partial({ raw: base64 }, about),
  partial({ url: fc.webUrl() }, about),
  // The SDK reads `data: null` as no content at all.
  partial({ data: plain.filter((value) => value !== null) }, about)
)

const parts = fc.array(part, { minLength: 1, maxLength: 4 })
const words = fc.array(word, { minLength: 1, maxLength: 3 })

export const message: fc.Arbitrary<Message> = partial(
  { messageId: word, role: fc.constantFrom('ROLE_USER' as const, 'ROLE_AGENT' as const), parts },
  { contextId: word, taskId: word, metadata: struct, extensions: words, referenceTaskIds: words }
)

export const artifact: fc.Arbitrary<Artifact> = partial(
  { artifactId: word, parts },
  { name: word, description: word, metadata: struct, extensions: words }
)

export const taskState = fc.constantFrom(
  'TASK_STATE_SUBMITTED' as const,
  'TASK_STATE_WORKING' as const,
  'TASK_STATE_COMPLETED' as const,
  'TASK_STATE_FAILED' as const,
  'TASK_STATE_CANCELED' as const,
  'TASK_STATE_INPUT_REQUIRED' as const,
  'TASK_STATE_REJECTED' as const,
  'TASK_STATE_AUTH_REQUIRED' as const
)

const timestamp = fc
  .date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString())

export const status: fc.Arbitrary<TaskStatus> = partial(
  { state: taskState },
  { message, timestamp }
)

export const task: fc.Arbitrary<Task> = partial(
  { id: word, contextId: word, status },
  {
    artifacts: fc.array(artifact, { minLength: 1, maxLength: 3 }),
    history: fc.array(message, { minLength: 1, maxLength: 3 }),
    metadata: struct
  }
)

export const statusUpdate = partial({ taskId: word, contextId: word, status }, { metadata: struct })

export const artifactUpdate = partial(
  { taskId: word, contextId: word, artifact },
  { append: fc.constant(true), lastChunk: fc.constant(true), metadata: struct }
)

export const streamResponse: fc.Arbitrary<StreamResponse> = fc.oneof(
  fc.record({ task }),
  fc.record({ message }),
  fc.record({ statusUpdate }),
  fc.record({ artifactUpdate })
)

export const sendMessageResponse = fc.oneof(fc.record({ task }), fc.record({ message }))

const count = fc.nat({ max: 2_147_483_647 })
const tenant = word

export const pushConfig = partial(
  { url: fc.webUrl() },
  {
    tenant,
    id: word,
    taskId: word,
    token: word,
    authentication: partial({ scheme: word }, { credentials: word })
  }
)

export const sendMessageRequest: fc.Arbitrary<SendMessageRequest> = partial(
  { message },
  {
    tenant,
    metadata: struct,
    configuration: partial(
      {},
      {
        acceptedOutputModes: words,
        taskPushNotificationConfig: pushConfig,
        historyLength: count,
        returnImmediately: fc.constant(true)
      }
    )
  }
)

export const getTaskRequest = partial({ id: word }, { tenant, historyLength: count })

export const listTasksRequest = partial(
  {},
  {
    tenant,
    contextId: word,
    status: taskState,
    pageSize: fc.integer({ min: 1, max: 100 }),
    pageToken: word,
    historyLength: count,
    statusTimestampAfter: timestamp,
    includeArtifacts: fc.boolean()
  }
)

export const listTasksResponse = fc.record({
  tasks: fc.array(task, { minLength: 1, maxLength: 3 }),
  nextPageToken: word,
  pageSize: fc.integer({ min: 1, max: 100 }),
  totalSize: fc.integer({ min: 1, max: 1000 })
})

export const cancelTaskRequest = partial({ id: word }, { tenant, metadata: struct })
export const subscribeRequest = partial({ id: word }, { tenant })
export const extendedCardRequest = partial({}, { tenant })
export const pushConfigRequest = partial({ taskId: word, id: word }, { tenant })

export const listPushConfigsRequest = partial(
  { taskId: word },
  { tenant, pageSize: fc.integer({ min: 1, max: 100 }), pageToken: word }
)

export const listPushConfigsResponse = fc.record({
  configs: fc.array(pushConfig, { minLength: 1, maxLength: 3 }),
  nextPageToken: word
})
