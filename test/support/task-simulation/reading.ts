/** Somebody who follows a task at its caller, goes away and comes back behind the last event seen. */
import type { DelegationEvent } from '../../../tasks/caller/delegation-events.ts'
import type { Delegations } from '../../../tasks/caller/delegations.ts'
import type { Random } from '../../../core/random.ts'
import { LumosError, toLumosError } from '../../../core/errors.ts'
import { LEFT } from '../../../tasks/caller/delegation-failures.ts'
import type { Life } from './machine.ts'

/** How long one stays at most, and stays away, milliseconds. */
const VISIT_MS = 500

export class Reading {
  readonly id: string
  /** What was told, in order: by the process that runs now. */
  seen: DelegationEvent[] = []
  readonly #random: Random

  constructor({ random }: { readonly random: Random }, { id }: { readonly id: string }) {
    this.id = id
    this.#random = random
  }

  /**
   * Reads in visits, as long as the process lives. The numbers of events that were not on disk are
   * given anew after a loss of power, so that a reader begins again with every process.
   */
  attend(delegations: Delegations, life: Life): void {
    this.seen = []
    void this.#visits(delegations, life, this.seen)
  }

  async #visits(delegations: Delegations, { clock }: Life, seen: DelegationEvent[]): Promise<void> {
    for (;;) {
      const leaving = new AbortController()
      const disarm = clock.after(this.#random.next() * VISIT_MS, () =>
        leaving.abort(new LumosError('CANCELLED'))
      )
      try {
        const { signal } = leaving
        for await (const event of delegations.watch(this.id, { from: seen.length, signal })) {
          seen.push(event)
        }
      } catch (error) {
        // Pieces that were shown and not kept have given their numbers to others.
        if (LEFT.has(toLumosError(error).code)) seen.length = 0
      }
      disarm()
      if (seen.at(-1)?.type === 'result') return
      await clock.sleep(this.#random.next() * VISIT_MS)
    }
  }
}
