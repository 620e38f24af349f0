/** What a worker is told of a run that another worker had begun, as it travels: it is its caller's word, and checked here. */
import type { StreamResponse } from '../../core/a2a.ts'
import { LumosError } from '../../core/errors.ts'
import { isJsonObject } from '../../core/json.ts'
import type { JsonObject } from '../../core/json.ts'
import { LIMITS } from '../../core/limits.ts'
import { HANDOVER_EXTENSION } from './constants.ts'
import { schemas } from './schema.ts'

/** The run of another worker, as far as its caller has heard of it. */
export interface Handover {
  /** The attempt of that worker. */
  readonly attempt: number
  /** In order, beginning with the Task as it stood when the attempt began. */
  readonly events: readonly StreamResponse[]
}

/** Request metadata. */
export function handoverMetadata({ attempt, events }: Handover): JsonObject {
  const plain = events.map((event) => Object.fromEntries(Object.entries(event)))
  return { [HANDOVER_EXTENSION]: { attempt, events: plain } }
}

/**
 * `undefined` when the task was with nobody before.
 *
 * @throws INVALID_REQUEST
 */
export function receiveHandover(metadata: JsonObject | undefined): Handover | undefined {
  const value = metadata?.[HANDOVER_EXTENSION]
  if (value === undefined) return undefined
  const { attempt, events } = isJsonObject(value) ? value : {}
  if (typeof attempt !== 'number' || !Number.isSafeInteger(attempt) || attempt < 1) {
    throw malformed('its attempt')
  }
  if (!Array.isArray(events) || events.length > LIMITS.handoverEvents.value) {
    throw malformed('its events')
  }
  const known = events.map((event) => {
    const { success, data } = schemas.streamResponse.safeParse(event)
    if (!success) throw malformed('one of its events')
    return data
  })
  if (known[0]?.task === undefined) throw malformed('it does not begin with the task')
  return { attempt, events: known }
}

function malformed(what: string): LumosError {
  return new LumosError('INVALID_REQUEST', {
    details: { reason: `what is told of the task's last worker is malformed: ${what}` }
  })
}
