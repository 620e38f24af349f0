/** Tells a purse what became of the share that was given with a task. */
import { LumosError } from '../core/errors.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Share } from '../core/purse.ts'
import type { DelegationEvent } from '../tasks/caller/delegation-events.ts'

/** With these it is known whether anybody may have the task. */
const TOLD: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DELEGATION_FAILED',
  'DELEGATION_FORBIDDEN'
])

/**
 * The same events. Who may have the task and does not tell what it spent has spent all of the share;
 * when surely nobody took it, all is left.
 */
export async function* settling(
  share: Pick<Share, 'settle' | 'giveBack'> | undefined,
  events: AsyncIterable<DelegationEvent>
): AsyncIterable<DelegationEvent> {
  let mayBeTaken = false
  try {
    for await (const event of events) {
      if (event.type === 'routed') mayBeTaken = true
      if (event.type === 'retry') mayBeTaken = event.maybeTaken
      if (event.type === 'result') share?.settle(event.usage)
      yield event
    }
  } catch (error) {
    if (error instanceof LumosError && TOLD.has(error.code)) {
      mayBeTaken = error.details['maybeExecuted'] === true
    }
    throw error
  } finally {
    if (mayBeTaken) share?.settle(undefined)
    else share?.giveBack()
  }
}
