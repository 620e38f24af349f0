/** How far peers are from each other, how long they work and how long they live: shapes that others have measured. */
import type { Random } from '../../../core/random.ts'

/**
 * Spread of the time one server takes for equal requests. Dean and Barroso, "The Tail at Scale", CACM
 * 2013, table 1: 1 ms at the median, 5 ms at the 95th and 10 ms at the 99th percentile of one leaf. A
 * log-normal with ln(10) / 2.326 has all three.
 */
const SERVICE_SIGMA = Math.log(10) / 2.326

/**
 * Lengths of sessions. Stutzbach and Rejaie, "Understanding Churn in Peer-to-Peer Networks", IMC 2006:
 * Weibull, k = 0.38 and lambda = 42.4 minutes (Debian's swarm).
 */
const SESSION_SHAPE = 0.38
const SESSION_SCALE_MS = 42.4 * 60_000

/**
 * Round trips. Dabek et al., "Vivaldi", SIGCOMM 2004: hosts of the Internet fit a plane with heights;
 * the median of the 1,740 hosts they measured is 159 ms.
 */
const MEDIAN_RTT_MS = 159
/** The median of plane distance and two heights below, which is scaled to `MEDIAN_RTT_MS`. */
const MEDIAN_UNSCALED = 0.8

/** Part of a round trip by which a message may be late: one way through a queue on its way. */
const JITTER = 0.1

/** Milliseconds, with `medianMs` in the middle and ten times that at the 99th percentile. */
export function serviceMs(random: Random, medianMs: number): number {
  return medianMs * Math.exp(SERVICE_SIGMA * normal(random))
}

/** Milliseconds; most are short, a few very long. */
export function sessionMs(random: Random, scaleMs = SESSION_SCALE_MS): number {
  return scaleMs * (-Math.log(1 - random.next())) ** (1 / SESSION_SHAPE)
}

export function exponentialMs(random: Random, meanMs: number): number {
  return -Math.log(1 - random.next()) * meanMs
}

/** Where a host is: on a plane, and how far from it, as an access link adds to every way. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly height: number
}

export function somewhere(random: Random): Place {
  return { x: random.next(), y: random.next(), height: -Math.log(1 - random.next()) * 0.15 }
}

export function roundTripMs(a: Place, b: Place): number {
  const distance = Math.hypot(a.x - b.x, a.y - b.y) + a.height + b.height
  return (distance / MEDIAN_UNSCALED) * MEDIAN_RTT_MS
}

/** One way of a message. */
export function oneWayMs(random: Random, rttMs: number): number {
  return (rttMs / 2) * (1 + random.next() * JITTER)
}

/** Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}
