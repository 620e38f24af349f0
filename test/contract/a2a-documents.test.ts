/** Our schemas and the codecs of the A2A SDK must read and write the same documents. */
import * as sdk from '@a2a-js/sdk'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode } from '../../protocols/a2a/codec.ts'
import { schemas } from '../../protocols/a2a/schema.ts'
import * as arbitrary from '../support/a2a-arbitraries.ts'

interface Codec {
  fromJSON(value: unknown): never
  toJSON(value: never): unknown
}

type Name = Exclude<keyof typeof schemas, 'configuration' | 'pushConfigRequest'>

const CODECS: Readonly<Record<Name, Codec>> = {
  part: sdk.Part as Codec,
  message: sdk.Message as Codec,
  artifact: sdk.Artifact as Codec,
  status: sdk.TaskStatus as Codec,
  task: sdk.Task as Codec,
  statusUpdate: sdk.TaskStatusUpdateEvent as Codec,
  artifactUpdate: sdk.TaskArtifactUpdateEvent as Codec,
  streamResponse: sdk.StreamResponse as Codec,
  pushConfig: sdk.TaskPushNotificationConfig as Codec,
  sendMessageRequest: sdk.SendMessageRequest as Codec,
  sendMessageResponse: sdk.SendMessageResponse as Codec,
  getTaskRequest: sdk.GetTaskRequest as Codec,
  listTasksRequest: sdk.ListTasksRequest as Codec,
  listTasksResponse: sdk.ListTasksResponse as Codec,
  cancelTaskRequest: sdk.CancelTaskRequest as Codec,
  subscribeRequest: sdk.SubscribeToTaskRequest as Codec,
  extendedCardRequest: sdk.GetExtendedAgentCardRequest as Codec,
  listPushConfigsRequest: sdk.ListTaskPushNotificationConfigsRequest as Codec,
  listPushConfigsResponse: sdk.ListTaskPushNotificationConfigsResponse as Codec
}

describe.each(Object.keys(CODECS) as Name[])('%s', (name) => {
  const codec = CODECS[name]
  const documents = arbitrary[name] as fc.Arbitrary<object>

  test('what the SDK writes is read here without loss', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const written = JSON.parse(JSON.stringify(codec.toJSON(codec.fromJSON(document))))
        const bytes = encode(written)
        expect(decode<unknown>(bytes, schemas[name], 'INVALID_REQUEST')).toEqual(document)
      }),
      { numRuns: 100 }
    )
  })

  test('what is written here is read by the SDK without loss', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const read = decode<object>(encode(document), schemas[name], 'INVALID_REQUEST')
        const wire = JSON.parse(new TextDecoder().decode(encode(read)))
        expect(codec.toJSON(codec.fromJSON(wire))).toEqual(document)
      }),
      { numRuns: 100 }
    )
  })
})

test('get and delete of a push configuration have the same request', () => {
  fc.assert(
    fc.property(arbitrary.pushConfigRequest, (document) => {
      const read = decode<object>(encode(document), schemas.pushConfigRequest, 'INVALID_REQUEST')
      for (const codec of [
        sdk.GetTaskPushNotificationConfigRequest,
        sdk.DeleteTaskPushNotificationConfigRequest
      ]) {
        expect(codec.toJSON(codec.fromJSON(read))).toEqual(document)
      }
    })
  )
})

test('snake_case names, null for absent and numbers for enums are read as ProtoJSON says', () => {
  const document = {
    task_id: 'task',
    context_id: null,
    status: { state: 2, message: null, timestamp: '2026-11-21T00:00:00Z' },
    metadata: null,
    unknown: { anything: true }
  }
  expect(schemas.statusUpdate.parse(document)).toEqual({
    taskId: 'task',
    contextId: '',
    status: { state: 'TASK_STATE_WORKING', timestamp: '2026-11-21T00:00:00Z' }
  })
})

test('a null value and what lies inside metadata are not touched', () => {
  const inner = { some_name: null }
  expect(schemas.part.parse({ data: null, metadata: inner })).toEqual({
    data: null,
    metadata: inner
  })
})

test.each([
  ['no content', {}],
  ['two contents', { text: 'a', url: 'b' }],
  ['bytes that are not base64', { raw: '%%%' }],
  ['metadata that is a list', { text: 'a', metadata: [] }]
])('a part with %s is refused', (_, part) => {
  expect(schemas.part.safeParse(part).success).toBe(false)
})
