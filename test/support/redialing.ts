/** A redialer whose dials a test answers by hand, on a clock that it moves. */
import { LumosError } from '../../core/errors.ts'
import { silentLogger } from '../../core/logger.ts'
import { PeerBook } from '../../discovery/peers/peer-book.ts'
import { createRedialer } from '../../discovery/peers/redial.ts'
import type { Appetite, DialOutcome, DialTarget } from '../../discovery/peers/redial.ts'
import { ManualClock } from './manual-clock.ts'
import { seededRandom } from './random.ts'

const SELF = '12D3KooWMmmmm'
export const BEFORE = '12D3KooWAaaaa'
export interface Attempt extends DialTarget {
  readonly at: number
  readonly signal: AbortSignal
  answer(outcome: DialOutcome): Promise<void>
}

export function setup({ strangers = 8, lost = 12, seed = 1 } = {}) {
  const clock = new ManualClock()
  const random = seededRandom(seed)
  const connected = new Set<string>()
  const attempts: Attempt[] = []
  const limits: { -readonly [K in keyof Appetite]: number } = { strangers, lost }
  const book = new PeerBook({ clock, keep: (peer) => connected.has(peer) }, { self: SELF })
  const redialer = createRedialer(
    {
      clock,
      random,
      logger: silentLogger,
      book,
      isConnected: (peer) => connected.has(peer),
      appetite: () => ({
        strangers: limits.strangers - connected.size,
        lost: limits.lost - connected.size
      }),
      dial: (target, signal) => {
        const { promise, resolve } = Promise.withResolvers<DialOutcome>()
        signal.addEventListener('abort', () => resolve(unreachable()))
        attempts.push({
          ...target,
          signal,
          at: clock.now(),
          async answer(outcome) {
            resolve(outcome)
            await clock.advance(0)
          }
        })
        return promise
      }
    },
    { self: SELF }
  )
  function open(peer: string): void {
    connected.add(peer)
    redialer.opened(peer)
  }
  function close(peer: string, how: 'released' | 'lost' = 'lost'): void {
    connected.delete(peer)
    redialer.closed(peer, how)
  }
  return { attempts, book, clock, close, limits, open, redialer }
}

export function hint(peer: string, foundBy: 'exchange' | 'same-host' | 'remembered' = 'exchange') {
  return {
    peer,
    addresses: [`/ip4/10.0.0.1/tcp/${4000 + peer.charCodeAt(peer.length - 1)}`],
    foundBy
  }
}

export function unreachable(peer = BEFORE): DialOutcome {
  const address = hint(peer).addresses[0] ?? ''
  const error = new LumosError('PEER_UNREACHABLE', { details: { peer } })
  return { error, failures: [{ address, reason: 'connection refused' }] }
}

export function refused(): DialOutcome {
  return { error: new LumosError('OTHER_SWARM', { details: { peer: BEFORE } }), failures: [] }
}
