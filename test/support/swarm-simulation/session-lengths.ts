/** How long nodes stay, as Stutzbach and Rejaie measured it (routing-simulation/distributions.ts), for any mean. */
import type { Random } from '../../../core/random.ts'
import { sessionMs } from '../routing-simulation/distributions.ts'

/** The mean of a Weibull of scale 1 with k = 0.38, that of Debian's swarm: gamma(1 + 1/k). */
const MEAN_OF_UNIT = 3.853
/** Of sessions under way at any moment, long ones are as much more frequent as they are longer: candidates for one. */
const CANDIDATES = 32

export function sessionOfMeanMs(random: Random, meanMs: number): number {
  return sessionMs(random, meanMs / MEAN_OF_UNIT)
}

/** What is left of a session that is under way, of those of whom one in `meanMs` ends by the millisecond. */
export function residualSessionMs(random: Random, meanMs: number): number {
  const lengths = Array.from({ length: CANDIDATES }, () => sessionOfMeanMs(random, meanMs))
  let left = random.next() * lengths.reduce((sum, length) => sum + length, 0)
  const length = lengths.find((each) => (left -= each) < 0) ?? meanMs
  return random.next() * length
}
