/** Tells the worker of a task that goes on that it is wanted no more, again until it has heard. */
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { retryDelay } from '../retry-delay.ts'
import type { Dispatcher, Placement } from './dispatcher.ts'

export interface CancelDeliveryComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly dispatcher: Pick<Dispatcher, 'cancel'>
}

export interface CancelDelivery {
  /** Resolves after the first try. Never rejects. */
  tell(placement: Placement): Promise<void>
  /** The same, and not again. */
  once(placement: Placement): Promise<void>
  /** The task has ended, or is the next process's: there is nothing more to tell. */
  stop(): void
}

export interface CancelDeliveryInit {
  readonly taskId: string
  /** Withdraws what is being told: a worker that does not answer is waited for no longer. */
  readonly signal: AbortSignal
}

export function createCancelDelivery(
  { clock, random, logger, dispatcher }: CancelDeliveryComponents,
  { taskId, signal }: CancelDeliveryInit
): CancelDelivery {
  let stopped = false
  /** Withdraws the next try. */
  let disarm: (() => void) | undefined

  /** Whether it is to be told again. */
  async function once(placement: Placement): Promise<boolean> {
    try {
      await dispatcher.cancel(placement, taskId, signal)
      return false
    } catch (error) {
      const { code, retry } = toLumosError(error)
      logger.debug('a worker was not told to stop', { task: taskId, code })
      return retry
    }
  }

  async function tell(placement: Placement, attempt: number): Promise<void> {
    if (!(await once(placement)) || stopped || signal.aborted) return
    // Two may be at it: who asked for the cancel, and the stream that has come back since.
    disarm ??= clock.after(retryDelay(random, attempt), () => {
      disarm = undefined
      void tell(placement, attempt + 1)
    })
  }

  return {
    tell: (placement) => tell(placement, 0),
    async once(placement) {
      await once(placement)
    },
    stop() {
      stopped = true
      disarm?.()
    }
  }
}
