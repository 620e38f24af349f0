/** Counts what becomes of the peers that this node tries to reach. */
import type { CounterFamily } from '../../core/metrics.ts'
import type { Dial } from '../../discovery/peers/redial.ts'

export function measuredDial(dial: Dial, dials: CounterFamily): Dial {
  return async (target, signal) => {
    const outcome = await dial(target, signal)
    dials.of('error' in outcome ? outcome.error.code : 'success').value += 1
    return outcome
  }
}
