/** Tells workers that a task which they may have is wanted no more, as soon as they can be reached. */
import type { Clock } from '../../core/clock.ts'
import { toLumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { retryDelay } from '../retry-delay.ts'
import type { Dispatcher, Placement } from './dispatcher.ts'
import type { OutboxRecord } from './outbox-store.ts'
import { LONGEST_MS } from './task-age.ts'

/** Whom to tell, and for how long it makes sense. */
export interface Recall {
  readonly taskId: string
  readonly placement: Placement
  /** Milliseconds since the epoch: then the worker has ended the task by itself. */
  readonly until: number
}

/** A worker ends a task by itself at its deadline, or when it has lasted as long as any may. */
export function recallsOf(
  { order, createdAt, deadlineAt }: OutboxRecord,
  placements: readonly Placement[]
): readonly Recall[] {
  // Without a deadline it may have taken the task as late as its caller would have waited.
  const until = deadlineAt ?? createdAt + LONGEST_MS + LIMITS.taskDuration.value
  return placements.map((placement) => ({ taskId: order.taskId, placement, until }))
}

export interface RecallsComponents {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly dispatcher: Pick<Dispatcher, 'cancel' | 'isReachable' | 'whenReachable'>
  /** Called when there is no need to tell any more. */
  readonly onSettled: (recall: Recall) => void
}

export interface Recalls {
  /** Tells the worker now, and again until it has heard, or `until` has passed. */
  add(recall: Recall): void
  /** The same for one of an earlier process: together with the others of its worker, not all at once. */
  keep(recall: Recall): void
  /** What was not told is the next process's. */
  stop(): Promise<void>
}

export function createRecalls(components: RecallsComponents): Recalls {
  return new WorkerRecalls(components)
}

/** Each may last as long as a worker's grace period: neither one by one nor all at once. */
const AT_ONCE = 32

class WorkerRecalls implements Recalls {
  readonly #parts: RecallsComponents
  /** What those do not know yet that could not be told at once: one loop a worker, however many tasks. */
  readonly #waiting = new Map<PeerIdText, Set<Recall>>()
  readonly #loops = new Set<Promise<void>>()
  readonly #stopping = new AbortController()
  #size = 0

  constructor(parts: RecallsComponents) {
    this.#parts = parts
  }

  add(recall: Recall): void {
    void this.#begin(recall)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#loops)
  }

  async #begin(recall: Recall): Promise<void> {
    const told = await this.#tell(recall)
    if (!told && !this.#stopping.signal.aborted) this.keep(recall)
  }

  keep(recall: Recall): void {
    const { placement, taskId } = recall
    const { worker } = placement
    if (this.#size >= LIMITS.recalls.value) {
      this.#parts.logger.warn('too many tasks to recall; one is left to its worker', {
        task: taskId,
        peer: worker.id
      })
      this.#parts.onSettled(recall)
      return
    }
    this.#size += 1
    const known = this.#waiting.get(worker.id)
    if (known !== undefined) {
      known.add(recall)
      return
    }
    const waiting = new Set([recall])
    this.#waiting.set(worker.id, waiting)
    const loop = this.#serve(placement, waiting).finally(() => this.#loops.delete(loop))
    this.#loops.add(loop)
  }

  async #serve(placement: Placement, waiting: Set<Recall>): Promise<void> {
    for (let attempt = 0; waiting.size > 0; attempt += 1) {
      await this.#pause(placement, attempt)
      if (this.#stopping.signal.aborted) return
      if (await this.#round(waiting)) attempt = -1
    }
    this.#waiting.delete(placement.worker.id)
  }

  /** Whether the worker has heard of any. */
  async #round(waiting: Set<Recall>): Promise<boolean> {
    let heard = false
    this.#dropLate(waiting)
    for (let portion = firstOf(waiting); portion.length > 0; portion = firstOf(waiting)) {
      const told = await Promise.all(portion.map((recall) => this.#tell(recall)))
      if (this.#stopping.signal.aborted) return heard
      for (const recall of portion.filter((_, index) => told[index])) {
        this.#size -= 1
        waiting.delete(recall)
        heard = true
      }
      if (told.includes(false)) return heard
    }
    return heard
  }

  #dropLate(waiting: Set<Recall>): void {
    const now = this.#parts.clock.now()
    for (const recall of waiting) {
      if (now < recall.until) continue
      this.#size -= 1
      waiting.delete(recall)
      this.#parts.onSettled(recall)
    }
  }

  /** Until the worker is back, or for a random while: whichever ends first. */
  async #pause(placement: Placement, attempt: number): Promise<void> {
    const { clock, random, dispatcher } = this.#parts
    const waiting = new AbortController()
    const either = AbortSignal.any([this.#stopping.signal, waiting.signal])
    const pause = clock.sleep(retryDelay(random, attempt), either)
    const here = dispatcher.isReachable(placement)
    await (here ? pause : Promise.race([pause, dispatcher.whenReachable(placement, either)]))
    waiting.abort()
  }

  /** False when it has to be told again. Never rejects. */
  async #tell(recall: Recall): Promise<boolean> {
    const { clock, logger, dispatcher, onSettled } = this.#parts
    const { placement, taskId, until } = recall
    try {
      await dispatcher.cancel(placement, taskId, this.#stopping.signal)
    } catch (cause) {
      if (this.#stopping.signal.aborted) return false
      const { code, retry } = toLumosError(cause)
      logger.debug('a worker was not told to stop', { task: taskId, code })
      // Any other answer says that there is nothing to stop, or that nothing will.
      if (retry && clock.now() < until) return false
    }
    if (!this.#stopping.signal.aborted) onSettled(recall)
    return true
  }
}

function firstOf(waiting: ReadonlySet<Recall>): readonly Recall[] {
  return [...waiting].slice(0, AT_ONCE)
}
