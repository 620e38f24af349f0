/** Requests of A2A as they come through doors other than sessions: checked as those of peers are. */
import type { z } from 'zod'
import { checkDocument, parseJson } from './codec.ts'
import { schemas } from './schema.ts'

/** Each throws INVALID_REQUEST. */
export const a2aRequests = {
  /** JSON of bounded depth and size. */
  json: (bytes: Uint8Array): unknown => parseJson(bytes, 'INVALID_REQUEST'),
  sendMessage: checking(schemas.sendMessageRequest),
  getTask: checking(schemas.getTaskRequest),
  listTasks: checking(schemas.listTasksRequest),
  cancelTask: checking(schemas.cancelTaskRequest),
  subscribe: checking(schemas.subscribeRequest),
  extendedCard: checking(schemas.extendedCardRequest),
  createPushConfig: checking(schemas.pushConfig),
  pushConfig: checking(schemas.pushConfigRequest),
  listPushConfigs: checking(schemas.listPushConfigsRequest)
}

function checking<T>(schema: z.ZodType<T>): (value: unknown) => T {
  return (value) => checkDocument(value, schema, 'INVALID_REQUEST')
}
