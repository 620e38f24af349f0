/** How long a peer is left in peace before the next repair with it. */
import { halfJitter } from '../../core/backoff.ts'
import type { Clock } from '../../core/clock.ts'
import type { LumosError } from '../../core/errors.ts'
import type { PeerIdText } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Random } from '../../core/random.ts'
import { RecentMap } from '../../core/recent-map.ts'
import type { Blame } from '../../trust/blame.ts'

export interface RepairRestsComponents {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly random: Random
  readonly blame: Blame
}

export interface RepairRests {
  /** Milliseconds until a repair called `name` may begin with `peer`; 0 or less: at once. */
  waitOf(name: string, peer: PeerIdText): number
  succeeded(name: string): void
  failed(name: string, peer: PeerIdText, error: LumosError): void
  /** The peer has shown that it knows the space; false when it did not rest for that. */
  met(name: string): boolean
}

const REST = { first: 1000, most: 60_000 }
/** Who does not know the space, or no shared memory at all: it asks by itself when that has changed. */
const STRANGER_REST_MS = 300_000
/** From so many points on a peer is not repaired with until some have faded. */
const UNTRUSTED_POINTS = 3
const UNTRUSTED_REST_MS = 10_000

/** What a peer can be blamed for that breaks a repair. */
const OFFENCES: ReadonlySet<string> = new Set(['RECORD_INVALID', 'SPACE_INVALID', 'REPAIR_REFUSED'])
const STRANGERS: ReadonlySet<string> = new Set(['UNKNOWN_METHOD', 'SPACE_UNKNOWN'])

interface Rest {
  readonly failures: number
  readonly isStranger: boolean
  /** Monotonic milliseconds. */
  readonly until: number
}

export function createRepairRests({ clock, random, blame }: RepairRestsComponents): RepairRests {
  const rests = new RecentMap<string, Rest>(LIMITS.memoryRests.value)

  function restFor(failures: number, { code }: LumosError): number {
    if (STRANGERS.has(code)) return STRANGER_REST_MS
    return halfJitter(random, failures, REST)
  }

  return {
    waitOf(name, peer) {
      if (blame.points(peer) >= UNTRUSTED_POINTS) return UNTRUSTED_REST_MS
      return (rests.get(name)?.until ?? -Infinity) - clock.monotonic()
    },
    succeeded: (name) => void rests.delete(name),
    failed(name, peer, error) {
      if (OFFENCES.has(error.code)) blame.add(peer, 1)
      const { failures = 0 } = rests.get(name) ?? {}
      const until = clock.monotonic() + restFor(failures, error)
      rests.set(name, { failures: failures + 1, isStranger: STRANGERS.has(error.code), until })
    },
    met: (name) => rests.get(name)?.isStranger === true && rests.delete(name)
  }
}
