/** What lies between simulated hosts: the Internet as others have measured it, or the loopback of one machine. */
import type { Random } from '../../../core/random.ts'
import { somewhere } from '../routing-simulation/distributions.ts'
import type { Place } from '../routing-simulation/distributions.ts'

export interface Conditions {
  readonly name: 'wide-area' | 'loopback'
  /** Round trips follow from two places (routing-simulation/distributions.ts, after Vivaldi's 1,740 hosts). */
  readonly place: (random: Random) => Place
  /** Part of all messages of which TCP loses a segment. */
  readonly loss: number
  /** Until TCP sends a lost segment again, beside a round trip. */
  readonly resendMs: number
  /** Upwards, from one host. */
  readonly bytesPerMs: number
  /** `undefined`: each host has processors of its own. */
  readonly sharedProcessors: number | undefined
  /** What a cut does: packets vanish, or sockets are closed and dials refused (as bench/swarm/cut.ts does it). */
  readonly cut: 'silent' | 'refused'
}

/**
 * Losses: in the FCC's "Measuring Broadband America" most customers lose less than 0.4 % at peak time
 * (its chart of packet loss); 0.4 % for all is the worse side of that. Resending: Linux waits 200 ms at
 * least (TCP_RTO_MIN) where RFC 6298 says a second. Upwards: 3 Mbit/s, the FCC's benchmark of broadband
 * of 2015 (25/3 Mbit/s).
 */
export const WIDE_AREA: Conditions = {
  name: 'wide-area',
  place: somewhere,
  loss: 0.004,
  resendMs: 200,
  bytesPerMs: 375,
  sharedProcessors: undefined,
  cut: 'silent'
}

/** A round trip of 0.1 ms, the smallest that loopback TCP takes between two busy processes here. */
const LOOPBACK_HEIGHT = 0.000_25

/** As `npm run swarm` has it: all nodes on one machine with two processors. */
export const LOOPBACK: Conditions = {
  name: 'loopback',
  place: () => ({ x: 0, y: 0, height: LOOPBACK_HEIGHT }),
  loss: 0,
  resendMs: 0,
  bytesPerMs: 100_000,
  sharedProcessors: 2,
  cut: 'refused'
}
