/** How a further message of the caller stands among the events of its task, which A2A has no event for. */
import type { Message, TaskStatusUpdateEvent } from '../../core/a2a.ts'
import { isJsonObject } from '../../core/json.ts'
import type { JsonObject } from '../../core/json.ts'
import { TURN_EXTENSION } from './constants.ts'
import { schemas } from './schema.ts'

/** Metadata of the update by which a task takes up `message`. */
export function turnMetadata(message: Message): JsonObject {
  return { [TURN_EXTENSION]: { message: Object.fromEntries(Object.entries(message)) } }
}

/** The message that a task takes up with this update; `undefined` for every other update. */
export function turnOf({ metadata }: TaskStatusUpdateEvent): Message | undefined {
  const value = metadata?.[TURN_EXTENSION]
  if (!isJsonObject(value)) return undefined
  const { success, data } = schemas.message.safeParse(value['message'])
  return success && data.role === 'ROLE_USER' ? data : undefined
}
