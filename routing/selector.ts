/** Whom the router asks next, and what it learns of those it asked: the part that can be compared with simpler ones. */
import type { StreamResponse } from '../core/a2a.ts'
import type { PeerIdText } from '../core/ids.ts'
import type { LumosError } from '../core/errors.ts'
import type { Random } from '../core/random.ts'
import { choose } from './choice.ts'
import type { RouteProvider } from './directory-port.ts'
import type { Workers } from './workers.ts'

/** An agent of a peer. */
export type WorkerKey = Pick<RouteProvider, 'peer' | 'agentId'>

/** One task at one worker, as it is seen from here. */
export interface Call {
  heard(update: StreamResponse): void
  failed(error: LumosError): void
  /** Nobody listens any more, whatever came of it; after `heard` and `failed`, too. */
  closed(): void
}

export interface Selector {
  choose(candidates: readonly RouteProvider[]): RouteProvider | undefined
  /** A task leaves for `worker` now. */
  begin(worker: WorkerKey): Call
}

export interface SelectorComponents {
  readonly workers: Pick<Workers, 'rttMs'>
  readonly random: Random
}

export function createSelector({ workers, random }: SelectorComponents): Selector {
  const inFlight = new Map<PeerIdText, number>()

  return {
    choose: (candidates) =>
      choose(
        candidates,
        (peer) => ({ rttMs: workers.rttMs(peer), inFlight: inFlight.get(peer) ?? 0 }),
        random
      ),
    begin({ peer }) {
      inFlight.set(peer, (inFlight.get(peer) ?? 0) + 1)
      return {
        heard() {},
        failed() {},
        closed() {
          const rest = (inFlight.get(peer) ?? 1) - 1
          if (rest === 0) inFlight.delete(peer)
          else inFlight.set(peer, rest)
        }
      }
    }
  }
}
